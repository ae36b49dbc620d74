"""Files over the real network, from a server that refuses for a moment."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.http import network
from image_matrix.registry.patience import Patience, retry_of_transfer
from image_matrix.retry import ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = b"You have exceeded a secondary rate limit."


class Files(BaseHTTPRequestHandler):
    """Answers with each of ``answers`` once, then with the file."""

    answers: list[tuple[int, bytes, dict[str, str]]]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, body, headers = self.answers.pop(0) if self.answers else (200, b"content", {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@contextmanager
def serving(*answers: tuple[int, bytes, dict[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Give the server's address and what it was asked for."""
    handler = type("Fresh", (Files,), {"answers": [*answers], "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
        server.shutdown()


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([(429, b"", {"Retry-After": "7"}), (503, b"", {})], [7.0, 2.0]),
        ([(403, LIMIT, {})], [1.0]),
    ],
)
def test_a_server_that_refuses_for_a_moment_is_waited_for(
    answers: list[tuple[int, bytes, dict[str, str]]], pauses: list[float]
) -> None:
    taken: list[float] = []
    with serving(*answers) as (address, _):
        assert network().whole(f"{address}/file", taken.append) == [b"content"]
    assert taken == pauses


@pytest.mark.parametrize("status", [403, 404])
def test_a_file_that_is_not_there_is_said_at_once(status: int) -> None:
    taken: list[float] = []
    with (
        serving((status, b"no", {})) as (address, _),
        pytest.raises(ConnectionFailed, match=f"HTTP {status}"),
    ):
        network().whole(f"{address}/file", taken.append)
    assert taken == []


def test_a_host_is_waited_for_in_vain_once() -> None:
    taken: list[float] = []
    patience, world = Patience(taken.append), network()
    with serving(*[(503, b"", {})] * 99) as (address, asked):
        for name in ("a", "b"):
            with pytest.raises(ConnectionFailed, match="HTTP 503"):
                patience.ask(
                    f"{address}/{name}", lambda: [*world.stream(f"{address}/file")], retry_of_transfer
                )
    assert len(asked) == ATTEMPTS + 1
    assert len(taken) == ATTEMPTS - 1
