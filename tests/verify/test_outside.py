"""Requests through published ports, to servers of this test."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from image_matrix.verify.outside import answering, page_result

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = {"/": (403, ""), "/status": (200, "all is well"), "/gone": (404, "")}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, text = PAGES[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def listener(answer: bytes | None) -> Iterator[str]:
    """A server that answers in another protocol, or, without an answer, closes each connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                with link, suppress(OSError):
                    if answer is not None:
                        link.sendall(answer)
                        link.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield "127.0.0.1:" + str(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.slow
def test_any_status_is_an_answer(address: str) -> None:
    assert answering(["127.0.0.1:1", address], lambda: True, 5) == address


def test_a_server_of_another_protocol_answers() -> None:
    with listener(b"SSH-2.0-x\r\n") as address:
        assert answering([address], lambda: True, 5) == address


def test_a_proxy_that_closes_at_once_does_not() -> None:
    with listener(None) as address:
        assert answering([address], lambda: False, 5) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "expected", "problem"),
    [
        ("status", "well", ""),
        ("status", "ill", "`ill` is not in the answer: all is well"),
        ("gone", "", "/gone answers 404"),
    ],
)
def test_a_page_has_status_200_and_the_text(address: str, path: str, expected: str, problem: str) -> None:
    result = page_result(path, expected, address)
    assert (result.name, result.status) == (f"http {path}", "failed" if problem else "passed")
    assert result.detail == problem


def test_a_page_of_an_image_that_does_not_answer() -> None:
    assert page_result("status", "", None).detail == "no port answers"
