"""Writes what buildah pushes once more as an OCI manifest: the same configuration and layers, with annotations.

buildah has to build in Docker's format, which alone has SHELL and HEALTHCHECK. An index of such manifests cannot have
annotations, which releases need. BuildKit's OCI manifests name a configuration with the same fields. Source of the
types: github.com/opencontainers/image-spec, media-types.md, "Compatibility Matrix".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.addresses import address
from image_matrix.registry.answers import CHECK, refusal, words
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.manifests import of_digest
from image_matrix.registry.reference import digest_of, parse_reference
from image_matrix.registry.upload import IMAGE_MANIFEST, put_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.registry.client import Registry

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_TYPES = {
    "application/vnd.docker.container.image.v1+json": "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}


def as_oci(manifest: Mapping[str, Any], annotations: Mapping[str, str]) -> bytes:
    """Return the OCI manifest of an image that has one of Docker's; types that both have stay."""
    written = {
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": _part(manifest["config"]),
        "layers": [_part(layer) for layer in manifest["layers"]],
        **({"annotations": dict(annotations)} if annotations else {}),
    }
    return json.dumps(written).encode()


def _part(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    kind = descriptor["mediaType"]
    return {**descriptor, "mediaType": _TYPES.get(kind, kind)}


def rewrite_as_oci(registry: Registry, tag: str, digest: str, annotations: Mapping[str, str]) -> str:
    """Give a tag the OCI manifest of the image with a digest, and return its digest.

    Raises :class:`EnvironmentFailure` if the registry does not answer, or does not have what was pushed.
    """
    place = parse_reference(parse_reference(tag).at(digest))
    request = HttpRequest("GET", address(place, f"manifests/{digest}"), {"Accept": DOCKER_MANIFEST})
    answer = registry.send(request, place)
    meaning = refusal(answer) if isinstance(answer, Response) and answer.status != 200 else answer
    if not isinstance(meaning, Response):
        raise EnvironmentFailure(f"{tag}: what was pushed cannot be read: {words(meaning)}", CHECK)
    content = as_oci(json.loads(of_digest(meaning.body, place.at(digest))), annotations)
    put_manifest(registry, tag, content)
    return digest_of(content)
