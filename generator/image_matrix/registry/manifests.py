"""Reads manifests, indexes and configurations of images as registries send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.errors import EnvironmentFailure
from image_matrix.json_data import read_json
from image_matrix.registry.answers import DAMAGED, ImageConfig, ImageLayer, Manifest, Unreachable
from image_matrix.registry.reference import digest_of, has_digest, parse_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.registry.exchange import Response
    from image_matrix.registry.reference import Reference


INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)

MANIFEST_TYPES = (
    *INDEX_TYPES,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def read_manifest(response: Response, reference: Reference) -> Manifest | Unreachable:
    """Read a manifest or index; its bytes must have the digest that was asked for.

    Those of a tag must have the digest that the registry declares. Source: github.com/opencontainers/distribution-spec,
    spec.md, "Pulling manifests": the client verifies the digest.
    """
    digest = digest_of(response.body)
    declared_digest = response.headers.get("docker-content-digest", "")
    expected = reference.digest or (declared_digest if declared_digest.startswith("sha256:") else digest)
    if digest != expected:
        return Unreachable(f"{reference.host}: the content does not match its digest", DAMAGED)
    try:
        content = read_json(response.body)
        media_type = str(content.get("mediaType") or response.headers.get("content-type", ""))
        platforms = {
            name: str(item["digest"]) for item in content.get("manifests", ()) if (name := _platform(item))
        }
        config = content["config"]["digest"] if "config" in content else None
        annotations = {str(key): str(value) for key, value in (content.get("annotations") or {}).items()}
        entries = tuple(str(item["digest"]) for item in content.get("manifests", ()))
        layers = tuple(
            ImageLayer(str(item["digest"]), int(item.get("size", 0)), _predicate(item))
            for item in content.get("layers") or ()
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return Unreachable(f"{reference.host}: the answer is not a manifest")
    return Manifest(
        digest, media_type, platforms, annotations, entries, str(config) if config else None, layers
    )


def _predicate(layer: Mapping[str, Any]) -> str:
    """Return the annotation of a statement; docs.docker.com/build/metadata/attestations/attestation-storage."""
    return str((layer.get("annotations") or {}).get("in-toto.io/predicate-type", ""))


def read_config(content: bytes, digest: str, reference: Reference) -> ImageConfig | Unreachable:
    """Read an image's configuration, whose digest must be the one that the manifest names."""
    if not has_digest(content, digest):
        return Unreachable(f"{reference.host}: the content does not match its digest", DAMAGED)
    try:
        top = read_json(content)
        run = top.get("config") or {}
        variables = (str(item).partition("=") for item in run.get("Env") or ())
        return ImageConfig(
            platform=_platform({"platform": top}),
            user=str(run.get("User") or ""),
            entrypoint=tuple(str(word) for word in run.get("Entrypoint") or ()),
            command=tuple(str(word) for word in run.get("Cmd") or ()),
            workdir=str(run.get("WorkingDir") or ""),
            environment={name: value for name, _, value in variables},
            labels={str(name): str(value) for name, value in (run.get("Labels") or {}).items()},
            steps=tuple(
                str(one.get("created_by") or "")
                for one in top.get("history") or ()
                if not one.get("empty_layer")
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return Unreachable(f"{reference.host}: the answer is not an image's configuration")


def of_digest(content: bytes, what: str) -> bytes:
    """Return the bytes of ``repository@digest``; raises :class:`EnvironmentFailure` for those of another digest."""
    if not has_digest(content, parse_reference(what).digest or ""):
        raise EnvironmentFailure(f"{what}: the content does not match its digest", DAMAGED)
    return content


def _platform(item: Mapping[str, Mapping[str, str]]) -> str:
    """Return ``linux/arm64`` for an entry of an index; attestations have none."""
    platform = item.get("platform") or {}
    if platform.get("os", "unknown") == "unknown":
        return ""
    variant = platform.get("variant", "")
    plain = variant == "" or (platform["architecture"], variant) == ("arm64", "v8")
    return f"{platform['os']}/{platform['architecture']}" + ("" if plain else f"/{variant}")
