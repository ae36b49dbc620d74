"""``render``: write every output, touching only what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generator.cli.session import Session, note_floating, open_project, paint, render_project, report, say

if TYPE_CHECKING:
    from generator.tree import Difference


@click.command()
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.pass_obj
def render(session: Session, force: bool) -> int:
    """Write Dockerfiles, build definition, workflows and pages."""
    from generator.tree import apply, compare

    project = open_project(session)
    note_floating(session, project)
    difference = compare(session.root, render_project(project))
    if difference.edited and not force:
        report_edited(difference)
        return 1
    apply(session.root, difference)
    outputs = difference.outputs
    for change in outputs:
        say(session, f"{paint(change.kind, change.kind)} {change.path}", level=0 if len(outputs) < 50 else 1)
    say(session, summary(len(outputs), len(difference.rendered)))
    return 0


def summary(changed: int, total: int) -> str:
    """Return the last line: how many files of how many were written."""
    return f"{changed} of {total} files changed" if changed else f"{total} files, all up to date"


def report_edited(difference: Difference) -> None:
    """Report the files whose edits rendering would lose."""
    from generator.diagnostics import Place, diagnostic
    from generator.diagnostics import catalogue as rules

    words = {"remove": "removed"}
    report(
        [
            diagnostic(
                rules.EDITED_BY_HAND, Place(change.path, 0, 0), what=words.get(change.kind, "overwritten")
            )
            for change in difference.edited
        ]
    )
