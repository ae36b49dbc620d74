"""Attaches the report of a scan to the image that was scanned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.publish.indexes import CREATED
from image_matrix.registry.answers import manifest_or_none
from image_matrix.registry.referrers import attach

if TYPE_CHECKING:
    from datetime import datetime

    from image_matrix.publish.scanners import ScanJob
    from image_matrix.registry.client import Registry

REPORT_TYPE = "application/vnd.image-matrix.scan.v1+json"
"""The type of the artifact, and of the scanner's own report in it."""
SARIF_TYPE = "application/sarif+json"
"""IANA's media type of SARIF."""


def subject_of_reports(registry: Registry, image: str, platform: str) -> str:
    """Return the image of one platform by digest: an index, as provenance makes it, is not what reports are about."""
    manifest = manifest_or_none(image, registry.manifest(image))
    digest = manifest.platforms.get(platform) if manifest else None
    return f"{image.partition('@')[0]}@{digest}" if digest else image


def attach_report(registry: Registry, image: str, job: ScanJob, now: datetime) -> str:
    """Attach the reports that a scan has written to ``repository@digest``; return the digest of the artifact.

    Its annotation says when: an image that is scanned again has several.

    Raises :class:`EnvironmentFailure` if the registry refuses them.
    """
    paths = {REPORT_TYPE: job.report, SARIF_TYPE: job.sarif}
    files = {kind: path.read_bytes() for kind, path in paths.items() if path.is_file()}
    titles = {kind: path.name for kind, path in paths.items()}
    return attach(registry, image, REPORT_TYPE, files, titles, {CREATED: now.isoformat(timespec="seconds")})
