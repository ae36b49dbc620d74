"""Names the files with the reports of released images, and files SARIF under the image that it is about."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from image_matrix.config.platforms import architecture
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from image_matrix.findings.model import ScanTarget

DIGITS = 8


def report_name(target: ScanTarget) -> str:
    """Return the name of an image's report; artifacts allow few characters in names of files."""
    name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{target.name} {architecture(target.platform)}").strip("-")
    return f"{name}-{hashlib.sha256(target.image.encode()).hexdigest()[:DIGITS]}"


def category(target: ScanTarget) -> str:
    """Return the category of an image's findings in code scanning, the one that the scans before a release have."""
    channel = f"-{target.channel}" if target.channel else ""
    return f"image-matrix/{target.variant}-{architecture(target.platform)}{channel}"


def with_category(sarif: bytes, target: ScanTarget) -> bytes:
    """Return SARIF with its category in each run, as the upload writes it: an upload of many files has only one.

    What is not SARIF stays as it is, for the upload to refuse. Source: docs.github.com/code-security, "SARIF support
    for code scanning", ``runAutomationDetails``.
    """
    try:
        content = read_json(sarif)
        for run in content["runs"]:
            run["automationDetails"] = {"id": f"{category(target)}/"}
    except (ValueError, KeyError, TypeError):
        return sarif
    return json.dumps(content).encode()
