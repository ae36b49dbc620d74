"""A build refuses a parent or source that the registry has for other platforms."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from image_matrix.build.base_platforms import platforms_of, refuse_other_platforms
from image_matrix.build.request import BuildOptions, make_request
from image_matrix.errors import Failure
from image_matrix.planning.registry_locations import registry_locations
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.reference import digest_of
from image_matrix.registry.services import RegistryServices
from tests.build.support import AMD64, BASE, MIDDLE, STATE

DEBIAN = STATE.loaded.matrix.sources["debian"]


def encoded(content: dict[str, Any]) -> tuple[bytes, str]:
    """Return a document and its digest."""
    body = json.dumps(content).encode()
    return body, digest_of(body)


def documents(*platforms: str, index: bool) -> tuple[tuple[bytes, str], tuple[bytes, str]]:
    """Return an image of these platforms, an index or the manifest of one, and its configuration; with digests."""
    entries = [
        {
            "digest": f"sha256:{'2' * 64}",
            "platform": dict(zip(("os", "architecture"), name.split("/"), strict=True)),
        }
        for name in platforms
    ]
    config, config_digest = encoded({"os": "linux", "architecture": platforms[0].partition("/")[2]})
    manifest = encoded({"manifests": entries} if index else {"config": {"digest": config_digest}})
    return manifest, (config, config_digest)


def registry_with(*platforms: str, index: bool = True, status: int = 200) -> Registry:
    """A registry in which every reference is an image of these platforms: an index, or the manifest of one."""
    (manifest, _), (config, _) = documents(*platforms, index=index)

    def answer(request: HttpRequest) -> Response:
        if status != 200:
            return Response(status, {})
        if "/blobs/" in request.url:
            return Response(200, {}, config)
        return Response(200, {}, manifest)

    return Registry(RegistryServices(answer, lambda _: None))


def parent(platform: str, *, index: bool) -> str:
    """Return the reference of the parent's image for a platform, by its digest."""
    (_, digest), _ = documents(platform, index=index)
    return f"{STATE.loaded.matrix.registry}/base@{digest}"


def refuse(
    leg: tuple[str, str], registry: Registry, existing: dict[tuple[str, str], str] | None = None
) -> None:
    options = BuildOptions(push=True)
    request = make_request(registry_locations(STATE, staging=False), [leg], existing or {}, options, ())
    refuse_other_platforms(request, STATE, registry)


@pytest.mark.parametrize("index", [True, False])
def test_a_source_without_the_platform_is_refused(index: bool) -> None:
    with pytest.raises(Failure) as caught:
        refuse(BASE, registry_with("linux/arm64", index=index))
    assert caught.value.message == (
        "base:default cannot be built for linux/amd64: the source debian has linux/arm64"
    )
    assert caught.value.help == "take a source that has linux/amd64"


@pytest.mark.parametrize("index", [True, False])
def test_a_source_with_the_platform_is_built_on(index: bool) -> None:
    refuse(BASE, registry_with(AMD64, index=index))


def test_a_locked_source_is_not_asked_for() -> None:
    pinned = replace(STATE.pins, digests={DEBIAN: f"sha256:{'3' * 64}"})
    request = make_request(registry_locations(STATE, staging=False), [BASE], {}, BuildOptions(push=True), ())
    refuse_other_platforms(request, replace(STATE, pins=pinned), registry_with("linux/arm64"))


def test_what_the_registry_does_not_answer_is_left_to_the_engine() -> None:
    registry = registry_with("linux/arm64", status=404)
    assert platforms_of(registry, DEBIAN) == ()
    refuse(BASE, registry)


@pytest.mark.parametrize("index", [True, False])
def test_a_parent_without_the_platform_is_refused(index: bool) -> None:
    refuse(MIDDLE, registry_with(AMD64, index=index), {BASE: parent(AMD64, index=index)})
    on_arm64 = parent("linux/arm64", index=index)
    with pytest.raises(Failure) as caught:
        refuse(MIDDLE, registry_with("linux/arm64", index=index), {BASE: on_arm64})
    assert caught.value.message == (
        f"middle:default cannot be built for linux/amd64: its parent {on_arm64} has linux/arm64"
    )
    assert "`image-matrix build --push --force --platform linux/amd64 base:default`" in caught.value.help
