"""Says how to come back to a lock that is broken or gone: git has it, and a new one would move every version."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.printing import note
from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics import catalogue as rules
from image_matrix.errors import EnvironmentFailure
from image_matrix.project.unchanged import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import Diagnostic


@contextmanager
def naming_what_restores(root: Path) -> Iterator[None]:
    """Give errors of the lock on the disk the command of git that restores it."""
    try:
        yield
    except MatrixError as error:
        is_folder = (root / LOCK).is_dir()
        lost = {one for one in error.diagnostics if one.place.file == LOCK and (is_folder or _is_lost(one))}
        if not lost:
            raise
        from image_matrix.project.lock_history import remedy, remedy_of_folder

        advice = remedy_of_folder(root) if is_folder else remedy(root)
        advised = [replace(one, help=advice) if one in lost else one for one in error.diagnostics]
        raise MatrixError(advised) from error


def _is_lost(item: Diagnostic) -> bool:
    """Say whether a lock cannot be mended by hand: it is no lock, or a merge has left both sides in it."""
    from image_matrix.config.yaml_syntax import FROM_A_MERGE

    both_sides = item.code == rules.YAML_SYNTAX.code and FROM_A_MERGE.match(item.place.source or "")
    return bool(both_sides) or item.code in (rules.BAD_LOCK.code, rules.DUPLICATE_KEY.code)


def note_deleted(session: Session) -> bool:
    """Print a note if there is no lock, but the last commit has one; say whether it is so."""
    if not _is_deleted(session.root):
        return False
    from image_matrix.project.lock_history import AT_THE_NEWEST, restoring_command

    command = restoring_command(session.root)
    if command is None:
        return False
    note(session, f"{LOCK} is gone: `{command}` restores it; without it, `image-matrix lock` {AT_THE_NEWEST}")
    return True


def _is_deleted(root: Path) -> bool:
    """Say whether the last commit has a lock that the disk does not have; one that a commit deleted is not missed."""
    if (root / LOCK).exists():
        return False
    from image_matrix.git import run_git

    try:
        return run_git(root, "rev-parse", "--verify", "--quiet", f"HEAD:./{LOCK}").returncode == 0
    except EnvironmentFailure:
        return False
