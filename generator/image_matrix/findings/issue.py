"""Writes the issue about known vulnerabilities in released images, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.findings.markdown import MARKDOWN, code, finding_link, target_text, words
from image_matrix.findings.news import remembered
from image_matrix.findings.remedy_text import by_remedy, packages_of, run_command, sentence, short
from image_matrix.findings.rows import NAMED, images_text
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.findings.model import ScanLimits, ScanResult
    from image_matrix.findings.remedies import Remedy
    from image_matrix.findings.rescan import ExpiredException, ReleaseScan
    from image_matrix.findings.rows import FindingRow

MARKER = "<!-- image-matrix: rescan -->"
"""The start of the issue's text, by which it is found again."""
TITLE = "Known vulnerabilities in released images"
LIMIT = 60_000
"""The maximum length in characters; GitHub's limit for an issue is 65,536."""
ROWS = 45_000
"""Characters of the table at most; what follows it fits into the rest."""
FOOT = (
    "The next scan rewrites this text, and closes the issue when nothing is left. A finding that is no danger belongs "
    "in `release.scan.ignore`, with a reason and a day from which it counts again.\n"
)
LISTED = 20
"""The maximum number of items below the table, of each kind."""


def issue_body(scan: ReleaseScan, before: str = "") -> str:
    """Return the text of the issue: each finding once, with its images and with what would mend it.

    ``before`` is the text that the issue has now. While an image could not be scanned, or not all of it
    with what is known today, the findings of that text stay known: the next scan must not call them new.
    """
    kept = not all(one.is_complete for one in scan.results)
    parts = [
        MARKER,
        remembered(scan.rows, before if kept else ""),
        _head(scan),
        _table(scan),
        _remedies(scan),
        _expired(scan.expired),
        _rejected(scan.results),
        _not_scanned(scan.results),
        _limits(scan.results),
        FOOT,
    ]
    return "\n".join(part for part in parts if part)[:LIMIT]


def _head(scan: ReleaseScan) -> str:
    scanned = sum(not one.problem for one in scan.results)
    missing = len(scan.results) - scanned
    bad = sum(one.rejected for one in scan.results)
    run = f" ([run]({scan.run}))" if scan.run else ""
    what = "what the release branch and the channels name, by digest"
    by = f"Scanned on {scan.day} with {words(scan.scanner)}{run}: {what}."
    if missing and not scanned:
        return f"**No released image could be scanned ({missing} of {missing}).** {by}\n"
    images = plural(scanned, f"{'scanned' if missing else 'released'} image")
    more = _gaps(missing, [one.limits for one in scan.results])
    if not scan.has_findings:
        return f"**No findings in {images}{more}.** {by}\n"
    count = plural(len(scan.rows), "finding") if scan.rows else "Rejected by the scanner:"
    return f"**{count} in {bad} of {images}{more}.** {by}\n"


def _gaps(missing: int, limits: Sequence[ScanLimits]) -> str:
    """Return how many images were not scanned, and how many in part, or with a database that does not know the news."""
    stale, unseen = sum(bool(one.stale) for one in limits), sum(bool(one.unseen) for one in limits)
    return "".join(
        (
            f"; {plural(missing, 'released image')} not scanned" if missing else "",
            f"; {plural(stale, 'image')} scanned with an old or empty database" if stale else "",
            f"; {plural(unseen, 'image')} scanned in part" if unseen else "",
        )
    )


def _table(scan: ReleaseScan) -> str:
    if not scan.rows:
        return ""
    lines = [
        "| severity | finding | package | installed → fixed in | images | mended by |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    room = ROWS
    for at, row in enumerate(scan.rows):
        line = _row(row, scan.parents)
        room -= len(line) + 1
        if room < 0:
            return "\n".join(
                [*lines, "", f"… and {len(scan.rows) - at} more; the run's artifacts have all of them", ""]
            )
        lines.append(line)
    return "\n".join([*lines, ""])


def _row(row: FindingRow, parents: Mapping[str, str | None]) -> str:
    finding = row.finding
    cells = (
        finding.severity,
        finding_link(finding.id),
        code(finding.package),
        words(finding.versions),
        images_text(row, parents, code),
        ", ".join(_cell(one) for one in row.remedies),
    )
    return f"| {' | '.join(cells)} |"


def _cell(remedy: Remedy) -> str:
    if remedy.action == "merge":
        return f"[{remedy.subject}]({remedy.at})"
    plain = remedy.action in ("wait", "release")
    return short(remedy) if plain else code(short(remedy))


def _remedies(scan: ReleaseScan) -> str:
    groups = by_remedy(scan.rows)
    names = [one.subject for one in groups if one.action == "lock"]
    refreshed = [row for one, rows in groups.items() if one.action == "lock" for row in rows]
    lines = [f"- {_merge(one, rows)}" for one, rows in groups.items() if one.action == "merge"]
    if names:
        button = f", or [Run workflow]({scan.workflow}) with these names" if scan.workflow else ""
        lines.append(
            f"- Refresh the lock: `{run_command(names)}`{button}. Its pull request brings {_packages(refreshed)}."
        )
    others = {one: rows for one, rows in groups.items() if one.action not in ("merge", "lock")}
    lines += [f"- {sentence(one, _packages(rows), MARKDOWN)}" for one, rows in others.items()]
    return "\n".join(["### What mends them", "", *lines[:LISTED], ""]) if lines else ""


def _merge(remedy: Remedy, rows: Sequence[FindingRow]) -> str:
    return f"Merge [{remedy.subject}]({remedy.at}): the release after it brings {_packages(rows)}."


def _packages(rows: Iterable[FindingRow]) -> str:
    return words(packages_of(rows))


def _expired(expired: Sequence[ExpiredException]) -> str:
    if not expired:
        return ""
    lines = [
        f"- {finding_link(one.ignored.id)} counts again since {one.ignored.until} ({code(one.place)}): "
        f"{words(one.ignored.reason)}"
        for one in expired[:LISTED]
    ]
    return "\n".join(["### Exceptions that have run out", "", *lines, ""])


def _rejected(results: Sequence[ScanResult]) -> str:
    """Return the images that the scanner rejects without a report that can be read."""
    images = [target_text(one) for one in results if one.rejected and not one.findings]
    if not images:
        return ""
    sentence = f"The scanner rejects {listed(images, LISTED)}. Its reports are in the run's artifacts."
    return f"### Rejected\n\n{sentence}\n"


def _not_scanned(results: Sequence[ScanResult]) -> str:
    missing = [one for one in results if one.problem]
    if not missing:
        return ""
    lines = [f"- {target_text(one)}: {words(one.problem[:300])}" for one in missing[:LISTED]]
    more = [f"- and {len(missing) - LISTED} more"] if len(missing) > LISTED else []
    known = "What earlier scans found in them is not listed above. It counts as known until all images are scanned."
    return "\n".join(["### Not scanned", "", known, "", *lines, *more, ""])


def _limits(results: Sequence[ScanResult]) -> str:
    """Return what scans could not see, each once, with the images of which it holds."""
    images: dict[str, list[str]] = {}
    for one in results:
        for text in one.limits.texts:
            images.setdefault(text, []).append(target_text(one))
    lines = [
        f"- {words(text[:300])} ({listed(names, NAMED)})." for text, names in list(images.items())[:LISTED]
    ]
    known = ["What earlier scans found counts as known until a scan sees everything again.", ""]
    kept = [] if all(one.limits.is_complete for one in results) else known
    return "\n".join(["### What the scans could not see", "", *kept, *lines, ""]) if lines else ""
