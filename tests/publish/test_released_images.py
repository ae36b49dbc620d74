"""What the registry says about released images, and when it is not asked."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.publish.released_images import released_images
from image_matrix.render.lists.released import ReleasedImage
from tests.publish.states import answering, held_digest

BLOB = f"sha256:{'1' * 64}"


def part(digest: str, arch: str) -> dict[str, Any]:
    platform = {"os": "linux", "architecture": arch}
    return {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": digest,
        "size": 1,
        "platform": platform,
    }


def image(*sizes: int) -> dict[str, Any]:
    layers = [
        {"digest": BLOB, "size": size, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}
        for size in sizes
    ]
    return {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"digest": BLOB, "size": 1},
        "layers": layers,
    }


AMD, ARM = held_digest(image(5, 7)), held_digest(image(11))
WHOLE = {
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": [part(AMD, "amd64"), part(ARM, "arm64")],
    "annotations": {
        "org.opencontainers.image.created": "2026-11-29T08:00:00+00:00",
        "org.opencontainers.image.revision": "c0ffee",
    },
}
INDEX = held_digest(WHOLE)
HELD = {
    f"lab/manifests/{INDEX}": WHOLE,
    f"lab/manifests/{AMD}": image(5, 7),
    f"lab/manifests/{ARM}": image(11),
}
ENTRY = {
    "reference": f"ghcr.io/example/notebooks/lab:default-0@{INDEX}",
    "digest": INDEX,
    "platforms": ["linux/amd64"],
}


def test_the_index_says_when_and_from_what_and_its_images_how_large() -> None:
    sizes = {"linux/amd64": 12, "linux/arm64": 11}
    known = ReleasedImage(INDEX, "2026-11-29T08:00:00+00:00", "c0ffee", sizes)
    assert released_images(answering(HELD), {"lab:default": ENTRY}, {}) == {"lab:default": known}


def test_an_image_that_the_last_catalog_has_is_not_asked_for() -> None:
    listed = {
        "digest": INDEX,
        "created": "yesterday",
        "size": {"linux/amd64": 3},
        "packages": {"pip": {"a": "1"}},
    }
    released = released_images(answering({}), {"lab:default": ENTRY}, {"lab:default": listed})
    assert released == {"lab:default": ReleasedImage(INDEX, "yesterday", sizes={"linux/amd64": 3})}


def test_an_image_that_was_rolled_back_to_keeps_its_contents() -> None:
    listed = {"digest": INDEX, "packages": {"pip": {"a": "1"}}}
    entry = {**ENTRY, "instead_of": AMD}
    image_of = released_images(answering({}), {"lab:default": entry}, {"lab:default": listed})["lab:default"]
    assert image_of.contents == {"packages": {"pip": {"a": "1"}}}


def test_an_image_that_is_gone_does_not_stop_a_release() -> None:
    assert released_images(answering({}), {"lab:default": ENTRY}, {}) == {}


def test_a_registry_that_does_not_answer_does() -> None:
    registry = answering({}, {f"lab/manifests/{INDEX}": 500})
    with pytest.raises(EnvironmentFailure, match="HTTP 500"):
        released_images(registry, {"lab:default": ENTRY}, {})
