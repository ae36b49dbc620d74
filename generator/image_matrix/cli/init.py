"""``init``: a working repository in a new or an empty folder."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.session import Session, note, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.project.init import RepositorySettings


@click.command()
@click.option(
    "--generator",
    metavar="REQUIREMENT",
    help="What the jobs on GitHub install.  [default: the commit or the checkout below DIR that this program is from]",
)
@click.option("--no-workflow", is_flag=True, help="Write no workflow for GitHub.")
@click.option(
    "--inside", is_flag=True, help="Take a DIR that belongs to another project; what is there stays as it is."
)
@click.argument("folder", metavar="DIR")
@click.pass_obj
def init(session: Session, generator: str | None, no_workflow: bool, inside: bool, folder: str) -> int:
    """Make a working repository in DIR.

    It has a matrix of three images, the templates, a pre-commit config, a README and the rendered tree: Dockerfiles
    and GitHub workflows.

    Nothing that is there is overwritten: DIR may hold a README, a licence or a .git folder, but not another matrix.
    """
    from image_matrix.project.init import create, new_repository, refuse_place

    if generator is not None and no_workflow:
        raise click.UsageError("--generator and --no-workflow exclude each other")
    target = session.root / folder
    settings = _settings(target, generator, no_workflow=no_workflow)
    repository = new_repository(settings)
    if not inside:
        refuse_place(target, repository)
    written, kept = create(target, repository)
    for path in kept:
        say(session, f"kept {path}")
    for path in written:
        say(session, f"wrote {path}", level=1)
    say(session, f"{len(written)} files in {target}")
    _say_what_is_next(session, target, settings)
    return 0


def _settings(target: Path, generator: str | None, *, no_workflow: bool) -> RepositorySettings:
    from image_matrix.project.init import RepositorySettings, is_generator
    from image_matrix.project.origin import registry_for

    if generator is not None and not is_generator(generator):
        raise click.BadParameter(f"`{generator}` is no generator; {EXAMPLES}", param_hint="--generator")
    named = None if no_workflow else generator or _found_out(target)
    return RepositorySettings(named, registry_for(target, _git))


EXAMPLES = (
    "name a commit, `image-matrix[locked] @ git+https://github.com/OWNER/NAME@COMMIT` with its 40 digits, "
    "a path in the new repository, `./vendor/image-matrix[locked]`, or a version on a package index of your own, "
    "`image-matrix[locked]==VERSION`"
)


def _found_out(target: Path) -> str:
    """Return what this program can say of where it comes from; raises :class:`CallError` where that is not known."""
    from image_matrix.errors import CallError
    from image_matrix.project.init import is_generator
    from image_matrix.project.origin import Unknown, generator_for

    answer = generator_for(target, _git)
    if isinstance(answer, Unknown) or not is_generator(answer):
        reason = answer.reason if isinstance(answer, Unknown) else f"`{answer}` cannot stand in a workflow"
        advice = f"with `--generator REQUIREMENT`, {EXAMPLES}; without GitHub, add `--no-workflow`"
        raise CallError(f"what shall the jobs on GitHub install? {reason}", advice)
    return answer


def _git(folder: Path, arguments: Sequence[str]) -> str | None:
    """Ask git; ``None`` where it is not there or has no answer."""
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.git import run_git

    try:
        answer = run_git(folder, *arguments)
    except EnvironmentFailure:
        return None
    return answer.stdout.decode(errors="replace").strip() if answer.returncode == 0 else None


def _say_what_is_next(session: Session, target: Path, settings: RepositorySettings) -> None:
    """Name the commands that follow, in their order, as they can be typed."""
    top = _git(target, ("rev-parse", "--show-toplevel"))
    if top is not None and settings.generator and Path(top).resolve() != target.resolve():
        note(session, f"GitHub runs no workflow below the top of a repository, which is {top}")
    where = Path(os.path.normpath(target))
    lines = (
        *(() if where == Path() else (f"cd {shlex.quote(str(where))}",)),
        *(() if top else ("git init",)),
        *(
            ()
            if settings.registry
            else ("# set `registry:` in matrix.yaml to where your images are pushed to",)
        ),
        "image-matrix lock",
        "image-matrix render",
        "git add --all && git commit --message 'Notebook images'",
        "image-matrix build jupyter",
        "image-matrix verify jupyter",
    )
    say(session, "next:")
    for line in lines:
        say(session, f"    {line}")
