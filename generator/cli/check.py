"""``check``: whether what is committed is what would be rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generator.cli.session import (
    Project,
    Session,
    annotate,
    note_floating,
    open_project,
    paint,
    report,
    say,
)

if TYPE_CHECKING:
    from generator.tree import Change


@click.command()
@click.option("--diff/--no-diff", default=True, help="Print what would change.  [default: diff]")
@click.option("--locked", is_flag=True, help="Refuse what the lock says nothing about.")
@click.option(
    "--against", metavar="REV", envvar="IMAGE_MATRIX_AGAINST",
    help="Refuse to lose profiles and choices that users have stored at REV.",
)  # fmt: skip
@click.pass_obj
def check(session: Session, diff: bool, locked: bool, against: str | None) -> int:
    """Check the matrix and that every output is up to date."""
    project = open_project(session)
    if not locked:
        note_floating(session, project)
    floating = _refuse_floating(project) if locked else 0
    lost = _refuse_vanished(session, project, against) if against is not None else 0
    return max(_compare(session, project, diff), floating, lost)


def _refuse_vanished(session: Session, project: Project, revision: str) -> int:
    from generator.cli.against import refuse_vanished

    return refuse_vanished(session, project, revision)


def _refuse_floating(project: Project) -> int:
    """Report everything that is not locked; return the exit code."""
    from generator.diagnostics import diagnose
    from generator.lock.read import unlocked

    floating = unlocked(project.loaded, project.pins)
    report(diagnose((item.finding() for item in floating), project.loaded.documents))
    return 1 if floating else 0


def _compare(session: Session, project: Project, diff: bool) -> int:
    """Print what rendering would change; return the exit code."""
    from generator.cli.render import compared, report_edited, summary

    difference = compared(session, project)
    if not difference.changes:
        say(session, summary(0, len(difference.rendered)))
        return 0
    for change in difference.outputs or difference.changes:
        click.echo(_diff(change) if diff else f"{change.kind} {change.path}", nl=not diff)
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
    """Return a unified diff, or a line where there is no text to compare."""
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
