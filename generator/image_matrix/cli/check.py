"""``check``: checks the matrix, and compares the committed files with the rendered ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.failures import annotate
from image_matrix.cli.printing import paint, report, say, warn
from image_matrix.cli.project import (
    Project,
    load_project,
    note_floating,
    note_overlays,
    open_locked,
    refuse_contradictions,
    workflow_settings,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.output_tree.tree import Change


@click.command()
@click.option("--diff/--no-diff", default=True, help="Print what would change.  [default: diff]")
@click.option("--locked", is_flag=True, help="Fail if anything is not in the lock.")
@click.option(
    "--against", metavar="REV", envvar="IMAGE_MATRIX_AGAINST",
    help="Fail if a profile or choice that existed at REV has been removed: users may have it saved.",
)  # fmt: skip
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="json: print all problems as data, on stdout.",
)  # fmt: skip
@click.pass_obj
def check(session: Session, diff: bool, locked: bool, against: str | None, format_: str) -> int:
    """Check the matrix and that every output is up to date."""
    if format_ == "json":
        return _as_json(session, locked, against)
    project = open_locked(session)
    warn(session, _of_outputs(project))
    note_overlays(session)
    if not locked:
        note_floating(session, project)
    refused = _refused(session, project, locked, against)
    report(refused)
    return max(_compare(session, project, diff), 1 if refused else 0)


def _of_outputs(project: Project) -> list[Diagnostic]:
    """Return the warnings about outputs; raises :class:`MatrixError` if a workflow cannot be rendered."""
    from image_matrix.project.unused_templates import unused_templates

    return [*workflow_settings(project), *unused_templates(project.inputs.templates, project.loaded)]


def _refused(session: Session, project: Project, locked: bool, against: str | None) -> list[Diagnostic]:
    """Return what the options forbid: missing lock entries, and removed profiles and choices."""
    from image_matrix.cli.against import vanished_since

    floating = _floating(project) if locked else []
    return [*floating, *(vanished_since(session, project, against) if against is not None else [])]


def _floating(project: Project) -> list[Diagnostic]:
    """Return a diagnostic for everything that is not locked, and for sources that the lock does not fully know."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.lock.read import unlocked
    from image_matrix.lock.source_checks import unknown_sources

    floating = [item.finding() for item in unlocked(project.loaded, project.pins)]
    unknown = unknown_sources(project.loaded, project.lock.sources)
    return diagnose([*floating, *unknown], project.loaded.documents)


def _as_json(session: Session, locked: bool, against: str | None) -> int:
    """Print all problems as JSON; return the same exit code as for text."""
    from image_matrix.cli.render import compared, edits
    from image_matrix.diagnostics import MatrixError
    from image_matrix.project.inputs import read_inputs

    try:
        project = load_project(read_inputs(session.root, session.matrix, session.overlays))
        refuse_contradictions(project)
        settings = _of_outputs(project)
        difference = compared(session, project)
    except MatrixError as error:
        _print_json(False, error.diagnostics, None)
        return 2
    refused = [*_refused(session, project, locked, against), *edits(difference)]
    good = not refused and not difference.changes
    _print_json(
        good, [*project.loaded.warnings, *settings, *refused], difference.outputs or difference.changes
    )
    return 0 if good else 1


def _print_json(good: bool, diagnostics: Sequence[Diagnostic], outdated: Sequence[Change] | None) -> None:
    import json

    from image_matrix.diagnostics.report import as_data

    files = outdated if outdated is None else [_outdated(change) for change in outdated]
    data = {"ok": good, "diagnostics": [as_data(item) for item in diagnostics], "outdated": files}
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _outdated(change: Change) -> dict[str, str | bool]:
    return {"path": change.path, "change": change.kind, "edited": change.edited}


def _compare(session: Session, project: Project, diff: bool) -> int:
    """Print what rendering would change; return the exit code."""
    from image_matrix.cli.render import compared, line_ends, report_edited, summary

    difference = compared(session, project)
    if not difference.changes:
        say(session, summary(0, len(difference.rendered)))
        return 0
    changes = difference.outputs or difference.changes
    listed = [change for change in changes if not change.only_line_ends]
    for change in listed:
        click.echo(f"{change.kind} {change.path}")
    for change in listed if diff else ():
        click.echo(_diff(change), nl=False)
    if len(listed) < len(changes):
        click.echo(f"{line_ends(len(changes) - len(listed))}; `image-matrix render` repairs that")
    if difference.edited:
        report_edited(difference)
    remedy = f"run `image-matrix render{' --force' if difference.edited else ''}`"
    count = len(difference.outputs) or 1
    message = f"{count} generated file{'s are' if count > 1 else ' is'} out of date"
    say(session, f"{paint('error', 'error')}: {message}", level=-1)
    say(session, f"  {paint('help', 'help')}: {remedy} and commit what it changes", level=-1)
    annotate("out of date", f"{message}; {remedy}")
    return 1


def _diff(change: Change) -> str:
    """Return a unified diff, or one line if the texts are equal."""
    import difflib

    old = (change.before or b"").decode("utf-8", "replace").splitlines(keepends=True)
    new = (change.after.content if change.after else b"").decode("utf-8", "replace").splitlines(keepends=True)
    if old == new:
        return f"{change.path}: mode or line ends differ\n"
    before = "/dev/null" if change.before is None else f"a/{change.path}"
    after = "/dev/null" if change.after is None else f"b/{change.path}"
    lines = difflib.unified_diff(old, new, before, after)
    return "".join(_painted(line if line.endswith("\n") else f"{line}\n") for line in lines)


def _painted(line: str) -> str:
    role = {"+": "add", "-": "remove"}.get(line[:1], "")
    return paint(line, role) if role and line[:3] not in ("+++", "---") else line
