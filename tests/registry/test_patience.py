"""Requests are sent again where that helps, and hosts are waited for once."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from image_matrix.registry import http
from image_matrix.registry.answers import Absent, Unreachable
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest, Response
from image_matrix.registry.http import network
from image_matrix.registry.patience import Patience, patient
from image_matrix.registry.services import RegistryServices
from image_matrix.retry import ATTEMPTS, FEW, LONGEST_PAUSE, PATIENCE
from tests.registry.misbehaving import EXPECTED, NAMES, USER, Behaviour, client, serving


def test_a_server_that_never_recovers_is_unreachable() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(failures=(503,), every=1)) as server, client(sleeps=sleeps) as registry:
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert found == Unreachable("the registry answers HTTP 503")
        assert sum(server.seen.values()) == ATTEMPTS
        assert sleeps == sorted(sleeps)
        assert len(sleeps) == ATTEMPTS - 1


def test_a_limit_is_waited_for_although_it_is_called_denied() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(limits=4)) as server, client(sleeps=sleeps) as registry:
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]
        assert registry.manifest(f"{server.host}/{NAMES[20]}:1") == Absent()
    assert sleeps == [1.0, 2.0, 4.0], "HEAD has no text: GET is asked at once, and then again"


def test_a_limit_that_does_not_end_is_no_denial() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(limits=10**9)) as server, client(sleeps=sleeps) as registry:
        reason = "it limits the number of requests: You have exceeded a secondary rate limit."
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == Unreachable(reason, PATIENCE)
        assert sum(sleeps) <= ATTEMPTS * LONGEST_PAUSE
        waited = len(sleeps)
        assert isinstance(registry.digest(f"{server.host}/{NAMES[1]}:1"), Unreachable)
        assert len(sleeps) == waited, "the next one is asked, and not waited for"


def test_a_host_that_is_waited_for_is_named_once() -> None:
    lines: list[str] = []
    patience = Patience(lambda _: None, lines.append)
    send = patient(lambda _: Response(503, {}), patience)
    for number in range(3):
        assert send(HttpRequest("GET", f"https://ghcr.io/{number}")).status == 503
    assert lines == ["ghcr.io does not answer for the moment; trying again"]


def test_a_token_server_that_limits_does_not_deny() -> None:
    with serving(Behaviour(login="bearer", limited_tokens=True)) as server, client(USER) as registry:
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Unreachable)
        assert found.remedy == PATIENCE


@pytest.mark.parametrize(
    ("status", "repeatable", "tries"),
    [(502, True, ATTEMPTS), (502, False, 1), (503, False, ATTEMPTS), (429, False, ATTEMPTS), (404, True, 1)],
)
def test_what_may_have_been_done_is_not_asked_for_twice(status: int, repeatable: bool, tries: int) -> None:
    asked: list[HttpRequest] = []

    def transport(request: HttpRequest) -> Response:
        asked.append(request)
        return Response(status, {})

    patient(transport, Patience(lambda _: None))(
        HttpRequest("POST", "https://example.org", repeatable=repeatable)
    )
    assert len(asked) == tries


def test_a_connection_that_breaks_may_have_done_it() -> None:
    asked: list[HttpRequest] = []

    def transport(request: HttpRequest) -> Response:
        asked.append(request)
        raise ConnectionFailed("the connection was cut")

    for repeatable in (False, True):
        with pytest.raises(ConnectionFailed):
            patient(transport, Patience(lambda _: None))(
                HttpRequest("POST", "https://a.example", repeatable=repeatable)
            )
    assert len(asked) == 1 + FEW


def test_retry_after_is_followed_up_to_a_minute() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(failures=(429,), retry_after="3600")) as server, client(sleeps=sleeps) as registry:
        server.count = 2
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]
    assert sleeps == [LONGEST_PAUSE]


def test_a_host_that_is_down_is_waited_for_once() -> None:
    with serving(Behaviour()) as server:
        host = server.host
    sleeps: list[float] = []
    with client(sleeps=sleeps) as registry:
        first = registry.digest(f"{host}/a/b:1")
        waited = len(sleeps)
        assert isinstance(first, Unreachable)
        assert "refused" in first.reason
        assert registry.digest(f"{host}/c/d:1") == first
        assert len(sleeps) == waited


def test_a_host_that_drops_packets_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.2)
    pauses: list[float] = []
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # nobody accepts them, and Linux answers no more than fit
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        host = f"127.0.0.1:{full.getsockname()[1]}"
        client = Registry(RegistryServices(patient(network().send, Patience(pauses.append)), lambda _: None))
        answers = [client.digest(f"{host}/a:1"), client.digest(f"{host}/b:1")]
    assert answers == [Unreachable(f"{host}: it cannot be reached: no answer in time")] * 2
    assert pauses == []
