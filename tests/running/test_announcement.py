"""What is said once a container answers: with servers of this test in the place of a published port."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import Failure
from image_matrix.running import announcement as module
from image_matrix.running import waiting
from image_matrix.running.announcement import (
    ACCESS,
    OPEN_PAGE,
    UNKNOWN,
    Announcement,
    RunClient,
    announcement,
)
from image_matrix.running.launch import launch_of
from image_matrix.running.model import LocalImage, RunOptions
from image_matrix.verify.engine import CommandResult, Container, Engine, Start
from tests.running.images import LAB, SERVICE, STACK
from tests.verify.test_engine import Recorder
from tests.verify.test_outside import listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.running.address import Access

HERE = RunClient({})
POLL = 0.02
"""Seconds between two looks of a server whether it shall end."""


@contextmanager
def server(*statuses: int) -> Iterator[int]:
    """A server that answers with each status once, then with the last for ever; its port."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(POLL,), daemon=True).start()
        yield http.server_port
        http.shutdown()


class Published:
    """An engine that publishes ports, and whose container runs and prints a log."""

    def __init__(self, ports: Mapping[int, int], *, runs: bool = True, log: str = "") -> None:
        self.ports, self.runs, self.log = ports, runs, log

    def __call__(self, arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
        assert text is None
        assert seconds > 0
        match arguments:
            case ("port", _, inside):
                outside = self.ports.get(int(inside.partition("/")[0]))
                return CommandResult(0, f"127.0.0.1:{outside}\n" if outside else "")
            case ("inspect", *_):
                return CommandResult(0, "true\n" if self.runs else "false\n")
            case ("wait", *_):
                return CommandResult(None, "") if self.runs else CommandResult(0, "78\n")
            case ("logs", *_):
                return CommandResult(0, self.log)
        raise AssertionError(arguments)


def announced(image: LocalImage, engine: Published, client: RunClient = HERE) -> Announcement:
    return announcement(Container(Engine(engine), "one"), launch_of(image, RunOptions(), "one"), client)


SAID = "image-matrix: open http://127.0.0.1:8888/lab?token=0a1b\n"


@pytest.mark.parametrize(
    ("log", "path", "access"),
    [
        (SAID, "/lab?token=0a1b", "token"),
        ("image-matrix: http://127.0.0.1:8888/lab asks for the value of JUPYTER_TOKEN\n", "/lab", "own"),
        ("image-matrix: warning: http://127.0.0.1:8888/lab asks for no login\n", "/lab", "none"),
    ],
)
def test_the_address_is_the_one_that_the_image_announces(log: str, path: str, access: Access) -> None:
    with server(302) as port:
        told = announced(LAB, Published({8888: port}, log=log))
        assert told == Announcement(f"http://127.0.0.1:{port}{path}", (ACCESS[access],))
        elsewhere = announced(LAB, Published({8888: port}, log=log), RunClient({}, ("docker.example.org",)))
        assert elsewhere.address == told.address


def test_a_page_below_a_prefix_is_open_to_this_machine() -> None:
    below = replace(LAB, start=Start(("/init",), (8888,), {"NB_PREFIX": "/a"}))
    with server(200) as port:
        told = announced(below, Published({8888: port}))
    assert told == Announcement(f"http://127.0.0.1:{port}/a/lab", (OPEN_PAGE,))


def test_of_a_kind_that_is_not_built_in_nothing_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRINTED", 0.0)
    with server(200) as port:
        told = announced(replace(LAB, served="other"), Published({8888: port}))
    assert told == Announcement(f"http://127.0.0.1:{port}/", (UNKNOWN,))


def test_a_proxy_that_answers_before_the_page_is_waited_for() -> None:
    with server(502, 502, 502, 302) as port:
        told = announced(replace(LAB, served="codeserver"), Published({8888: port}, log=SAID))
    assert told.address == f"http://127.0.0.1:{port}/lab?token=0a1b"


def test_a_foreign_server_s_token_is_in_the_address() -> None:
    log = "http://127.0.0.1:8888/lab?token=0a1b\n"
    with server(302) as port:
        told = announced(STACK, Published({8888: port}, log=log))
    assert told == Announcement(f"http://127.0.0.1:{port}/lab?token=0a1b")


def test_the_port_that_answers_is_the_address_and_the_others_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "PRINTED", 0.0)
    with server(404) as port:
        told = announced(SERVICE, Published({8888: 1, 5000: port, 9090: 2}))
    assert told.address == f"http://127.0.0.1:{port}/"
    assert told.notes == (
        "port 8888 of the container is 127.0.0.1:1",
        "port 9090 of the container is 127.0.0.1:2",
    )


def test_another_protocol_has_no_scheme() -> None:
    with listener(b"220 ready\r\n") as address:
        told = announced(STACK, Published({8888: int(address.rpartition(":")[2])}))
    assert told == Announcement(address)


def test_a_container_that_ends_before_is_a_failure_with_its_code() -> None:
    for engine in (Published({8888: 1}, runs=False), Published({}, runs=False)):
        with pytest.raises(Failure, match="ended with exit code 78 before it answered"):
            announced(LAB, engine)
        with pytest.raises(Failure, match="ended with exit code 78 before it answered"):
            announced(LAB, engine, RunClient({}, ("docker.example.org",)))


def test_a_container_that_stays_silent_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("image_matrix.running.announcement.page_answers", lambda *_: False)
    monkeypatch.setattr("image_matrix.running.announcement.first_answer", lambda *_: None)
    told = announced(LAB, Published({8888: 1}))
    assert told.address == "http://127.0.0.1:1/lab"
    assert told.notes == ("nothing has answered within 60 seconds; the container is still running",)
    assert announced(STACK, Published({8888: 1})).address == "http://127.0.0.1:1/"


def test_an_engine_elsewhere_is_not_asked_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANNOUNCED", 0.0)
    told = announced(LAB, Published({8888: 32768}), RunClient({}, ("me@docker.example.org",)))
    assert told.address == "http://127.0.0.1:32768/lab"
    assert "`ssh -N -L 32768:127.0.0.1:32768 me@docker.example.org`" in told.notes[0]


def test_waiting_ends_with_the_deadline() -> None:
    with server(502) as port:
        assert not waiting.page_answers(port, "/", lambda: True, 0.1)
    assert waiting.first_answer({8888: 1}, lambda: True, 0.1) is None
    assert waiting.status(1, "/") is None
    assert waiting.printed_login(Container(Engine(Recorder()), "x"), 8888) is None
