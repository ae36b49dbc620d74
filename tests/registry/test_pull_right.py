"""Whether registries give what a build pulls is asked before it begins."""

from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest, Response
from image_matrix.registry.pull_right import refuse_unpullable
from image_matrix.registry.services import RegistryServices

DIGEST = {"docker-content-digest": f"sha256:{'1' * 64}"}
FIVE = {f"{name}.example.org/team/base:1": f"the source {name}" for name in ("a", "b", "c", "d", "e")}


def registry(asked: list[str], *closed: str, gone: str = "") -> Registry:
    def send(request: HttpRequest) -> Response:
        host = request.url.split("/")[2]
        asked.append(host)
        if host == gone:
            raise ConnectionFailed("the certificate is not trusted", retry=None)
        if host in closed:
            return Response(401, {"www-authenticate": "Basic realm=closed"})
        return Response(200, DIGEST)

    return Registry(RegistryServices(send, lambda _: None))


def test_each_registry_is_asked_once() -> None:
    asked: list[str] = []
    refuse_unpullable(registry(asked), FIVE, pytest.fail)
    assert sorted(asked) == sorted(reference.partition("/")[0] for reference in FIVE)


def test_all_that_want_a_login_are_named_at_once() -> None:
    with pytest.raises(EnvironmentFailure) as failed:
        refuse_unpullable(registry([], "b.example.org", "d.example.org"), FIVE, pytest.fail)
    assert failed.value.message == (
        "the build cannot pull the source b: b.example.org/team/base:1: the registry denies access: it asks for a "
        "login (`docker login`); the source d: d.example.org/team/base:1: the registry denies access: it asks for a "
        "login (`docker login`)"
    )
    assert failed.value.help.startswith("`docker login b.example.org` and `docker login d.example.org` with")


def test_what_cannot_be_reached_from_here_is_a_note() -> None:
    notes: list[str] = []
    refuse_unpullable(registry([], gone="c.example.org"), FIVE, notes.append)
    assert notes == ["the source c: c.example.org/team/base:1: c.example.org: the certificate is not trusted"]


def test_docker_hub_has_a_login_without_a_name() -> None:
    with pytest.raises(EnvironmentFailure) as failed:
        refuse_unpullable(
            registry([], "registry-1.docker.io"), {"docker.io/a/b:1": "the frontend"}, pytest.fail
        )
    assert failed.value.help.startswith("`docker login` with")
