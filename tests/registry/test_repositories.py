"""Listings and deletions over real HTTP."""

from __future__ import annotations

import hashlib

import pytest

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.reference import digest_of, has_digest
from image_matrix.registry.repositories import (
    delete_manifest,
    list_tags,
    read,
    read_blob,
    refuse_without_deletion,
)
from image_matrix.registry.services import RegistryServices
from tests.pruning.filled import Filled
from tests.registry.test_upload import USER, client
from tests.registry.writable import Behaviour, serving


def test_tags_of_several_pages_are_listed_once() -> None:
    with serving(Behaviour(page=3)) as server:
        filled = Filled(server)
        filled.image("one", *(f"t{number}" for number in range(8)))
        assert list_tags(client(), filled.repository) == [f"t{number}" for number in range(8)]
        assert len(server.requests) == 3


def test_a_repository_that_does_not_exist_has_no_tags() -> None:
    with serving() as server:
        assert list_tags(client(), f"{server.host}/team/none") == []


def test_a_listing_that_is_refused_is_no_empty_one() -> None:
    with serving(Behaviour(login="Basic other")) as server, pytest.raises(EnvironmentFailure):
        list_tags(client(), f"{server.host}/team/base")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"tags": 1}', b'{"tags": [1]}', b"[" * 100_000])
def test_a_listing_of_another_form_is_no_empty_one(body: bytes) -> None:
    registry = Registry(RegistryServices(lambda _request: Response(200, {}, body), lambda _host: None))
    with pytest.raises(EnvironmentFailure, match="the answer is not a list of tags"):
        list_tags(registry, "registry.example.org/a")


def test_a_manifest_goes_with_all_its_tags() -> None:
    with serving(Behaviour(login=USER.basic)) as server:
        filled = Filled(server)
        digest = filled.image("one", "a", "b")
        kept = filled.image("two", "c")
        delete_manifest(client(), filled.repository, digest)
        delete_manifest(client(), filled.repository, digest)  # it is gone already
        assert filled.digests() == {kept}
        assert filled.tags() == {"c"}
        assert set(server.scopes) == {"repository:team/base:delete"}


def test_tags_go_first_where_the_registry_asks_for_that() -> None:
    with serving(Behaviour(tags_first=True)) as server:
        filled = Filled(server)
        delete_manifest(client(), filled.repository, filled.image("one", "a", "b"), ("a", "b"))
        assert filled.digests() == set()
        assert [one.rpartition("/")[2] for one in server.writes][1:3] == ["a", "b"]


def test_a_registry_without_deletion_says_so_before_anything_is_tried() -> None:
    with serving(Behaviour(deletes=False)) as server:
        with pytest.raises(EnvironmentFailure, match=r"does not delete images \(HTTP 405\)") as failure:
            refuse_without_deletion(client(), f"{server.host}/team/base")
        assert "storage.delete.enabled" in failure.value.help
    with serving() as server:
        refuse_without_deletion(client(), f"{server.host}/team/base")


def test_a_login_that_may_not_delete() -> None:
    with serving(Behaviour(refused={"DELETE": 403})) as server:
        filled = Filled(server)
        digest = filled.image("one", "a")
        with pytest.raises(
            Failure, match=f"{digest} could not be deleted: the registry denies access: not for you"
        ):
            delete_manifest(client(), filled.repository, digest)


def test_what_is_read_is_not_remembered() -> None:
    """A tag may move at any time."""
    with serving() as server:
        filled, registry = Filled(server), client()
        first = filled.image("one", "a")
        assert (read(registry, filled.repository, "a") or ("",))[0] == first
        second = filled.image("two", "a")
        assert (read(registry, filled.repository, "a") or ("",))[0] == second
        assert read(registry, filled.repository, "b") is None
        assert read_blob(registry, filled.repository, f"sha256:{'0' * 64}") == b""


def test_bytes_of_another_digest_are_not_read() -> None:
    with serving() as server:
        filled = Filled(server)
        digest = filled.image("one", "a")
        server.manifests[f"{filled.name}@{digest}"] += b" "
        with pytest.raises(EnvironmentFailure, match=f"{digest}: the content does not match its digest"):
            read(client(), filled.repository, digest)
        blob = digest_of(b"{}")
        server.blobs[f"{filled.name}@{blob}"] = b"[]"
        with pytest.raises(EnvironmentFailure, match=f"{blob}: the content does not match its digest"):
            read_blob(client(), filled.repository, blob)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_may_have_a_digest_of_another_algorithm(algorithm: str) -> None:
    blob = f"{algorithm}:{hashlib.new(algorithm, b'{}').hexdigest()}"
    with serving() as server:
        filled = Filled(server)
        server.blobs[f"{filled.name}@{blob}"] = b"{}"
        assert read_blob(client(), filled.repository, blob) == b"{}"
        server.blobs[f"{filled.name}@{blob}"] = b"[]"
        with pytest.raises(EnvironmentFailure, match=f"{blob}: the content does not match its digest"):
            read_blob(client(), filled.repository, blob)


@pytest.mark.parametrize(
    ("digest", "expected"),
    [("blake3:0", True), ("sha512:0", False), ("sha256:0", False), ("0" * 64, False), ("", False)],
)
def test_what_is_judged_by_its_digest(digest: str, expected: bool) -> None:
    """By an algorithm that Python lacks nothing can be judged; what names none is no digest."""
    assert has_digest(b"{}", digest) is expected


@pytest.mark.parametrize(
    "pages", [{"": ""}, {"": "?last=b", "?last=b": ""}, {"": "?last=b", "?last=b": "?last=b"}]
)
def test_pages_that_come_again_end(pages: dict[str, str]) -> None:
    listing = "/v2/a/tags/list"

    def send(request: HttpRequest) -> Response:
        following = pages[request.url.partition(listing)[2]]
        return Response(200, {"link": f'<{listing}{following}>; rel="next"'}, b'{"tags": ["b"]}')

    registry = Registry(RegistryServices(send, lambda _host: None))
    with pytest.raises(
        EnvironmentFailure, match=r"registry\.example\.org/a: the registry names a page .* again"
    ):
        list_tags(registry, "registry.example.org/a")
