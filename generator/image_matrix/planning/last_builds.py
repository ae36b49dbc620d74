"""Reads sizes and times of images from the registry: the comment on a pull request estimates with them.

The size is in the image's manifest, and the time in the provenance that buildx attaches to it; an image without
provenance has no time. Source: docs.docker.com/build/metadata/attestations/slsa-definitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of
from image_matrix.json_data import read_json
from image_matrix.planning.plan import references
from image_matrix.registry.answers import Manifest
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.config.model import LegId, Variant
    from image_matrix.planning.plan import PlanEntry, State
    from image_matrix.registry.client import Registry


LOOKED_UP = 60
"""The most images that the registry is asked about: each takes up to five requests."""
PROVENANCE_LIMIT = 4_000_000
"""Bytes; provenance that is larger is not read."""
SLSA = "https://slsa.dev/provenance/"
_TIMES = (("buildStartedOn", "buildFinishedOn"), ("startedOn", "finishedOn"))
"""Their names in SLSA 0.2 and 1; slsa.dev/spec."""


@dataclass(frozen=True, slots=True)
class LastBuild:
    """What is known of the last build of an image."""

    size: int
    """Bytes, compressed."""
    seconds: float | None
    """How long the build took, without tests; ``None`` if nothing says so."""


def last_builds(old: State, legs: Iterable[LegId], registry: Registry) -> dict[LegId, LastBuild]:
    """Return what the registry knows of the images that legs had in an old state; nothing of images that it lacks."""
    names = references(old)
    asked = {leg: names[leg] for leg in _sample(leg for leg in legs if leg in names)}
    indexes = {
        name: answer
        for name, answer in registry.manifests(asked.values()).items()
        if isinstance(answer, Manifest)
    }
    images = _manifests(
        registry, (_image(name, index, leg[1]) for leg, name, index in _known(asked, indexes))
    )
    results = {}
    for leg, name, index in _known(asked, indexes):
        image = images.get(_image(name, index, leg[1]))
        if image and image.layers:
            size = sum(layer.size for layer in image.layers)
            results[leg] = LastBuild(size, _seconds(registry, name, index))
    return results


def image_size(registry: Registry, name: str, platform: str) -> int | None:
    """Return the compressed bytes of an image on a platform; ``None`` if the registry does not say so."""
    index = registry.manifest(name)
    if not isinstance(index, Manifest) or (index.platforms and platform not in index.platforms):
        return None
    image = registry.manifest(_image(name, index, platform))
    layers = image.layers if isinstance(image, Manifest) else ()
    return sum(layer.size for layer in layers) or None


def longest_chain(
    entries: Iterable[PlanEntry], variants: Mapping[str, Variant], known: Mapping[LegId, LastBuild]
) -> float:
    """Return the seconds of the longest chain of builds; parents stand before children."""
    ends: dict[LegId, float] = {}
    for entry in entries:
        build = known.get((entry.variant, entry.platform))
        before = [ends.get((parent, entry.platform), 0.0) for parent in variants[entry.variant].parents]
        ends[entry.variant, entry.platform] = max(before, default=0.0) + (
            (build.seconds or 0.0) if build else 0.0
        )
    return max(ends.values(), default=0.0)


def _sample(legs: Iterable[LegId]) -> list[LegId]:
    """Return the legs to look up: one of each image before a second one of any."""
    first: dict[str, LegId] = {}
    more: list[LegId] = []
    for leg in legs:
        image = image_of(leg[0])
        if first.setdefault(image, leg) is not leg:
            more.append(leg)
    return [*first.values(), *more][:LOOKED_UP]


def _known(
    asked: Mapping[LegId, str], indexes: Mapping[str, Manifest]
) -> Iterator[tuple[LegId, str, Manifest]]:
    return ((leg, name, indexes[name]) for leg, name in asked.items() if name in indexes)


def _image(name: str, index: Manifest, platform: str) -> str:
    """Return the reference of the image of a platform, which an index or the manifest itself is."""
    return parse_reference(name).at(index.platforms.get(platform, index.digest))


def _manifests(registry: Registry, names: Iterable[str]) -> dict[str, Manifest]:
    return {
        name: answer for name, answer in registry.manifests(names).items() if isinstance(answer, Manifest)
    }


def _seconds(registry: Registry, name: str, index: Manifest) -> float | None:
    place = parse_reference(name)
    attached = [entry for entry in index.entries if entry not in index.platforms.values()]
    for entry, manifest in _manifests(registry, (place.at(entry) for entry in attached)).items():
        for layer in manifest.layers:
            if layer.predicate.startswith(SLSA) and layer.size <= PROVENANCE_LIMIT:
                return _duration(_content(registry, entry, layer.digest))
    return None


def _content(registry: Registry, name: str, digest: str) -> bytes:
    try:
        return registry.blob(name, digest, b"".join)
    except ConnectionFailed:
        return b""


def _duration(content: bytes) -> float | None:
    """Return the seconds between the beginning and the end that provenance names."""
    try:
        predicate = read_json(content)["predicate"]
        times = {**predicate.get("metadata", {}), **predicate.get("runDetails", {}).get("metadata", {})}
        start, end = next((times[a], times[b]) for a, b in _TIMES if a in times and b in times)
        return max(0.0, (_moment(end) - _moment(start)).total_seconds())
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
