"""Sizes and times of images that a registry has, as buildx attaches them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.planning.comment import estimated, markdown
from image_matrix.planning.last_builds import LOOKED_UP, LastBuild, image_size, last_builds, longest_chain
from image_matrix.planning.plan import make_plan, references
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import ConnectionFailed, OpenResponse, Response
from image_matrix.registry.reference import digest_of
from image_matrix.registry.services import RegistryServices
from image_matrix.render.docs.images_page import image_parents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from image_matrix.planning.plan import State
    from image_matrix.registry.exchange import HttpRequest

INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
OLD = {"metadata": {"buildStartedOn": "2026-01-01T10:00:00Z", "buildFinishedOn": "2026-01-01T10:03:30.5Z"}}
NEW = {
    "runDetails": {"metadata": {"startedOn": "2026-01-01T10:00:00.25Z", "finishedOn": "2026-01-01T10:00:10Z"}}
}


class Held:
    """A registry that has what it is given; it counts requests."""

    def __init__(self) -> None:
        self.content: dict[str, tuple[str, bytes]] = {}
        self.requests = 0

    def put(self, name: str, kind: str, content: dict[str, Any]) -> str:
        """Add a manifest, under its tag and its digest; return the digest."""
        body = json.dumps({"mediaType": kind, **content}).encode()
        repository, _, tag = name.rpartition(":")
        for version in (tag, digest_of(body)):
            self.content[f"{repository}/manifests/{version}"] = (kind, body)
        return digest_of(body)

    def image(self, name: str, size: int, predicate: dict[str, Any] | None, platform: str = "amd64") -> None:
        """Add an image as buildx pushes it: an index of the image and of its attestations."""
        repository = name.rpartition(":")[0]
        layers = [{"digest": "sha256:1", "size": size - 1}, {"digest": "sha256:2", "size": 1}]
        image = self.put(f"{repository}:image", IMAGE, {"config": {"digest": "sha256:0"}, "layers": layers})
        entries = [{"digest": image, "platform": {"os": "linux", "architecture": platform}}]
        if predicate is not None:
            statement = json.dumps({"predicate": predicate}).encode()
            self.content[f"{repository}/blobs/{digest_of(statement)}"] = ("", statement)
            kinds = ("https://spdx.dev/Document", "https://slsa.dev/provenance/v1")
            layers = [
                {
                    "digest": digest_of(statement),
                    "size": 9,
                    "annotations": {"in-toto.io/predicate-type": kind},
                }
                for kind in kinds
            ]
            attested = self.put(
                f"{repository}:attested", IMAGE, {"config": {"digest": "sha256:0"}, "layers": layers}
            )
            entries.append({"digest": attested, "platform": {"os": "unknown", "architecture": "unknown"}})
        self.put(name, INDEX, {"manifests": entries})

    def send(self, request: HttpRequest) -> Response:
        self.requests += 1
        place = request.url.partition("/v2/")[2]
        host = request.url.partition("//")[2].partition("/")[0]
        kind, body = self.content.get(f"{host}/{place}", ("", b""))
        return Response(200, {"content-type": kind}, body) if body else Response(404, {})

    def opened(self, request: HttpRequest) -> AbstractContextManager[OpenResponse]:
        from contextlib import contextmanager

        @contextmanager
        def answer() -> Iterator[OpenResponse]:
            response = self.send(request)
            if response.status != 200:
                raise ConnectionFailed("gone")
            yield OpenResponse(200, {}, iter([response.body]))

        return answer()

    def client(self) -> Registry:
        return Registry(RegistryServices(self.send, lambda _host: None, stream=self.opened))


@pytest.mark.parametrize(("predicate", "seconds"), [(OLD, 210.5), (NEW, 9.75), ({}, None), (None, None)])
def test_size_and_time_of_what_is_there(
    state: Callable[..., State], predicate: dict[str, Any] | None, seconds: float | None
) -> None:
    old, held = state(), Held()
    leg = ("science:python3.13", "linux/amd64")
    held.image(references(old)[leg], 420, predicate)
    known = last_builds(
        old, [leg, ("science:python3.13", "linux/arm64"), ("new:x", "linux/amd64")], held.client()
    )
    assert known == {leg: LastBuild(420, seconds)}


def test_a_statement_that_is_gone_takes_the_time_alone(state: Callable[..., State]) -> None:
    old, held = state(), Held()
    leg = ("science:python3.13", "linux/amd64")
    held.image(references(old)[leg], 420, OLD)
    held.content = {name: item for name, item in held.content.items() if "/blobs/" not in name}
    assert last_builds(old, [leg], held.client()) == {leg: LastBuild(420, None)}


def test_of_many_images_each_is_looked_up_once_before_any_second_variant(state: Callable[..., State]) -> None:
    old, held = state(), Held()
    legs = [*references(old)]
    last_builds(old, legs * LOOKED_UP, held.client())
    assert held.requests <= LOOKED_UP


def test_the_estimate_follows_the_longest_chain(state: Callable[..., State]) -> None:
    new = state(("uv==", "uv==9."))
    plan = make_plan(new, None, None)
    known = {(entry.variant, entry.platform): LastBuild(1_500_000_000, 120.0) for entry in plan.build}
    depth = max(entry.layer for entry in plan.build) + 1
    assert longest_chain(plan.build, new.loaded.variants, known) == depth * 120
    sentence = estimated(plan, new.loaded.variants, known)
    assert (
        f"(all): {depth * 2} min along the longest chain, {len(known) * 2} min of runners in all" in sentence
    )
    assert f"{len(known) * 1.5:.1f} GB compressed" in sentence
    del known[plan.build[0].variant, plan.build[0].platform]
    assert f"({len(known)} of {len(plan.build)})" in estimated(plan, new.loaded.variants, known)
    assert estimated(plan, new.loaded.variants, {}) == ""


def test_the_table_has_the_last_builds_where_they_are_known(state: Callable[..., State]) -> None:
    new = state(("scipy==1.17.1", "scipy==1.17.0"))
    plan = make_plan(new, state(), None)
    known = {("science:python3.13", "linux/amd64"): LastBuild(512_000_000, 45.0)}
    text = markdown(plan, image_parents(new.loaded.variants), known, "A sentence.")
    assert "all platforms.**\n\nA sentence.\n" in text
    assert "| variant | platforms | why | last build |\n| --- | --- | --- | --- |\n" in text
    assert "(scipy==1.17.1 → scipy==1.17.0) | 512 MB, 45 s |\n" in text
    assert "last build" not in markdown(plan, image_parents(new.loaded.variants))


def test_the_size_of_one_image() -> None:
    held = Held()
    held.image("example.org/team/base:x", 420, None)
    client = held.client()
    assert image_size(client, "example.org/team/base:x", "linux/amd64") == 420
    assert image_size(client, "example.org/team/base:x", "linux/arm64") is None
    assert image_size(client, "example.org/team/other:x", "linux/amd64") is None
