"""Blobs, manifests and tags that are written over real HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.client import Registry
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.http import network
from image_matrix.registry.manifests import INDEX_TYPES
from image_matrix.registry.patience import Patience, patient
from image_matrix.registry.reference import digest_of
from image_matrix.registry.services import RegistryServices
from image_matrix.registry.upload import IMAGE_MANIFEST, point_tag, put_manifest, upload_blob
from tests.registry.writable import Behaviour, serving

if TYPE_CHECKING:
    from tests.registry.writable import Writable

USER = Credentials("robot", "s3cret")
BLOB = b"content"


def client(pauses: list[float] | None = None) -> Registry:
    patience = Patience((pauses if pauses is not None else []).append)
    http = network()
    return Registry(
        RegistryServices(
            patient(http.send, patience), lambda _host: USER, stream=http.opened, patience=patience
        )
    )


def manifest(*blobs: bytes) -> bytes:
    config, *layers = ({"digest": digest_of(blob), "size": len(blob)} for blob in blobs)
    return json.dumps({"mediaType": IMAGE_MANIFEST, "config": config, "layers": layers}).encode()


def pushed(server: Writable, tag: str = "one") -> str:
    """Push a blob and a manifest of it; return the digest of the manifest."""
    registry, repository = client(), f"{server.host}/team/deploy"
    upload_blob(registry, repository, BLOB)
    content = manifest(BLOB)
    put_manifest(registry, f"{repository}:{tag}", content)
    return digest_of(content)


def test_a_blob_and_its_manifest_arrive() -> None:
    with serving() as server:
        digest = pushed(server)
        assert server.blobs == {f"team/deploy@{digest_of(BLOB)}": BLOB}
        assert server.tags == {"team/deploy:one": digest}


def test_a_blob_that_is_there_is_not_sent_again() -> None:
    with serving() as server:
        pushed(server)
        before = len(server.writes)
        upload_blob(client(), f"{server.host}/team/deploy", BLOB)
        assert len(server.writes) == before


def test_a_login_asks_for_pushing_whatever_the_challenge_says() -> None:
    with serving(Behaviour(login=USER.basic)) as server:
        pushed(server)
        assert set(server.scopes) == {"repository:team/deploy:pull,push"}


def test_a_login_for_pulling_is_not_used_to_push() -> None:
    with serving(Behaviour(login=USER.basic)) as server:
        registry, repository = client(), f"{server.host}/team/deploy"
        registry.manifest(f"{repository}:one")
        assert server.scopes == ["repository:team/deploy:pull"]
        upload_blob(registry, repository, BLOB)
        assert server.scopes[1:] == ["repository:team/deploy:pull,push"]


def test_another_host_that_stores_blobs_gets_no_login() -> None:
    with serving() as store, serving(Behaviour(login=USER.basic, store=store.host)) as server:
        store.behaviour.store = store.host
        assert upload_blob(client(), f"{server.host}/team/deploy", BLOB) == digest_of(BLOB)
        assert [*store.blobs.values()] == [BLOB]
        assert store.logins == [None]


def test_an_upload_that_arrived_although_its_answer_did_not_counts() -> None:
    pauses: list[float] = []
    with serving(Behaviour(ends_upload_twice=True)) as server:
        upload_blob(client(pauses), f"{server.host}/team/deploy", BLOB)
        assert [*server.blobs.values()] == [BLOB]
    assert pauses == [1.0]


@pytest.mark.parametrize(
    "refused", ["POST /v2/team/deploy/blobs/uploads/", "PUT /v2/team/deploy/manifests/one", "PUT"]
)
def test_a_refusal_names_the_repository_and_the_reason(refused: str) -> None:
    with (
        serving(Behaviour(refused={refused: 403})) as server,
        pytest.raises(EnvironmentFailure, match=r"team/deploy.* could not be written: .*not for you"),
    ):
        pushed(server)


def test_a_registry_that_is_gone() -> None:
    with pytest.raises(EnvironmentFailure, match=r"localhost:9/team: .*connection refused"):
        upload_blob(client(), "localhost:9/team", BLOB)


def test_a_tag_moves_to_the_same_bytes() -> None:
    with serving() as server:
        digest = pushed(server)
        point_tag(client(), f"{server.host}/team/deploy", digest, "two")
        assert server.tags == {"team/deploy:one": digest, "team/deploy:two": digest}
        assert [*server.manifests.values()] == [manifest(BLOB)]


def test_a_tag_moves_to_an_index_as_it_is() -> None:
    with serving() as server:
        entry = {"digest": pushed(server), "size": len(manifest(BLOB)), "mediaType": IMAGE_MANIFEST}
        index = json.dumps({"mediaType": INDEX_TYPES[0], "manifests": [entry]}).encode()
        repository = f"{server.host}/team/deploy"
        put_manifest(client(), f"{repository}:index", index, INDEX_TYPES[0])
        point_tag(client(), repository, digest_of(index), "two")
        assert server.tags["team/deploy:two"] == digest_of(index)


def test_a_tag_never_moves_to_other_bytes() -> None:
    with serving() as server:
        digest = pushed(server)
        server.manifests[f"team/deploy@{digest}"] += b" "
        with pytest.raises(EnvironmentFailure, match="does not match its digest"):
            point_tag(client(), f"{server.host}/team/deploy", digest, "two")
        assert "team/deploy:two" not in server.tags
