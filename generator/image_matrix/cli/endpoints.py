"""``endpoints``: lists the hosts that the lock, builds, scans, signatures, releases and runs reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from image_matrix.cli.printing import note
from image_matrix.cli.project import open_project
from image_matrix.endpoints.model import STEPS, Step

if TYPE_CHECKING:
    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import Path
    from image_matrix.endpoints.model import Endpoints

FORMATS = ("text", "json", "networkpolicy", "cilium", "squid")


def _steps(_: click.Context, parameter: click.Parameter, value: str | None) -> tuple[Step, ...]:
    """Read a list with commas; raises :class:`click.BadParameter` for a word that is no step."""
    if value is None:
        return STEPS
    named = [word.strip() for word in value.split(",") if word.strip()]
    unknown = [word for word in named if word not in get_args(Step)]
    if unknown or not named:
        problem = f"`{unknown[0]}` is not one of them" if unknown else "it is empty"
        raise click.BadParameter(f"{problem}; choose from {', '.join(STEPS)}", param=parameter)
    return tuple(step for step in STEPS if step in named)


@click.command()
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Output format: `networkpolicy` is Kubernetes' own, which knows ports but no names; `cilium` has the names.",
)
@click.option(
    "--for",
    "steps",
    metavar="STEP[,STEP]...",
    callback=_steps,
    help=f"Only what these need: {', '.join(STEPS)}.",
)
@click.pass_obj
def endpoints(session: Session, format_: str, steps: tuple[Step, ...]) -> int:
    """List the hosts that are reached, and why.

    For who opens a firewall: every host that the lock, builds, scans, signatures, releases, runs on GitHub Actions and
    nodes of a cluster reach. What a mirror replaces is left out. Asks nobody: what the matrix does not say,
    `image-matrix lock` has noted.
    """
    from image_matrix.endpoints.needed import needed_endpoints
    from image_matrix.project.inputs import custom_templates

    project = open_project(session)
    custom = custom_templates(session.root, project.inputs.templates)
    needed = needed_endpoints(project.loaded, project.lock, custom).for_steps(steps)
    if project.inputs.lock is None:
        note(session, "there is no lock, so much is not known; `image-matrix lock` finds it out")
    elif needed.unknown and format_ not in ("text", "json"):
        note(session, f"{len(needed.unknown)} not known; `--format text` says what, and what finds it out")
    click.echo(_output(project, needed, format_, session.verbosity), nl=False)
    return 0


def _output(project: Project, needed: Endpoints, format_: str, verbosity: int) -> str:
    from image_matrix.cli.terminal import terminal_width, wrapped
    from image_matrix.endpoints.as_text import SHOWN, as_json, as_text
    from image_matrix.endpoints.policies import as_cilium, as_network_policy, as_squid

    def place(path: Path) -> str:
        where = project.loaded.documents.place(path)
        return f"{where.file}:{where.line}"

    match format_:
        case "json":
            return as_json(needed, place)
        case "networkpolicy":
            return as_network_policy(needed)
        case "cilium":
            return as_cilium(needed)
        case "squid":
            return as_squid(needed)
        case _:
            return wrapped(as_text(needed, place, None if verbosity > 0 else SHOWN), terminal_width())
