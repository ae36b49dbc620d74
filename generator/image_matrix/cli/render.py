"""``render``: writes the outputs that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import paint, report, say, warn
from image_matrix.cli.project import (
    floating,
    note_floating,
    note_overlays,
    open_with_warnings,
    refuse_contradictions,
    render_project,
    template_warnings,
    violations_of,
    workflow_settings,
)

if TYPE_CHECKING:
    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.output_tree.tree import Change, Difference


@click.command()
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.pass_obj
def render(session: Session, force: bool) -> int:
    """Write Dockerfiles, build definition, workflows and pages.

    Writes only files that differ, and removes files that are no longer rendered. To see the changes as a diff without
    writing them, use `image-matrix check`.
    """
    from image_matrix.output_tree.tree import apply

    project = open_with_warnings(session)
    refuse_contradictions(project)
    workflow_settings(project)
    # only `check` and what builds refuse what is against a policy: a run renders for the author before they do
    warn(session, [replace(item, severity="warning") for item in violations_of(project)])
    warn(session, template_warnings(project))
    note_overlays(session)
    note_floating(session, floating(project))
    difference = compared(session, project)
    if difference.edited and not force:
        report_edited(difference)
        return 1
    apply(session.root, difference)
    outputs = difference.outputs
    listed = [change for change in outputs if not change.only_line_ends]
    for change in listed:
        say(session, f"{paint(change.kind, change.kind)} {change.path}", level=0 if len(listed) < 50 else 1)
    if len(listed) < len(outputs):
        say(session, f"{paint('change', 'change')} {line_ends(len(outputs) - len(listed))}")
    removed = sum(change.kind == "remove" for change in outputs)
    say(session, summary(len(outputs) - removed, len(difference.rendered), removed))
    return 0


def line_ends(count: int) -> str:
    """Return a message about the files in which only the line ends differ."""
    return f"{count} file{'s' if count > 1 else ''}: only line ends differ (CRLF in place of LF)"


def compared(session: Session, project: Project) -> Difference:
    """Compare the rendered files with the disk. Generated files that git has merged do not count as edited."""
    from image_matrix.output_tree.tree import compare

    difference = compare(session.root, render_project(project))
    if not difference.edited:
        return difference
    from image_matrix.output_tree.merge_detection import ignore_merge_results

    return ignore_merge_results(session.root, difference)


def summary(changed: int, total: int, removed: int = 0) -> str:
    """Return the last line of output: how many of the rendered files changed, and how many others were removed."""
    if changed or removed:
        return f"{changed} of {total} files changed{f', {removed} removed' if removed else ''}"
    return f"{total} files, all up to date"


def report_edited(difference: Difference) -> None:
    """Report the files whose edits `render` would overwrite."""
    report(edits(difference))


def edits(difference: Difference) -> list[Diagnostic]:
    """Return a diagnostic for each file whose edits `render` would overwrite."""
    return [_edited(change) for change in difference.edited]


def _edited(change: Change) -> Diagnostic:
    from image_matrix.diagnostics import Place, diagnostic
    from image_matrix.diagnostics import catalogue as rules

    fate = "remove" if change.kind == "remove" else "overwrite"
    if change.unknown_line is None:
        problem = "this file was edited by hand, or was not generated"
        return diagnostic(rules.EDITED_BY_HAND, Place(change.path, 0, 0), problem=problem, fate=fate)
    source = (change.before or b"").decode("utf-8", "replace").split("\n")[change.unknown_line - 1]
    place = Place(change.path, change.unknown_line, 1, max(1, len(source)), source)
    problem = "neither side of the merge has this line"
    return diagnostic(rules.EDITED_BY_HAND, place, problem=problem, fate=fate)
