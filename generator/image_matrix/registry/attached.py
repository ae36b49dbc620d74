"""Lists what is attached to images in a registry; always from the registry itself, never from a mirror or memory.

Source: github.com/opencontainers/distribution-spec, spec.md: "Listing Referrers", "Referrers Tag Schema".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.json_data import read_json
from image_matrix.registry.addresses import address
from image_matrix.registry.exchange import HttpRequest
from image_matrix.registry.manifests import INDEX_TYPES
from image_matrix.registry.reference import parse_reference
from image_matrix.registry.repositories import following_page, response_of, success_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json
    from image_matrix.registry.client import Registry
    from image_matrix.registry.exchange import Response
    from image_matrix.registry.reference import Reference

INDEX = INDEX_TYPES[0]
WITHOUT_LIST = (400, 404, 405, 406, 501)
"""What registries answer that do not list what is attached. The specification names 404; for those that know no such
address, github.com/google/go-containerregistry (pkg/v1/remote/referrers.go) has 400 and 406, too."""


@dataclass(frozen=True, slots=True)
class Referrer:
    """An artifact that is attached to an image."""

    digest: str
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


def referrers(registry: Registry, image: str) -> tuple[Referrer, ...] | None:
    """Return what a registry lists as attached to ``repository@digest``; ``None`` from one that lists nothing.

    Raises :class:`EnvironmentFailure` if it does not answer, or denies it: something may be attached then.
    """
    place = parse_reference(image)
    pages, entries = [address(place, f"referrers/{place.digest}")], list[Referrer]()
    for url in pages:  # which grows
        answer = _asked(registry, place, url)
        listed = None if answer.status in WITHOUT_LIST else _read(success_of(answer, image).body)
        if listed is None:
            return None
        entries += listed
        pages += following_page(answer, pages, place)
    return tuple(entries)


def attached(registry: Registry, image: str) -> tuple[Referrer, ...]:
    """Return what is attached to ``repository@digest``: what the registry lists, or the list in a tag.

    Raises :class:`EnvironmentFailure` if the registry does not answer, or denies it.
    """
    listed = referrers(registry, image)
    if listed is not None:
        return listed
    place = parse_reference(image)
    tag = str(place.digest).replace(":", "-")
    answer = _asked(registry, place, address(place, f"manifests/{tag}"))
    return () if answer.status == 404 else _read(success_of(answer, f"{place.name}:{tag}").body) or ()


def _asked(registry: Registry, place: Reference, url: str) -> Response:
    return response_of(registry.send(HttpRequest("GET", url, {"Accept": INDEX}), place), place.name)


def _read(body: bytes) -> tuple[Referrer, ...] | None:
    """Return the entries of an index that have a digest; ``None`` for what is no index."""
    try:
        index = read_json(body)
    except ValueError:
        return None
    entries = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(entries, list):
        return None
    named = (one for one in entries if isinstance(one, dict) and isinstance(one.get("digest"), str))
    return tuple(Referrer(one["digest"], _kind(one), _texts(one.get("annotations"))) for one in named)


def _kind(entry: Mapping[str, Json]) -> str:
    kind = entry.get("artifactType")
    return kind if isinstance(kind, str) else ""


def _texts(annotations: Json) -> dict[str, str]:
    """Return the annotations that are texts, as all have to be; none if they have another form."""
    pairs = annotations.items() if isinstance(annotations, dict) else ()
    return {key: value for key, value in pairs if isinstance(value, str)}
