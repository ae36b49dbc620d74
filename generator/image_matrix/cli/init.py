"""``init``: creates a working repository in a new or an empty folder."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import note, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.cli.session import Session
    from image_matrix.project.init import RepositorySettings


@click.command()
@click.option(
    "--generator",
    metavar="REQUIREMENT",
    help="What the jobs on GitHub install.  [default: the commit, or the checkout below DIR, of this program]",
)
@click.option("--no-workflow", is_flag=True, help="Do not write a workflow for GitHub.")
@click.option("--inside", is_flag=True, help="Use a DIR that belongs to another project; its files are kept.")
@click.argument("folder", metavar="DIR")
@click.pass_obj
def init(session: Session, generator: str | None, no_workflow: bool, inside: bool, folder: str) -> int:
    """Create a working repository in DIR.

    It has a matrix of three images, the templates, a pre-commit config, a README and the rendered tree: Dockerfiles
    and GitHub workflows.

    Existing files are kept: DIR may have a README, a licence or a .git folder, but not another matrix.
    """
    from image_matrix.project.init import create, new_repository, refuse_place

    if generator is not None and no_workflow:
        raise click.UsageError("--generator and --no-workflow exclude each other")
    target = session.root / folder
    settings = _settings(target, generator, no_workflow=no_workflow)
    repository = new_repository(settings)
    if not inside:
        refuse_place(target, repository, settings.generator)
    written, kept = create(target, repository)
    for path in kept:
        say(session, f"kept {path}")
    for path in written:
        say(session, f"wrote {path}", level=1)
    say(session, f"{len(written)} files in {target}")
    _print_next_steps(session, target, settings)
    return 0


def _settings(target: Path, generator: str | None, *, no_workflow: bool) -> RepositorySettings:
    from image_matrix.project.init import RepositorySettings, is_generator
    from image_matrix.project.origin import address_of, branch_for, registry_for, runs_github_actions

    if generator is not None and not is_generator(generator):
        raise click.BadParameter(
            f"`{generator}` is not a valid generator; {EXAMPLES}", param_hint="--generator"
        )
    if generator is not None and "/OWNER/NAME" in generator:
        raise click.BadParameter(
            "OWNER/NAME stands for the repository that image-matrix is in", param_hint="--generator"
        )
    address = address_of(target, _git)
    elsewhere = address is not None and not runs_github_actions(address)
    requirement = generator or (None if no_workflow or elsewhere else _installed_from(target))
    registry = registry_for(address) if address else None
    return RepositorySettings(requirement, registry, branch_for(target, _git), address)


EXAMPLES = (
    "name a commit, `image-matrix[locked] @ git+https://github.com/OWNER/NAME@COMMIT` with its 40 digits, "
    "a path in the new repository, `./vendor/image-matrix[locked]`, or a version on a package index of your own, "
    "`image-matrix[locked]==VERSION`"
)


def _installed_from(target: Path) -> str:
    """Return the requirement that this program was installed from; raises :class:`CallError` if it is unknown."""
    from image_matrix.errors import CallError
    from image_matrix.project.init import is_generator
    from image_matrix.project.origin import Unknown, generator_for

    answer = generator_for(target, _git)
    if isinstance(answer, Unknown) or not is_generator(answer):
        reason = answer.reason if isinstance(answer, Unknown) else f"`{answer}` is not valid in a workflow"
        advice = f"with `--generator REQUIREMENT`, {EXAMPLES}; without GitHub, add `--no-workflow`"
        raise CallError(f"it is unknown what the jobs on GitHub install: {reason}", advice)
    return answer


def _git(folder: Path, arguments: Sequence[str]) -> str | None:
    """Run git and return its output, or ``None`` if it is missing or fails."""
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.git import run_git

    try:
        answer = run_git(folder, *arguments)
    except EnvironmentFailure:
        return None
    return answer.stdout.decode(errors="replace").strip() if answer.returncode == 0 else None


def _print_next_steps(session: Session, target: Path, settings: RepositorySettings) -> None:
    """Print the next commands in their order, as users can type them."""
    from image_matrix.project.origin import remote_name, runs_github_actions

    top = _git(target, ("rev-parse", "--show-toplevel"))
    if settings.address and not settings.generator and not runs_github_actions(settings.address):
        note(
            session, f"{settings.address} is not on GitHub, so there is no workflow; `--generator` writes one"
        )
    if top is not None and settings.generator and Path(top).resolve() != target.resolve():
        note(session, f"GitHub only runs workflows at the top of a repository, which is {top}")
    _note_missing_generator(session, target, settings.generator or "")
    folder = Path(os.path.normpath(target))
    lines = (
        *(() if folder == Path() else (f"cd {shlex.quote(str(folder))}",)),
        *(() if top else ("git init --initial-branch main",)),
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
        *((f"git push --set-upstream {remote_name(target, _git)} HEAD",) if settings.address else ()),
    )
    say(session, "next:")
    for line in lines:
        say(session, f"    {line}")


def _note_missing_generator(session: Session, target: Path, generator: str) -> None:
    """Say that a path in the new repository, which its jobs install, is not there yet."""
    path = generator.partition("[")[0]
    if path.startswith("./") and not (target / path).exists():
        note(session, f"the jobs on GitHub install {path}, which is not in {target} yet: put it there first")
