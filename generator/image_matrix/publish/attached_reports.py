"""Reads what scans have rows in released images, from the reports that are attached to them in the registry."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from image_matrix.errors import EnvironmentFailure
from image_matrix.findings.model import from_severity
from image_matrix.findings.reports import findings
from image_matrix.publish.indexes import CREATED, by_digest
from image_matrix.publish.scan_report import REPORT_TYPE
from image_matrix.registry.answers import Manifest
from image_matrix.registry.attached import attached
from image_matrix.registry.client import CONCURRENCY, address
from image_matrix.registry.http import HttpRequest, Response
from image_matrix.registry.reference import parse_reference
from image_matrix.render.lists.released import ScanSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.release import Scanning
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.registry.client import Registry
    from image_matrix.render.lists.released import ReleasedImage

READ = ("trivy", "grype")
"""The scanners whose reports are read."""
FIELDS = {"SchemaVersion", "Results", "matches"}
"""Fields by which their reports are known: Trivy's, and Grype's."""
DAY = len("YYYY-MM-DD")


def with_scans(
    registry: Registry,
    entries: Mapping[str, ReleaseEntry],
    released: Mapping[str, ReleasedImage],
    scanning: Scanning,
) -> dict[str, ReleasedImage]:
    """Return released images with what the newest attached reports say, where reports are attached and can be read.

    Raises :class:`EnvironmentFailure` if the registry does not say what is attached.
    """
    if not scanning.attach or scanning.tool not in READ:
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
    """Return the findings of an index, each once, however many of its platforms have it."""
    newest = [report for image in _images(registry, entry) if (report := _newest(registry, image))]
    if not newest:
        return None
    rows = {(row.severity, row.id, row.package) for _, report in newest for row in findings(scanning, report)}
    counted = Counter(severity for severity, *_ in rows)
    counts = {name: counted[name] for name in from_severity(scanning.severity) if counted[name]}
    return ScanSummary(min(day for day, _ in newest), counts)


def _images(registry: Registry, entry: ReleaseEntry) -> Iterator[str]:
    """Yield the image of each platform, by digest."""
    reference, digest = str(entry["reference"]).partition("@")[0], str(entry["digest"])
    index = registry.manifest(by_digest(reference, digest))
    parts = index.platforms.values() if isinstance(index, Manifest) else ()
    yield from (by_digest(reference, part) for part in [*parts] or [digest])


def _newest(registry: Registry, image: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return the newest attached report with its day; ``None`` if there is none that can be read."""
    artifacts = (one for one in attached(registry, image) if one.artifact_type == REPORT_TYPE)
    for one in sorted(artifacts, key=lambda one: one.annotations.get(CREATED, ""), reverse=True):
        report = _report(registry, image, one.digest)
        if report is not None:
            return one.annotations.get(CREATED, "")[:DAY], report
    return None


def _report(registry: Registry, image: str, artifact: str) -> Mapping[str, Any] | None:
    """Return a report; ``None`` for what is no report of these scanners."""
    place = parse_reference(image)
    manifest = registry.manifest(by_digest(image.partition("@")[0], artifact))
    if not isinstance(manifest, Manifest) or not manifest.layers:
        return None
    url = address(place, f"blobs/{manifest.layers[0].digest}")
    answer = registry.send(HttpRequest("GET", url), place)
    if not isinstance(answer, Response) or answer.status != 200:
        return None
    try:
        report = json.loads(answer.body)
    except ValueError:
        return None
    return report if isinstance(report, dict) and FIELDS & report.keys() else None
