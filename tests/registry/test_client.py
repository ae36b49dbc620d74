"""The client against real HTTP servers that misbehave in every way that registries do."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import TYPE_CHECKING

import pytest

from image_matrix.registry.answers import Absent, Denied, Digest, Manifest, Unreachable, words
from image_matrix.registry.client import CONCURRENCY, Registry
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest
from image_matrix.registry.http import network
from image_matrix.registry.manifests import INDEX_TYPES
from image_matrix.registry.opening import open_registry
from tests.registry.misbehaving import EXPECTED, NAMES, USER, Behaviour, Server, client, serving
from tests.workflow.matrices import loaded
from tests.workflow.matrices import matrix as any_matrix

if TYPE_CHECKING:
    from pathlib import Path


def answers(server: Server, registry: Registry) -> dict[str, object]:
    references = {name: f"{server.host}/{name}:1" for name in NAMES}
    found = registry.digests(references.values())
    return {name: found[reference] for name, reference in references.items()}


CASES = {
    "well": (Behaviour(), None),
    "429 and 500": (Behaviour(failures=(429, 500)), None),
    "retry-after": (Behaviour(failures=(503, "cut", 429), retry_after="1"), None),
    "cut": (Behaviour(failures=("cut",)), None),
    "token": (Behaviour(login="bearer"), None),
    "token, user, failures": (Behaviour(login="bearer", failures=(500, 429, "cut")), USER),
    "token runs out": (Behaviour(login="bearer", tokens_last=1), USER),
    "identity token": (Behaviour(login="bearer"), Credentials(identity_token="identity")),
    "basic": (Behaviour(login="basic"), USER),
    "no digest header": (Behaviour(digest_header=False), None),
    "no HEAD": (Behaviour(head=False), None),
    "no digest header, failures": (Behaviour(digest_header=False, failures=("cut", 500)), None),
}


@pytest.mark.slow
@pytest.mark.parametrize(("behaviour", "credentials"), CASES.values(), ids=CASES)
def test_the_answers_are_the_same(behaviour: Behaviour, credentials: Credentials | None) -> None:
    with serving(behaviour) as server, client(credentials) as registry:
        assert answers(server, registry) == EXPECTED
        assert server.most <= CONCURRENCY


def test_a_name_is_asked_for_once() -> None:
    with serving(Behaviour()) as server, client() as registry:
        for _ in range(3):
            answers(server, registry)
        assert set(server.seen.values()) == {1}
        assert {method for method, _ in server.seen} == {"HEAD"}


def test_a_token_is_asked_for_once_for_a_repository() -> None:
    with serving(Behaviour(login="bearer")) as server, client() as registry:
        registry.digest(f"{server.host}/{NAMES[0]}:1")
        registry.digest(f"{server.host}/{NAMES[0]}:2")
        assert server.scopes == [f"repository:{NAMES[0]}:pull"]


@pytest.mark.parametrize("login", ["basic", "bearer"])
def test_wrong_credentials_are_not_absence(login: str) -> None:
    with serving(Behaviour(login=login)) as server, client(Credentials("robot", "wrong")) as registry:
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Denied)
        assert "does not" in words(found)


def test_forbidden_is_not_absent() -> None:
    with serving(Behaviour(forbidden=frozenset(NAMES[:1]))) as server, client() as registry:
        reference = f"{server.host}/{NAMES[0]}:1"
        assert isinstance(registry.digest(reference), Denied)
        assert registry.manifest(reference) == Denied("not for you")


def test_a_manifest_answers_for_its_digest() -> None:
    with serving(Behaviour()) as server, client() as registry:
        reference = f"{server.host}/{NAMES[0]}:1"
        registry.manifest(reference)
        assert registry.digest(reference) == EXPECTED[NAMES[0]]
        assert sum(server.seen.values()) == 1


def test_mirrors_take_the_place_of_registries() -> None:
    with serving(Behaviour()) as server:
        mirrors = {"docker.io": "mirror.invalid/hub", "docker.io/team": f"{server.host}/team"}
        with client(mirrors=mirrors) as registry:
            assert registry.digest(f"{NAMES[0]}:1") == EXPECTED[NAMES[0]]
            assert isinstance(registry.digest("debian:trixie"), Unreachable)


def test_netrc_does_not_take_the_place_of_our_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password wrong\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(Behaviour(login="basic")) as server, client(USER) as registry:
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]


def test_the_login_is_dockers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    matrix = loaded(any_matrix({"base": {"from": "debian"}})).matrix
    with serving(Behaviour(login="basic")) as server:
        reference = f"{server.host}/{NAMES[0]}:1"
        auth = USER.basic.removeprefix("Basic ")
        (tmp_path / "config.json").write_text(json.dumps({"auths": {server.host: {"auth": auth}}}))
        assert open_registry(matrix).digest(reference) == EXPECTED[NAMES[0]]
        (tmp_path / "config.json").write_text("{")
        answer = open_registry(matrix).digest(reference)
        assert isinstance(answer, Unreachable)
        assert answer.reason.startswith(
            f"the login for {server.host}: {tmp_path}/config.json:1:2: not valid JSON"
        )
        assert "remove the file and log in again" in words(answer)


def test_dockers_configuration_is_not_read_where_nobody_asks_for_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with serving(Behaviour()) as server:
        registry = open_registry(loaded(any_matrix({"base": {"from": "debian"}})).matrix)
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]


def test_credentials_are_not_printed() -> None:
    assert "s3cret" not in repr(USER)
    assert base64.b64decode(USER.basic.removeprefix("Basic ")).decode() == "robot:s3cret:with colon"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n more", "\u2019"])
def test_a_login_that_no_header_can_have_is_not_printed(end: str) -> None:
    """As pasted with the end of its line; the library's error quotes it."""
    request = HttpRequest("GET", "http://127.0.0.1:1/", {"Authorization": f"Bearer s3cret{end}"})
    with pytest.raises(ConnectionFailed, match="the login has a line break") as caught:
        network().send(request)
    assert caught.value.retry is None


