"""``plan`` and ``why``: print what will be built, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import say
from image_matrix.cli.project import Project, open_locked, render_builds
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.cli.session import Session
    from image_matrix.planning.plan import Plan, PlanEntry, Presence, State


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option("--since", metavar="REV", help="List variants whose inputs changed since a git revision.")
@click.option("--registry", is_flag=True, help="List variants that are missing from the registry.")
@click.option(
    "--staging",
    is_flag=True,
    envvar="IMAGE_MATRIX_STAGING",
    help="With --registry: also look below the staging path.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "markdown", "github"]),
    default="table",
    show_default=True,
)
@click.pass_obj
def plan(
    session: Session, names: tuple[str, ...], since: str | None, registry: bool, staging: bool, format_: str
) -> int:
    """Print what will be built, and why.

    VARIANT is IMAGE or IMAGE:LABEL, as in `list`, with what it stands on; all by default.

    With --since, what has another key than at REV; with --registry, what the registry does not have; with both, what
    the registry does not have, with the reasons since REV. With neither, everything.
    """
    from image_matrix.config.variant_selectors import select
    from image_matrix.planning.plan import make_plan, part

    new = state_of(open_locked(session))
    chosen = select(new.loaded.variants, names)
    presence = _presence(session, new, staging=staging) if registry else None
    planned = part(make_plan(new, compared_with(session, new, since), presence), new, chosen)
    if since is None and not registry:
        say(session, "compared with nothing: --since REV or --registry leave out what is not needed")
    click.echo(formatted(planned, new, format_), nl=False)
    return 0


@click.command()
@click.argument("variant")
@click.option("--since", metavar="REV", help="Show what changed since a git revision.")
@click.pass_obj
def why(session: Session, variant: str, since: str | None) -> int:
    """Show the inputs of a variant's content key.

    VARIANT is IMAGE or IMAGE:LABEL, as `list` prints it. With --since, show which of them changed.
    """
    from image_matrix.cli.terminal import terminal_width, wrapped
    from image_matrix.config.variant_selectors import select

    new = state_of(open_locked(session))
    names = select(new.loaded.variants, (variant,))
    if since is None:
        from image_matrix.planning.why import describe_key

        everything = session.verbosity > 0
        text = "\n".join(describe_key(new, name, everything=everything) for name in names)
        click.echo(wrapped(text, terminal_width()), nl=False)
        return 0
    from image_matrix.planning.plan import make_plan
    from image_matrix.planning.report import by_variant

    entries = by_variant(make_plan(new, compared_with(session, new, since), None).entries)
    for name in names:
        click.echo(wrapped(f"{name}: {_whole(entries[name])}", terminal_width()))
    return 0


def _whole(entries: Sequence[PlanEntry]) -> str:
    from image_matrix.planning.report import by_architecture

    words = by_architecture({entry.platform: entry.whole_why for entry in entries if entry.build})
    return words or "unchanged"


def state_of(project: Project) -> State:
    """Render a project and compute its keys."""
    from image_matrix.planning.keys import compute_keys, dockerfile_inputs
    from image_matrix.planning.plan import State

    rendered = render_builds(project)
    inputs = dockerfile_inputs(project.loaded, project.pins)
    keys = compute_keys(project.loaded.variants, rendered, inputs, project.loaded.image_files)
    return State(project.loaded, project.pins, project.inputs.templates, rendered, keys)


def compared_with(session: Session, new: State, since: str | None) -> State | None:
    """Return the state at a revision that a plan compares with; ``None`` without a revision."""
    from image_matrix.planning.plan import empty

    return None if since is None else state_at(session, since) or empty(new)


def state_at(session: Session, revision: str, option: str = "--since") -> State | None:
    """Return the state at a revision; ``None``, with a message, if it has no valid matrix.

    ``option`` is the option that named the revision.
    """
    from image_matrix.cli.project import inputs_at, load_project
    from image_matrix.diagnostics import MatrixError

    try:
        inputs = inputs_at(session, revision, option)
        if inputs is not None:
            return state_of(load_project(inputs))
        say(session, f"{revision} has no {session.matrix}: everything counts as new")
    except MatrixError:
        say(session, f"the matrix at {revision} is not valid: everything counts as new")
    return None


def _presence(session: Session, new: State, *, staging: bool) -> Mapping[str, Presence]:
    from image_matrix.planning.registry_locations import presence_anywhere, registry_locations

    registry = registry_of(session, new.loaded)
    with span("ask the registry"):
        return presence_anywhere(
            registry_locations(new, staging=staging), registry, lambda text: say(session, text)
        )


def formatted(planned: Plan, new: State, format_: str) -> str:
    """Return a plan in one of the formats of ``--format``."""
    from image_matrix.planning import report as plan_report
    from image_matrix.planning.comment import markdown
    from image_matrix.render.docs.images_page import image_parents

    match format_:
        case "json":
            import json

            return json.dumps(plan_report.as_json(planned), indent=2, ensure_ascii=False) + "\n"
        case "markdown":
            return markdown(planned, image_parents(new.loaded.variants))
        case "github":
            return "".join(f"{name}={value}\n" for name, value in plan_report.outputs(planned).items())
        case _:
            return _table(planned)


def _table(planned: Plan) -> str:
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width
    from image_matrix.planning import report as plan_report

    rows = plan_report.rows(planned)
    gone = f"no longer in the matrix: {', '.join(planned.removed)}\n" if planned.removed else ""
    columns = 4 if any(why for *_, why in rows) else 3
    header = ("layer", "variant", "platforms", "why")[:columns]
    text = table(header, [row[:columns] for row in rows], terminal_width()) if rows else ""
    return f"{text}{gone}{plan_report.summary(planned)}\n"
