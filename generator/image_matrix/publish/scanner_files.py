"""Writes the file with exceptions that a scanner reads, and names the image in what it writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.config.release import Scanning
    from image_matrix.publish.scanners import ScanJob


_HTML = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


def ignore_file(scanning: Scanning, today: str) -> str:
    """Return the tool's ignore file as JSON, which both tools read as YAML. Expired exceptions are left out.

    Trivy's ``expired_at`` is not used: it accepts a date only without quotes. Grype calls flaws of Python packages by
    GitHub's names, so that an exception for a CVE has to count for its aliases, too.
    """
    live = [item for item in scanning.ignore if today < item.until]
    if scanning.tool == "grype":
        rules = [{"vulnerability": item.id, "include-aliases": True, "reason": item.reason} for item in live]
        return json.dumps({"ignore": rules, "check-for-app-update": False})
    return json.dumps({"vulnerabilities": [{"id": item.id, "statement": item.reason} for item in live]})


def named(text: str, job: ScanJob) -> str:
    """Return a report, or SARIF, with the image's name in place of the path that the scanner read.

    That path is another one at each scan. In Trivy's SARIF it would be the place of every finding of the distribution's
    packages, and code scanning would call all of them new (Trivy's pkg/report/sarif.go, ``ToPathUri``).
    """
    name = json.dumps(job.name)[1:-1]
    for path in _spellings(str(job.image)):
        text = text.replace(path, name)
    return text


def _spellings(path: str) -> set[str]:
    """Return how JSON may have a path: Go leaves letters as they are, and Trivy's encoder escapes signs of HTML.

    Grype's does not (pkg.go.dev/encoding/json, ``Encoder.SetEscapeHTML``). Python escapes letters.
    """
    plain = json.dumps(path, ensure_ascii=False)[1:-1]
    return {plain, plain.translate(_HTML), json.dumps(path)[1:-1]}
