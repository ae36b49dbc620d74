"""Finds the commit that somebody names: by a branch, a tag, or as git-rev-parse(1) lets it be written."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.git import command_in, run_git
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = re.compile(r"(?![0-9a-f]{7,40}$)(?!HEAD$)[A-Za-z0-9_][\w.-]*(/[\w.-]+)*", re.ASCII)
"""Names that are those of branches or tags, and no commits; a shell takes them as they are."""


def revision_named(root: Path, name: str, option: str) -> tuple[str, str]:
    """Return a revision and its commit; a branch that only ``origin`` has is known, as `git switch` knows it.

    ``option`` is the option or command that named it. Raises :class:`CallError` for an unknown name, and
    :class:`EnvironmentFailure` if git fails.
    """
    if name.startswith("-"):
        raise CallError(f"`{name}` is not a revision", "name a branch, tag or commit, such as HEAD~1")
    if commit := commit_of(root, name):
        return name, commit
    if commit := branch_of_origin(root, name):
        return f"origin/{name}", commit
    need_repository(root, f"{option} needs one to compare with")
    if run_git(root, "rev-list", "--max-count=1", "--all").stdout == b"":
        raise CallError("nothing is committed yet, so there is nothing to compare with", "commit first")
    if ".." in name:
        raise _range_error(name, option)
    raise CallError(f"the revision `{name}` does not exist", "; ".join(_remedies(root, name)))


def _range_error(name: str, option: str) -> CallError:
    """Return what is said of ``main..topic``; no branch has two dots in its name (git-check-ref-format(1))."""
    ends = [end or "HEAD" for end in re.split(r"\.{2,3}", name, maxsplit=1)]
    write = (
        shlex.join(["image-matrix", option, *ends])
        if option == "diff"
        else f"{option} {shlex.quote(ends[0])}"
    )
    return CallError(f"`{name}` is a range, and no revision", f"write `{write}`")


def commit_of(root: Path, revision: str) -> str | None:
    """Return the commit of a revision; ``None`` if git does not know it, or this is no repository of git."""
    known = run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return known.stdout.decode(errors="replace").strip() if known.returncode == 0 else None


def branch_of_origin(root: Path, name: str) -> str | None:
    """Return the commit of a branch as ``origin`` had it; ``None`` if it is not known to have one of that name."""
    return None if name.startswith(("HEAD", "@")) else commit_of(root, f"origin/{name}")


def fetch_of(remote: str, branch: str) -> str:
    """Return the command that brings a branch of a remote, also into a clone of one branch alone."""
    return f"git fetch {remote} {branch}:refs/remotes/{remote}/{branch}"


def _remedies(root: Path, name: str) -> list[str]:
    """Return what may bring a revision that the clone does not have."""
    remedies = ["check the name"]
    branch = name.removeprefix("origin/")
    if run_git(root, "remote", "get-url", "origin").returncode:
        return [*remedies, "`git branch --all`, `git tag` and `git log` show what there is"]
    if _PLAIN.fullmatch(branch):
        remedies.append(f"`{fetch_of('origin', branch)}` brings a branch, and `git fetch --tags` the tags")
    if run_git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        remedies.append("`git fetch --unshallow` brings all older commits")
    return remedies if len(remedies) > 1 else [*remedies, "`git fetch` brings new commits"]


def need_repository(root: Path, need: str) -> None:
    """Raise :class:`CallError` outside of a repository of git; ``need`` says what it is needed for."""
    answer = run_git(root, "rev-parse", "--is-inside-work-tree")
    if answer.returncode == 0:
        return
    if b"not a git repository" in answer.stderr:
        raise CallError("this is not a git repository", need)
    command = command_in(answer.stderr)
    raise EnvironmentFailure(failed("git failed", answer.stderr), f"run `{command}`" if command else need)
