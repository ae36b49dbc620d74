"""``ci ask-apt``, ``lock``: the jobs that refresh the lock, up to its pull request.

They are two jobs. The one that asks logs in to the registry that images are pushed to. The other one runs builds of
source distributions, which are code of others, and takes the answers from a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import say
from image_matrix.cli.project import open_project
from image_matrix.errors import naming
from image_matrix.github.files import OUTPUT, append

if TYPE_CHECKING:
    from collections.abc import Collection

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.lock.apt_updates import AptFindings

UNREACHABLE = 3
"""Exit code of `lock` if everything is locked that can be reached."""
FILE = click.Path(dir_okay=False, path_type=Path)
NAMES = click.option(
    "--names", envvar="IMAGE_MATRIX_NAMES", default="", help="What to update: NAME …; default: all."
)


@click.command("ask-apt")
@NAMES
@click.argument("file", type=FILE)
@click.pass_obj
def ci_ask_apt(session: Session, names: str, file: Path) -> int:
    """Ask apt in released images, as `lock --upgrade` does, and write the answers to FILE for `ci lock`.

    Images that cannot be asked are no failure here: FILE has the reasons.
    """
    from datetime import UTC, datetime

    from image_matrix.cli.apt_updates import ask_released
    from image_matrix.lock.apt_answers import AptAnswers, written
    from image_matrix.lock.apt_moments import sources_to_ask, start_of

    project = open_project(session)
    sources = sources_to_ask(project.loaded, _upgraded(names))
    findings = ask_released(session, project, sources, start_of(datetime.now(UTC).date()))
    for failure in findings.failures:
        say(session, failure)
    with naming(file):
        file.write_bytes(written(AptAnswers(frozenset(sources), findings)))
    return 0


@click.command("lock")
@NAMES
@click.option(
    "--apt-answers",
    "file",
    metavar="FILE",
    type=FILE,
    required=True,
    help="What `ci ask-apt` wrote; without the file, apt counts as not asked.",
)
@click.pass_obj
def ci_lock(session: Session, names: str, file: Path) -> int:
    """Update the lock, as `lock --upgrade`, without asking apt.

    Something that cannot be reached fails only if nothing else is there to propose. Otherwise it becomes an output of
    the step, for the pull request.
    """
    from image_matrix.cli.lock import write_lock
    from image_matrix.github.lock_pull_request import handed_on
    from image_matrix.lock.apt_answers import answered
    from image_matrix.lock.apt_report import apt_lines

    content = _content(file)  # before code of packages runs

    def ask(_: Session, project: Project, sources: Collection[str], __: str) -> AptFindings:
        return answered(content, sources, project.loaded.variants)

    code, outcome = write_lock(session, _upgraded(names), ask)
    if updates := apt_lines(outcome.apt):
        append(OUTPUT, f"apt_updates={handed_on(updates)}\n")
    if code != UNREACHABLE:
        return code
    append(OUTPUT, f"unreachable={handed_on(outcome.failures)}\n")
    click.echo(
        f"::warning title=Lock::{len(outcome.failures)} not locked: the log and the pull request say what"
    )
    return 0


def _upgraded(names: str) -> tuple[str, ...]:
    from image_matrix.lock.resolver_api import ALL

    return tuple(names.split()) or ALL


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
