"""Reads manifests and configurations as far as a plan needs them.

Sources: github.com/opencontainers/image-spec, manifest.md, image-index.md and config.md; github.com/moby/buildkit,
cache/remotecache/v1: a cache is an image, or an index, whose configuration has a media type of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from image_matrix.json_data import read_json
from image_matrix.pruning.model import Seen
from image_matrix.registry.manifests import MANIFEST_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

CACHE_CONFIG = "application/vnd.buildkit.cacheconfig.v0"
FIRST_YEAR = 2013
"""No image of a registry is older; reproducible builds write earlier dates, which say nothing."""


def read_seen(digest: str, content: bytes) -> Seen:
    """Return what a plan needs to know of a manifest; of content that is none, only its digest."""
    try:
        manifest = read_json(content)
        listed = manifest.get("manifests") or ()
        config = manifest.get("config") or {}
        kinds = {item.get("mediaType") for item in listed} | {config.get("mediaType")}
        blobs = [one for one in (config, *(manifest.get("layers") or ()), *listed) if _is_blob(one)]
        return Seen(
            digest,
            tuple(str(item["digest"]) for item in listed if item.get("mediaType") in MANIFEST_TYPES),
            {str(name): str(value) for name, value in (manifest.get("annotations") or {}).items()},
            str(manifest["subject"]["digest"]) if manifest.get("subject") else None,
            is_cache=CACHE_CONFIG in kinds,
            config=next((str(one["digest"]) for one in (config, *listed) if _has_date(one)), None),
            blobs={digest: len(content), **{str(one["digest"]): int(one.get("size", 0)) for one in blobs}},
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return Seen(digest)


def _is_blob(descriptor: dict[str, Any]) -> bool:
    return "digest" in descriptor and descriptor.get("mediaType") not in MANIFEST_TYPES


def _has_date(descriptor: dict[str, Any]) -> bool:
    """Return whether a descriptor is of a configuration: of an image, or of a cache, whose index lists it."""
    kind = str(descriptor.get("mediaType", ""))
    return kind == CACHE_CONFIG or kind.endswith(("image.config.v1+json", "container.image.v1+json"))


def written(config: bytes) -> datetime | None:
    """Return when an image, or a cache, was written, by its configuration; ``None`` if that says nothing."""
    try:
        top = read_json(config)
        layers = top.get("layers") or () if isinstance(top.get("layers"), list) else ()
        cached = [str((one.get("annotations") or {}).get("createdAt", "")) for one in layers]
        return newest(_moment(text) for text in (str(top.get("created") or ""), *cached))
    except (ValueError, TypeError, AttributeError):
        return None


def newest(moments: Iterable[datetime | None]) -> datetime | None:
    """Return the newest moment that is known."""
    return max((one for one in moments if one), default=None)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment.year >= FIRST_YEAR else None


def stated(seen: Seen, annotation: str) -> datetime | None:
    """Return the moment that an annotation of a manifest states."""
    return _moment(seen.annotations.get(annotation, ""))
