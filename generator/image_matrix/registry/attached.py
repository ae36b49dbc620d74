"""Lists what is attached to images in a registry; always from the registry itself, never from a mirror or memory.

Source: github.com/opencontainers/distribution-spec, spec.md: "Listing Referrers", "Referrers Tag Schema".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from image_matrix.registry.client import INDEX_TYPES, address
from image_matrix.registry.http import HttpRequest
from image_matrix.registry.reference import parse_reference
from image_matrix.registry.repositories import following_page, response_of, success_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.registry.client import Registry
    from image_matrix.registry.http import Response
    from image_matrix.registry.reference import Reference

INDEX = INDEX_TYPES[0]


@dataclass(frozen=True, slots=True)
class Referrer:
    """An artifact that is attached to an image."""

    digest: str
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


def referrers(registry: Registry, image: str) -> tuple[Referrer, ...] | None:
    """Return what a registry lists as attached to ``repository@digest``; ``None`` from one that lists nothing.

    Raises :class:`EnvironmentFailure` if it does not answer.
    """
    place = parse_reference(image)
    url, entries = address(place, f"referrers/{place.digest}"), list[Referrer]()
    while url:
        answer = _asked(registry, place, url)
        if (400 <= answer.status < 500 and not answer.limited) or answer.status == 501:
            return None
        entries += _read(success_of(answer, image).body)
        following = following_page(answer)
        url = urljoin(url, following) if following else ""
    return tuple(entries)


def attached(registry: Registry, image: str) -> tuple[Referrer, ...]:
    """Return what is attached to ``repository@digest``: what the registry lists, or the list in a tag.

    Raises :class:`EnvironmentFailure` if the registry does not answer.
    """
    listed = referrers(registry, image)
    if listed is not None:
        return listed
    place = parse_reference(image)
    tag = str(place.digest).replace(":", "-")
    answer = _asked(registry, place, address(place, f"manifests/{tag}"))
    return _read(answer.body) if answer.status == 200 else ()


def _asked(registry: Registry, place: Reference, url: str) -> Response:
    return response_of(registry.send(HttpRequest("GET", url, {"Accept": INDEX}), place), place.name)


def _read(body: bytes) -> tuple[Referrer, ...]:
    """Return the entries of an index; none of what is no index."""
    try:
        entries = json.loads(body).get("manifests") or ()
        return tuple(
            Referrer(str(one["digest"]), str(one.get("artifactType", "")), one.get("annotations") or {})
            for one in entries
        )
    except (ValueError, AttributeError, KeyError, TypeError):
        return ()
