"""Writes names of findings, packages and images in Markdown; what scanners report is text of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.findings.remedy_text import TextPlace
from image_matrix.render.docs.images_page import text

if TYPE_CHECKING:
    from image_matrix.findings.model import ScanResult


def finding_link(name: str) -> str:
    """Return the name of a finding, as a link where it is one of the list of CVE or of GitHub."""
    if re.fullmatch(r"CVE-\d{4}-\d+", name):
        return f"[{name}](https://nvd.nist.gov/vuln/detail/{name})"
    if re.fullmatch(r"GHSA(-[0-9a-z]{4}){3}", name):
        return f"[{name}](https://github.com/advisories/{name})"
    return words(name)


def words(value: str) -> str:
    """Return a text in one line, with its markup escaped."""
    return text(" ".join(value.split()))


def code(value: str) -> str:
    """Return a text in one line as code; one that ends code, or a cell of a table, is escaped in place of that."""
    return words(value) if re.search(r"[`|\\]", value) else f"`{' '.join(value.split())}`"


MARKDOWN = TextPlace(words, code)


def target_text(result: ScanResult) -> str:
    """Return the image of a result, with its platform."""
    return f"{code(result.target.name)} ({result.target.platform})"
