"""Whether a login may push, tried over real HTTP: nothing is left behind, and only a denial counts."""

from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.client import Registry
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.exchange import Response
from image_matrix.registry.http import network
from image_matrix.registry.patience import Patience, patient
from image_matrix.registry.push_right import refuse_unpushable
from image_matrix.registry.services import RegistryServices
from tests.registry.writable import Behaviour, Writable, serving

USER = Credentials("robot", "s3cret")


def tried(server: Writable, *names: str, login: Credentials | None = USER) -> None:
    pauses: list[float] = []
    services = RegistryServices(patient(network().send, Patience(pauses.append)), lambda _host: login)
    refuse_unpushable(Registry(services), (f"{server.host}/{name}" for name in names or ("team/base",)))


@pytest.mark.parametrize("login", [None, USER.basic])
def test_an_account_that_may_push_leaves_nothing_behind(login: str | None) -> None:
    with serving(Behaviour(login=login)) as server:
        tried(server, "team/base", "team/base", "team/leaf")
        assert server.uploads == set()
        assert sorted(line.split()[0] for line in server.writes) == ["DELETE", "DELETE", "POST", "POST"]
        assert (server.blobs, server.tags) == ({}, {})


@pytest.mark.parametrize("status", [401, 403])
def test_a_package_that_the_account_may_only_read_is_named(status: int) -> None:
    with serving(Behaviour(refused={"POST /v2/team/leaf/blobs/uploads/": status})) as server:
        with pytest.raises(EnvironmentFailure, match="team/leaf: no image can be pushed") as caught:
            tried(server, "team/base", "team/leaf")
        assert f"docker login {server.host}" in caught.value.help


def test_nobody_is_logged_in() -> None:
    with (
        serving(Behaviour(login=USER.basic)) as server,
        pytest.raises(EnvironmentFailure, match="without a login"),
    ):
        tried(server, login=None)


@pytest.mark.parametrize("status", [404, 405, 500])
def test_what_says_nothing_about_rights_passes(status: int) -> None:
    with serving(Behaviour(refused={"POST": status})) as server:
        tried(server)


def test_a_registry_that_cannot_cancel_an_upload_passes() -> None:
    with serving(Behaviour(refused={"DELETE": 405})) as server:
        tried(server)


def test_a_package_on_github_that_belongs_to_another_repository() -> None:
    body = b'{"errors": [{"code": "DENIED", "message": "permission_denied: write_package"}]}'
    services = RegistryServices(lambda _request: Response(403, {}, body), lambda _host: USER)
    with pytest.raises(EnvironmentFailure, match="denies access: permission_denied: write_package") as caught:
        refuse_unpushable(Registry(services), ["ghcr.io/team/notebooks/base"])
    assert "the role Write in the settings of the package" in caught.value.help


def test_a_rate_limit_is_no_denial() -> None:
    services = RegistryServices(lambda _request: Response(403, {"retry-after": "2"}), lambda _host: USER)
    refuse_unpushable(Registry(services), ["ghcr.io/team/notebooks/base"])
