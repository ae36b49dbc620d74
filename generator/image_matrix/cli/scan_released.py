"""``scan --released``: what users have through the scanner of today's matrix, and what would mend it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.printing import note, paint, say
from image_matrix.cli.project import open_locked
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.findings.model import ScanResult, ScanTarget
    from image_matrix.findings.rows import FindingRow
    from image_matrix.publish.scanners import ScanJob

    Keep = Callable[[ScanTarget, ScanJob], None]
HEADER = ("severity", "finding", "package", "installed", "fixed in", "images", "mended by")


def scan_released(session: Session, names: Sequence[str], platform: str | None, format_: str) -> int:
    """Scan what is released and print the findings; return 1 if there are some, 3 if an image was not scanned."""
    from image_matrix.cli.knowledge import knowledge_of
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.released_targets import NOTHING, chosen, released_targets
    from image_matrix.cli.scan import OFF
    from image_matrix.findings.rows import finding_rows

    project = open_locked(session)
    if project.loaded.matrix.release.scan.tool == "none":
        say(session, OFF)
        return 0
    targets = chosen(released_targets(session, project.loaded), names, platform)
    if not targets:
        note(session, f"{NOTHING}: there is nothing to scan")
    results = scan_each(session, project.loaded, targets, lambda *_: None)
    known = knowledge_of(project, state_of(project), [one.variant for one in targets], (), results)
    rows = finding_rows(known, results)
    parents = {name: item.parent for name, item in project.loaded.variants.items()}
    text = as_json(rows, results) if format_ == "json" else as_table(rows, parents)
    click.echo(text, nl=False)
    _summarize(session, rows, results)
    return code_of(results)


def scan_each(
    session: Session, loaded: Loaded, targets: Sequence[ScanTarget], keep: Keep
) -> list[ScanResult]:
    """Scan images one after the other; one that cannot be scanned stops no other.

    ``keep`` takes what the scanner has written, before it is removed; if it fails, the result says so. Raises
    :class:`EnvironmentFailure` if the scanner itself cannot be had.
    """
    from image_matrix.cli.scanner_program import scanner_program

    if not targets:
        return []
    results = []
    with scanner_program(session, loaded) as program:
        for at, target in enumerate(targets, 1):
            say(session, f"{target.name} {target.platform} ({at} of {len(targets)})")
            results.append(_scanned(session, loaded, program, target, keep))
    return results


def _scanned(session: Session, loaded: Loaded, program: str, target: ScanTarget, keep: Keep) -> ScanResult:
    from image_matrix.cli.scanner import scan_image
    from image_matrix.diagnostics import printable
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.findings.model import ScanResult
    from image_matrix.temporary import temporary_folder

    try:
        with temporary_folder() as folder:
            verdict, job = scan_image(session, loaded, program, target.image, target.platform, folder)
            not_kept = _not_kept(session, target, job, keep)
    except (EnvironmentFailure, OSError) as error:
        return ScanResult(target, problem=_reported(session, target, _reason(error)))
    for text in verdict.limits.texts:
        note(session, printable(f"{target.name} {target.platform}: {text}"))
    return ScanResult(target, verdict.findings, verdict.rejected, not_kept=not_kept, limits=verdict.limits)


def _not_kept(session: Session, target: ScanTarget, job: ScanJob, keep: Keep) -> str:
    """Keep the reports of a scan; return why that failed, so that the scanner's verdict outlives it."""
    from image_matrix.errors import EnvironmentFailure

    try:
        keep(target, job)
    except (EnvironmentFailure, OSError) as error:
        return _reported(session, target, f"its reports are not kept: {_reason(error)}")
    return ""


def _reason(error: EnvironmentFailure | OSError) -> str:
    return str(error) if isinstance(error, OSError) else error.message


def _reported(session: Session, target: ScanTarget, problem: str) -> str:
    """Print what failed at an image; return it."""
    say(session, f"{paint('error', 'error')}: {target.name} {target.platform}: {problem}", level=-1)
    return problem


def code_of(results: Sequence[ScanResult]) -> int:
    """Return 3 if an image was not scanned, 1 if one was rejected, else 0."""
    if any(one.problem for one in results):
        return 3
    return int(any(one.rejected for one in results))


def as_table(rows: Sequence[FindingRow], parents: dict[str, str | None]) -> str:
    """Return a line for each finding; what reports say is text of others, and controls no terminal and no log."""
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width
    from image_matrix.diagnostics import printable
    from image_matrix.findings.remedy_text import short
    from image_matrix.findings.rows import images_text

    cells = [
        (
            row.finding.severity,
            row.finding.id,
            row.finding.package,
            row.finding.installed,
            ", ".join(row.finding.fixed),
            images_text(row, parents),
            ", ".join(short(one) for one in row.remedies),
        )
        for row in rows
    ]
    shown = [tuple(map(printable, row)) for row in cells]
    return table(HEADER, shown, terminal_width()) if shown else ""


def _summarize(session: Session, rows: Sequence[FindingRow], results: Sequence[ScanResult]) -> None:
    """Print to stderr what counts: how many images have how many findings, and what would mend them."""
    from image_matrix.findings.remedy_text import advice

    unread = [one.target.name for one in results if one.rejected and not one.findings]
    for name in dict.fromkeys(unread):
        say(session, f"{name}: the scanner rejected the image; its output above says why", level=-1)
    if results:
        say(session, f"{summary_of(rows, results)}")
    for sentence in advice(rows, in_run=False):
        say(session, f"  {paint('help', 'help')}: {sentence}")


def summary_of(rows: Sequence[FindingRow], results: Sequence[ScanResult]) -> str:
    """Return ``2 findings in 3 of 34 released images; 1 image was not scanned``."""
    images = {(one.target.image, one.target.platform): one for one in results}
    bad = sum(one.rejected for one in images.values())
    missing = sum(bool(one.problem) for one in images.values())
    where = " over all platforms" if len({platform for _, platform in images}) > 1 else ""
    text = f"{plural(len(rows), 'finding')} in {bad} of {plural(len(images), 'released image')}{where}"
    return f"{text}; {plural(missing, 'image')} not scanned" if missing else text


def as_json(rows: Sequence[FindingRow], results: Sequence[ScanResult]) -> str:
    """Return the findings, and what was scanned."""
    return json.dumps(as_data(rows, results), indent=2, ensure_ascii=False) + "\n"


def as_data(rows: Sequence[FindingRow], results: Sequence[ScanResult]) -> dict[str, Any]:
    """Return the findings, and what was scanned, as data for JSON."""
    return {
        "findings": [
            {
                **asdict(row.finding),
                "images": [
                    {"variant": one.variant, "channel": one.channel or None, "platform": one.platform}
                    for one in row.targets
                ],
                "remedies": [asdict(one) for one in row.remedies],
            }
            for row in rows
        ],
        "scanned": [
            {
                **asdict(one.target),
                "channel": one.target.channel or None,
                "rejected": one.rejected,
                "problem": one.problem or None,
                "limits": {name: text or None for name, text in asdict(one.limits).items()},
            }
            for one in results
        ],
    }
