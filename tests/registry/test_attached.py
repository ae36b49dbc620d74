"""What is attached to images, from registries that list it and from those that keep a tag, over real HTTP."""

from __future__ import annotations

import json

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.attached import Referrer, attached, referrers
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.referrers import attach
from image_matrix.registry.services import RegistryServices
from tests.pruning.filled import Filled
from tests.registry.test_upload import client
from tests.registry.writable import Behaviour, serving

KIND = "application/vnd.example.note.v1"


def test_referrers_are_listed_by_registries_that_know_them() -> None:
    with serving() as server:
        filled = Filled(server)
        image = filled.image("one", "a")
        other = filled.image("two", subject={"digest": image})
        at = f"{filled.repository}@{image}"
        assert referrers(client(), at) is None
        server.behaviour.lists_referrers = True
        assert [one.digest for one in referrers(client(), at) or ()] == [other]
        assert referrers(client(), f"{filled.repository}@{other}") == ()


@pytest.mark.parametrize("lists", [True, False], ids=["the registry", "a tag"])
def test_what_is_attached_is_listed_with_what_it_says(lists: bool) -> None:
    with serving(Behaviour(lists_referrers=lists)) as server:
        filled = Filled(server)
        image = f"{filled.repository}@{filled.image('one', 'a')}"
        digest = attach(client(), image, KIND, {KIND: b"x"}, {KIND: "note"}, {"about": "that"})
        assert attached(client(), image) == (Referrer(digest, KIND, {"about": "that"}),)


def test_referrers_of_several_pages() -> None:
    with serving(Behaviour(lists_referrers=True, page=2)) as server:
        filled = Filled(server)
        image = filled.image("one", "a")
        notes = {filled.image(f"note {number}", subject={"digest": image}) for number in range(5)}
        listed = referrers(client(), f"{filled.repository}@{image}") or ()
        assert {one.digest for one in listed} == notes


@pytest.mark.parametrize("status", [400, 404, 405, 406, 501])
def test_a_registry_without_the_list_is_asked_for_the_tag(status: int) -> None:
    with serving() as server:
        filled = Filled(server)
        digest = filled.image("one", "a")
        image = f"{filled.repository}@{digest}"
        attach(client(), image, KIND, {KIND: b"x"}, {KIND: "note"})
        server.behaviour.refused[f"GET /v2/{filled.name}/referrers/{digest}"] = status
        assert [one.artifact_type for one in attached(client(), image)] == [KIND]


def test_a_registry_that_fails_says_nothing() -> None:
    with serving() as server:
        filled = Filled(server)
        digest = filled.image("one", "a")
        server.behaviour.refused["GET"] = 500
        with pytest.raises(EnvironmentFailure, match="HTTP 500"):
            attached(client(), f"{filled.repository}@{digest}")


@pytest.mark.parametrize("status", [401, 403, 429, 500])
@pytest.mark.parametrize("what", ["the listing", "the tag"])
def test_what_a_registry_denies_may_be_attached(status: int, what: str) -> None:
    with serving() as server:
        filled = Filled(server)
        digest = filled.image("one", "a")
        image = f"{filled.repository}@{digest}"
        attach(client(), image, KIND, {KIND: b"x"}, {KIND: "note"})
        below = f"referrers/{digest}" if what == "the listing" else f"manifests/{digest.replace(':', '-')}"
        server.behaviour.refused[f"GET /v2/{filled.name}/{below}"] = status
        with pytest.raises(EnvironmentFailure):
            attached(client(), image)


@pytest.mark.parametrize("annotations", [["a"], "a", 1, None, {"a": 1}, {"a": None}])
def test_annotations_are_texts_or_none(annotations: object) -> None:
    entry = {"digest": "sha256:1", "artifactType": KIND, "annotations": annotations}
    assert listed({"manifests": [entry]}) == (Referrer("sha256:1", KIND),)


@pytest.mark.parametrize(
    "content",
    [
        [],
        "a",
        1,
        None,
        {},
        {"manifests": None},
        {"manifests": {"a": 1}},
        {"manifests": "a"},
        {"manifests": 1},
    ],
)
def test_what_is_no_index_lists_nothing(content: object) -> None:
    assert listed(content) == ()


def test_an_entry_without_a_digest_hides_no_other() -> None:
    entries = [None, "a", {}, {"digest": 1}, {"digest": "sha256:1", "artifactType": 1}]
    assert listed({"manifests": entries}) == (Referrer("sha256:1"),)


def listed(content: object) -> tuple[Referrer, ...]:
    """Return what is read of the content that a registry lists."""

    def send(_request: HttpRequest) -> Response:
        return Response(200, {}, json.dumps(content).encode())

    registry = Registry(RegistryServices(send, lambda _host: None))
    return attached(registry, f"registry.example.org/a@sha256:{0:064}")


def test_pages_that_come_again_end() -> None:
    def send(request: HttpRequest) -> Response:
        return Response(200, {"link": f'<{request.url}>; rel="next"'}, b'{"manifests": []}')

    registry = Registry(RegistryServices(send, lambda _host: None))
    with pytest.raises(EnvironmentFailure, match="names a page of its listing as the next one again"):
        referrers(registry, f"registry.example.org/a@sha256:{0:064}")
