"""Remembers in the text of an issue which findings it has, and says which ones are new."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from image_matrix.findings.markdown import code, finding_link, words
from image_matrix.findings.rows import images_text
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.findings.rows import FindingRow

LISTED = 20
"""The maximum number of findings in a comment."""
KNOWN = 1_000
"""The maximum number of findings that are remembered for the next scan."""
DIGITS = 10
_SEEN = re.compile(r"^<!-- known: ([0-9a-f ]*) -->$", re.MULTILINE)


def remembered(rows: Sequence[FindingRow], before: str = "") -> str:
    """Return a comment of HTML with short names of the findings, and of those that the text ``before`` remembers."""
    names = sorted({*map(_fingerprint, rows), *_known(before)})[:KNOWN]
    return f"<!-- known: {' '.join(names)} -->"


def new_findings(rows: Sequence[FindingRow], before: str) -> list[FindingRow]:
    """Return the findings that the text of the issue did not have before."""
    seen = _known(before)
    return [row for row in rows if _fingerprint(row) not in seen] if len(seen) < KNOWN else []


def _known(text: str) -> set[str]:
    match = _SEEN.search(text)
    return set(match[1].split()) if match else set()


def news(rows: Sequence[FindingRow], parents: Mapping[str, str | None]) -> str:
    """Return the comment about findings that are new."""
    lines = [
        f"- {row.finding.severity} {finding_link(row.finding.id)}: {code(row.finding.package)} "
        f"{words(row.finding.versions)} in {images_text(row, parents, code)}"
        for row in rows[:LISTED]
    ]
    more = [f"- and {len(rows) - LISTED} more"] if len(rows) > LISTED else []
    return "\n".join([f"{plural(len(rows), 'new finding')}:", "", *lines, *more])


def _fingerprint(row: FindingRow) -> str:
    """Return a short name of a finding; which images have it, and in which version, is not part of it."""
    name = f"{row.finding.id} {row.finding.package}"
    return hashlib.sha256(name.encode()).hexdigest()[:DIGITS]
