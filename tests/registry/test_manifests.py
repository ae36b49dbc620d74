"""Manifests, indexes and configurations as registries send them, and other content in their place."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from image_matrix.registry.answers import DAMAGED, Digest, ImageConfig, Manifest, Unreachable
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.reference import digest_of
from image_matrix.registry.services import RegistryServices
from tests.registry.misbehaving import DIGESTS, NAMES, Behaviour, Server, client, serving


def test_the_platforms_of_an_index() -> None:
    with serving(Behaviour()) as server, client() as registry:
        found = registry.manifest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Manifest)
        assert found.digest == DIGESTS[NAMES[0]]
        assert list(found.platforms) == ["linux/amd64", "linux/arm64", "linux/arm/v7"]


IMAGE = {
    "os": "linux",
    "architecture": "arm64",
    "variant": "v8",
    "config": {
        "User": "1000:0",
        "Entrypoint": ["tini", "--"],
        "Cmd": ["start.sh"],
        "WorkingDir": "/home/jovyan",
        "Env": ["PATH=/opt/conda/bin:/bin", "EMPTY=", "OPTIONS=a=b"],
    },
}

CONFIGS = {
    "everything": (
        IMAGE,
        ImageConfig(
            "linux/arm64",
            "1000:0",
            ("tini", "--"),
            ("start.sh",),
            "/home/jovyan",
            {"PATH": "/opt/conda/bin:/bin", "EMPTY": "", "OPTIONS": "a=b"},
        ),
    ),
    "nothing": ({"os": "linux", "architecture": "amd64"}, ImageConfig("linux/amd64")),
    "steps": (
        {
            "os": "linux",
            "architecture": "amd64",
            "history": [{"created_by": "ADD a /"}, {"created_by": "USER 0", "empty_layer": True}, {}],
        },
        ImageConfig("linux/amd64", steps=("ADD a /", "")),
    ),
    "null": (
        {"os": "linux", "architecture": "amd64", "config": {"Entrypoint": None, "Env": None, "User": None}},
        ImageConfig("linux/amd64"),
    ),
    "no platform": ({}, ImageConfig("")),
}


def hold_image(server: Server, config: bytes) -> str:
    """Let the server have the manifest of one image; return its reference."""
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    server.behaviour.held[NAMES[20]] = json.dumps({"config": {"digest": digest}, "layers": []}).encode()
    server.behaviour.blobs[digest] = config
    return f"{server.host}/{NAMES[20]}:1"


@pytest.mark.parametrize(("content", "expected"), CONFIGS.values(), ids=CONFIGS)
def test_the_configuration_of_an_image(content: dict[str, Any], expected: ImageConfig) -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        reference = hold_image(server, json.dumps(content).encode())
        assert registry.configs([reference]) == {reference: expected}


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b'{"os": "linux"}', b'{"config": {"Env": 1}}', b"[" * 100_000]
)
def test_a_configuration_that_is_none(content: bytes) -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        answer = registry.config(hold_image(server, content))
        assert isinstance(answer, Unreachable)
        assert answer.reason.endswith("the answer is not an image's configuration")


def test_a_configuration_that_is_not_its_digest() -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        reference = hold_image(server, json.dumps(IMAGE).encode())
        server.behaviour.blobs = dict.fromkeys(server.behaviour.blobs, b"{}")
        answer = registry.config(reference)
        assert isinstance(answer, Unreachable)
        assert "does not match its digest" in answer.reason


def test_an_index_has_no_configuration() -> None:
    with serving(Behaviour()) as server, client() as registry:
        answer = registry.config(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(answer, Unreachable)
        assert answer.reason.endswith("is not the manifest of one image")


def test_content_that_is_not_its_digest_is_refused() -> None:
    with serving(Behaviour()) as server, client() as registry:
        server.behaviour.held[NAMES[0]] = b'{"manifests": []}'
        found = registry.manifest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Unreachable)
        assert "does not match" in found.reason


def test_an_answer_that_is_no_manifest() -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        server.behaviour.held[NAMES[0]] = b"<html>"
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Unreachable)
        assert "not a manifest" in found.reason


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"layers": [{"digest": "sha256:1", "size": Infinity}]}', b'{"layers": 1}']
)
def test_a_manifest_of_another_form_is_an_answer(body: bytes) -> None:
    registry = Registry(RegistryServices(lambda _request: Response(200, {}, body), lambda _host: None))
    answer = registry.manifest("registry.example.org/a:b")
    assert isinstance(answer, Unreachable)
    assert answer.reason == "registry.example.org: the answer is not a manifest"


OTHER = b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [], "annotations": {"a": "other"}}'
ASKED = f"sha256:{1:064}"


@pytest.mark.parametrize("declared", [None, ASKED, digest_of(OTHER), "sha512:0"])
@pytest.mark.parametrize("method", ["manifest", "digest", "config"])
def test_bytes_of_another_digest_than_the_one_asked_for_are_refused(
    declared: str | None, method: str
) -> None:
    """Whatever the header says, and from a mirror, too."""
    headers = {} if declared is None else {"docker-content-digest": declared}
    asked: list[str] = []

    def send(request: HttpRequest) -> Response:
        asked.append(request.url)
        return Response(200, headers, b"" if request.method == "HEAD" else OTHER)

    mirrors = {"registry.example.org": "mirror.example.org"}
    registry = Registry(RegistryServices(send, lambda _host: None, mirrors))
    answer = getattr(registry, method)(f"registry.example.org/a@{ASKED}")
    assert asked[0].startswith("https://mirror.example.org/")
    if method == "digest" and declared == ASKED:  # without bytes, a header alone cannot be checked
        assert answer == Digest(ASKED)
    else:
        assert answer == Unreachable("mirror.example.org: the content does not match its digest", DAMAGED)


def test_bytes_of_the_digest_count_whatever_the_header_says() -> None:
    digest = digest_of(OTHER)
    registry = Registry(
        RegistryServices(lambda _: Response(200, {"docker-content-digest": ASKED}, OTHER), lambda _host: None)
    )
    found = registry.manifest(f"registry.example.org/a@{digest}")
    assert isinstance(found, Manifest)
    assert registry.digest(f"registry.example.org/b@{digest}") == Digest(found.digest) == Digest(digest)