@pytest.mark.parametrize("address", ["ftp://somebody:s3cret@example.org/x", "http://somebody:s3cret@/x"])
def test_a_login_in_an_address_that_is_none_is_not_printed(address: str) -> None:
    with pytest.raises(ConnectionFailed, match=r"://\*\*\*@") as caught:
        network().send(HttpRequest("GET", address, {}))
    assert "s3cret" not in str(caught.value)
    assert "somebody" not in caught.value.reason


def test_a_token_with_a_line_break_is_not_printed() -> None:
    with serving(Behaviour(login="bearer", token_end="\n")) as server, client() as registry:
        answer = registry.digest(f"{server.host}/{NAMES[0]}:1")
    assert isinstance(answer, Unreachable)
    assert answer.reason.endswith(
        "the login has a line break, or another character that a header cannot have"
    )


@pytest.mark.e2e
def test_the_real_registry(registry: str) -> None:
    said = {"test": str(time.time_ns())}
    body = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": INDEX_TYPES[0],
            "manifests": [],
            "annotations": said,
        }
    ).encode()
    import requests

    name = f"{registry}/test/registry-client"
    with requests.put(
        f"http://{registry}/v2/test/registry-client/manifests/1",
        data=body,
        headers={"Content-Type": INDEX_TYPES[0]},
        timeout=10,
    ) as put:
        assert put.status_code == 201, put.text
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    with client() as asked:
        assert asked.digest(f"{name}:1") == Digest(digest)
        assert asked.digest(f"{name}@{digest}") == Digest(digest)
        assert asked.manifest(f"{name}:1") == Manifest(digest, INDEX_TYPES[0], {}, said)
        assert asked.digest(f"{name}:never") == Absent()
        assert asked.digest(f"{registry}/test/never:1") == Absent()
