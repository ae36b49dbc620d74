"""Prints what a scanner says of an image, what it could not see, and what would mend its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.failures import annotate
from image_matrix.cli.printing import note, paint, say
from image_matrix.github.files import SUMMARY, append
from image_matrix.text import plural

if TYPE_CHECKING:
    from image_matrix.cli.project import Project
    from image_matrix.cli.scanner import ScanVerdict
    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId, Variant
    from image_matrix.findings.model import ScanLimits
    from image_matrix.planning.plan import State


def _name(item: Variant, platform: str) -> str:
    """Return what people call an image: its other platforms have scans of their own."""
    return f"{item.id} ({platform})" if len(item.platforms) > 1 else item.id


def _say_limits(session: Session, name: str, limits: ScanLimits) -> None:
    """Print what a scan could not see, and add it to the page of the run: nothing was found there, either way."""
    from image_matrix.diagnostics import printable
    from image_matrix.findings.markdown import words

    for text in limits.texts:
        note(session, printable(f"{name}: {text}"))
        annotate(f"scan of {name}", text, severity="warning")
        append(SUMMARY, f"{words(f'{name}: {text}')}.\n\n")


def report_verdict(
    session: Session, project: Project, state: State, leg: LegId, image: str, verdict: ScanVerdict
) -> None:
    """Print the findings that stop the release with what would mend them; add both to the run's summary."""
    import os

    from image_matrix.cli.knowledge import knowledge_of
    from image_matrix.diagnostics import printable
    from image_matrix.findings.markdown import MARKDOWN
    from image_matrix.findings.model import ScanResult, ScanTarget
    from image_matrix.findings.remedy_text import advice
    from image_matrix.findings.rows import finding_rows
    from image_matrix.publish.scan_summary import summary

    variant, platform = leg
    name = _name(project.loaded.variants[variant], platform)
    _say_limits(session, name, verdict.limits)
    if not verdict.rejected:
        by = f" (database of {verdict.limits.database})" if verdict.limits.database else ""
        say(session, f"{name}: no findings that stop a release{by}")
        return
    target = ScanTarget(variant, image, platform, key=state.keys[variant].index)
    known = knowledge_of(project, state, (variant,))
    rows = finding_rows(known, [ScanResult(target, verdict.findings, rejected=True)])
    in_run = bool(os.environ.get("GITHUB_ACTIONS"))
    sentences = advice(rows, in_run=in_run)
    append(SUMMARY, summary(name, verdict.findings, advice(rows, in_run=in_run, place=MARKDOWN)))
    for one in verdict.findings:
        click.echo(printable(f"{one.severity:<8} {one.id:<20} {one.package} {one.versions}"))
    count = plural(len(rows), "finding") if rows else "the scanner rejected the image"
    click.echo(f"{name}: {count}; this run releases nothing")
    for sentence in sentences:
        say(session, f"  {paint('help', 'help')}: {sentence}", level=-1)
    without = "fix them, or add them to `release.scan.ignore` with a date" if rows else "its output says why"
    remedy = "; ".join(sentences) or without
    annotate(f"scan of {name}", f"{count}; {remedy}")
