"""Reads what scans have found in released images, from the reports that are attached to them in the registry."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.findings.model import from_severity
from image_matrix.findings.reports import findings
from image_matrix.json_data import read_json
from image_matrix.publish.indexes import CREATED, by_digest, image_of_entry, images_of_entry
from image_matrix.publish.scan_report import REPORT_TYPE
from image_matrix.registry.answers import CHECK, Manifest, manifest_or_none
from image_matrix.registry.attached import attached
from image_matrix.registry.client import CONCURRENCY
from image_matrix.registry.exchange import ConnectionFailed, OtherContent
from image_matrix.registry.reference import DIGEST
from image_matrix.render.lists.released import ScanSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.release import Scanning
    from image_matrix.findings.model import ScanFinding
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.registry.client import Registry
    from image_matrix.render.lists.released import ReleasedImage

FIELDS = {"trivy": {"SchemaVersion", "Results"}, "grype": {"matches"}}
"""The scanners whose reports are read, and fields by which their reports are known."""
LARGEST = 64 << 20
"""Bytes of a report that is read; one of an image with thousands of packages has a few million."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=T)")


def with_scans(
    registry: Registry,
    entries: Mapping[str, ReleaseEntry],
    released: Mapping[str, ReleasedImage],
    scanning: Scanning,
) -> dict[str, ReleasedImage]:
    """Return released images with what the newest attached reports say, where reports are attached and can be read.

    Raises :class:`EnvironmentFailure` if the registry does not say what is attached.
    """
    if not scanning.attach or scanning.tool not in FIELDS:
        return {**released}
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        asked = pool.map(partial(_summary, registry, scanning), (entries[name] for name in released))
        return {
            name: replace(image, scan=scan)
            for (name, image), scan in zip(released.items(), asked, strict=True)
        }


def known_scans(
    registry: Registry,
    entries: Mapping[str, ReleaseEntry],
    released: Mapping[str, ReleasedImage],
    scanning: Scanning,
) -> tuple[dict[str, ReleasedImage], dict[str, str]]:
    """Return what :func:`with_scans` does, and of which images that is not known, each with the reason."""

    def asked(name: str) -> tuple[ReleasedImage, str]:
        try:
            return with_scans(registry, entries, {name: released[name]}, scanning)[name], ""
        except EnvironmentFailure as failure:
            return released[name], f"{failure.message}: what the last scan found is not known"

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        answers = dict(zip(released, pool.map(asked, released), strict=True))
    return {name: image for name, (image, _) in answers.items()}, {
        name: reason for name, (_, reason) in answers.items() if reason
    }


def _summary(registry: Registry, scanning: Scanning, entry: ReleaseEntry) -> ScanSummary | None:
    """Return the findings of an index, each once, however many of its platforms have it, and those of each platform."""
    reports = {
        platform: _newest(registry, scanning, image) for platform, image in _images(registry, entry).items()
    }
    newest = [report for report in reports.values() if report]
    if not newest:
        return None
    counts = _counts(scanning, (row for _, rows in newest for row in rows))
    platforms = {
        platform: _counts(scanning, report[1]) if report else None
        for platform, report in reports.items()
        if platform
    }
    return ScanSummary(min((day for day, _ in newest if day), default=""), counts, platforms)


def _counts(scanning: Scanning, rows: Iterable[ScanFinding]) -> dict[str, int]:
    """Return the number of findings of each severity that counts, the worst first; each finding once."""
    counted = Counter(severity for severity, *_ in {(row.severity, row.id, row.package) for row in rows})
    return {name: counted[name] for name in from_severity(scanning.severity) if counted[name]}


def _images(registry: Registry, entry: ReleaseEntry) -> dict[str, str]:
    """Return the image of each platform, by digest; one that is no index is that of the entry's, or of an empty one."""
    index = registry.manifest(image_of_entry(entry))
    platforms = index.platforms if isinstance(index, Manifest) else {}
    return images_of_entry(entry, platforms) or {"": image_of_entry(entry)}


def _newest(registry: Registry, scanning: Scanning, image: str) -> tuple[str, list[ScanFinding]] | None:
    """Return the findings of the newest attached report, with its day; ``None`` if there is none that can be read.

    The day is empty where the report does not say it.
    """
    artifacts = (one for one in attached(registry, image) if one.artifact_type == REPORT_TYPE)
    for one in sorted(artifacts, key=lambda one: one.annotations.get(CREATED, ""), reverse=True):
        rows = _findings(registry, scanning, image, one.digest)
        if rows is not None:
            day = _DAY.match(one.annotations.get(CREATED, ""))
            return day[0] if day else "", rows
    return None


def _findings(registry: Registry, scanning: Scanning, image: str, artifact: str) -> list[ScanFinding] | None:
    """Return the findings of a report; ``None`` for what is no report of this scanner, or is gone.

    Raises :class:`EnvironmentFailure` if the registry does not answer: an older report is not taken for the newest.
    """
    reference = by_digest(image.partition("@")[0], artifact)
    manifest = manifest_or_none(reference, registry.manifest(reference))
    layer = manifest.layers[0].digest if manifest and manifest.layers else ""
    if not DIGEST.fullmatch(layer):
        return None
    try:
        return registry.blob(image, layer, partial(read_report, scanning))
    except ValueError:
        return None
    except ConnectionFailed as failed:
        if _is_no_report(failed):
            return None
        raise EnvironmentFailure(f"{reference}: {failed.reason}", CHECK) from failed


def _is_no_report(failed: ConnectionFailed) -> bool:
    """Say whether the registry has answered: the report is gone, or its bytes have another digest."""
    return failed.status == HTTPStatus.NOT_FOUND or isinstance(failed, OtherContent)


def read_report(scanning: Scanning, chunks: Iterable[bytes], largest: int = LARGEST) -> list[ScanFinding]:
    """Return the findings of a report of the scanner that the matrix names.

    Raises :class:`ValueError` for all else, also for another scanner's report, which has no findings of this one, and
    for more than ``largest`` bytes.
    """
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > largest:
            raise ValueError(f"it is larger than {largest} bytes")
    report = read_json(content)
    if not (isinstance(report, dict) and FIELDS[scanning.tool] & report.keys()):
        raise ValueError(f"it is no report of {scanning.tool}")
    return findings(scanning, report)
