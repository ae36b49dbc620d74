"""Attaches artifacts to images in a registry; :mod:`image_matrix.registry.attached` lists them.

Source: github.com/opencontainers/distribution-spec, spec.md: "Pushing Manifests with Subject", "Referrers Tag Schema".
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.json_data import read_json
from image_matrix.registry.addresses import address
from image_matrix.registry.answers import CHECK, refusal, words
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.manifests import INDEX_TYPES, MANIFEST_TYPES, of_digest
from image_matrix.registry.reference import digest_of, parse_reference
from image_matrix.registry.tokens import PUSH
from image_matrix.registry.upload import IMAGE_MANIFEST, put_manifest, upload_blob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json
    from image_matrix.registry.client import Registry
    from image_matrix.registry.reference import Reference

EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
"""The configuration of an artifact that has none; opencontainers/image-spec, manifest.md."""
EMPTY = b"{}"
INDEX = INDEX_TYPES[0]
SUPPORTED = "oci-subject"
"""Header of a registry that lists referrers by itself."""


def attach(
    registry: Registry,
    reference: str,
    artifact_type: str,
    files: Mapping[str, bytes],
    titles: Mapping[str, str],
    annotations: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Push files as an artifact whose subject is ``repository@digest``; return the artifact's digest.

    ``files`` are contents by media type, ``titles`` their file names; lists of what is attached have the
    ``annotations``, too. A registry that does not list referrers gets the list as a tag, ``sha256-…``. Raises
    :class:`EnvironmentFailure`.
    """
    place = parse_reference(reference)
    subject = _subject(registry, place)
    layers = [
        {**_descriptor(kind, content), "annotations": {"org.opencontainers.image.title": titles[kind]}}
        for kind, content in files.items()
    ]
    labels = {"artifactType": artifact_type, **({"annotations": dict(annotations)} if annotations else {})}
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            **labels,
            "config": _descriptor(EMPTY_TYPE, EMPTY),
            "layers": layers,
            "subject": subject,
        }
    )
    for content in (EMPTY, *files.values()):
        upload_blob(registry, place.name, content)
    digest = digest_of(manifest)
    answer = put_manifest(registry, f"{place.name}@{digest}", manifest)
    if SUPPORTED not in answer.headers:
        entry = {**_descriptor(IMAGE_MANIFEST, manifest), **labels}
        _list_in_tag(registry, f"{place.name}:{str(subject['digest']).replace(':', '-')}", entry)
    return digest


def _subject(registry: Registry, place: Reference) -> dict[str, Json]:
    """Return the descriptor of what an artifact is attached to."""
    answer = _get(registry, place)
    if answer.status != 200:
        raise EnvironmentFailure(f"{place.name}@{place.digest}: {words(refusal(answer))}", CHECK)
    content = _object(of_digest(answer.body, f"{place.name}@{place.digest}"))
    if content is None:
        raise EnvironmentFailure(f"{place.name}@{place.digest}: the answer is not a manifest", CHECK)
    media_type = content.get("mediaType") or answer.headers.get("content-type", "")
    return {"mediaType": media_type, "digest": digest_of(answer.body), "size": len(answer.body)}


def _list_in_tag(registry: Registry, reference: str, entry: Mapping[str, Json]) -> None:
    """Add an artifact to the list of referrers, which is an index under a tag."""
    answer = _get(registry, parse_reference(reference))
    if answer.status not in (200, 404):
        raise EnvironmentFailure(f"{reference}: {words(refusal(answer))}", CHECK)
    listed = _listed(reference, answer.body) if answer.status == 200 else []
    if all(one.get("digest") != entry["digest"] for one in listed):
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*listed, entry]}
        put_manifest(registry, reference, _json(index), INDEX)


def _listed(reference: str, body: bytes) -> list[dict[str, Json]]:
    """Return the entries of a list under a tag; raises :class:`EnvironmentFailure` for what is none: it is not ours."""
    entries = (_object(body) or {}).get("manifests")
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        problem = f"{reference} is not a list of what is attached to an image"
        raise EnvironmentFailure(problem, "delete this tag: the list is written anew")
    return entries


def _object(body: bytes) -> dict[str, Json] | None:
    try:
        content = read_json(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _get(registry: Registry, place: Reference) -> Response:
    """Request a manifest, past what the client remembers: another job may have written it since."""
    url = address(place, f"manifests/{place.version}")
    answer = registry.send(HttpRequest("GET", url, {"Accept": ", ".join(MANIFEST_TYPES)}), place, PUSH)
    if not isinstance(answer, Response):
        raise EnvironmentFailure(f"{place.name}: {words(answer)}", CHECK)
    return answer


def _descriptor(media_type: str, content: bytes) -> dict[str, Json]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _json(value: Mapping[str, Json]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
