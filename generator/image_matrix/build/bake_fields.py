"""What bake is told of one target: its cache, its output, what is attached to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.planning.registry_locations import cache_reference

if TYPE_CHECKING:
    from image_matrix.build.origin import BuildOrigin
    from image_matrix.config.platforms import Platform
    from image_matrix.config.release import Provenance, Release
    from image_matrix.planning.registry_locations import Locations


def caching(locations: Locations, name: str, platform: Platform, cache: str) -> dict[str, list[str]]:
    """Return bake's fields for the cache of one variant and platform. A cache that cannot be written is ignored.

    The cache is a tag beside the image. The default branch reads and writes its own. A staging build reads that one and
    the one below the staging path, and writes there. The caller decides whether it is written. Source:
    docs.docker.com/build/cache/backends/registry.
    """
    if cache == "none":
        return {}
    *others, nearest = (cache_reference(state, name, platform) for state in locations.order)
    read = {"cache-from": [f"type=registry,ref={image}" for image in (nearest, *others)]}
    if cache == "read":
        return read
    return read | {"cache-to": [f"type=registry,ref={nearest},mode=max,ignore-error=true"]}


def output_of(release: Release, scanner: str | None) -> str | None:
    """Return the output that pushes images; ``None`` for BuildKit's usual one, which has OCI's types and gzip.

    BuildKit takes Docker's types where an image has no attestations (``scanner`` writes one), and a list of those has
    no annotations: a release writes what its index is of there. Docker's types have no zstd either. Layers of sources,
    parents and caches keep their compression unless it is forced.
    Source: docs.docker.com/build/exporters/image-registry.
    """
    compression = release.compression
    if compression != "gzip":
        return f"type=registry,oci-mediatypes=true,compression={compression},force-compression=true"
    is_attested = scanner is not None or release.provenance != "none"
    return None if is_attested else "type=registry,oci-mediatypes=true"


def attestations(release: Release, origin: BuildOrigin, scanner: str | None) -> dict[str, list[str]]:
    """Return bake's fields for provenance, for a bill of materials if there is a scanner, and for the commit.

    Annotations name the commit because the provenance cannot: the context is a folder outside of the repository.
    """
    bill = [f"type=sbom,generator={scanner}"] if scanner else []
    levels = ("index", "manifest") if bill or release.provenance != "none" else ("manifest",)
    annotations = [
        f"{level}:{name}={value}" for level in levels for name, value in origin.annotations.items()
    ]
    return {
        "attest": [_provenance(release.provenance, origin.run), *bill],
        **({"annotations": annotations} if annotations else {}),
    }


def _provenance(provenance: Provenance, run: str) -> str:
    """Return the option for provenance: docs.docker.com/build/metadata/attestations/slsa-provenance.

    buildx attaches some by itself if it is not disabled.
    """
    if provenance == "none":
        return "type=provenance,disabled=true"
    builder = f",builder-id={run}" if run else ""
    return f"type=provenance,mode={provenance}{builder}"
