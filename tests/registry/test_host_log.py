"""The hosts that a request passed are noted: redirects, and token servers of registries."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.registry.exchange import ConnectionFailed, HttpRequest
from image_matrix.registry.host_log import HostLog, origin
from image_matrix.registry.http import network

if TYPE_CHECKING:
    from collections.abc import Iterator


class Answers(BaseHTTPRequestHandler):
    """Redirects to the same server under another name, and asks for a token."""

    def do_GET(self) -> None:
        port = self.server.server_port  # type: ignore[attr-defined]  # of an HTTP server
        if self.path == "/sent-on":
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{port}/file")
        elif self.path == "/file":
            self.send_response(200)
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Bearer realm="https://auth.example.org/token",service="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@contextmanager
def server() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running.server_port
        running.shutdown()
        thread.join()


def test_redirects_and_token_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    host_log = HostLog()
    http = network(host_log=host_log)
    with server() as port:
        http.touch(f"http://127.0.0.1:{port}/sent-on")
        assert host_log.hosts == {f"http://127.0.0.1:{port}": {f"http://localhost:{port}"}}
        http.send(HttpRequest("GET", f"http://localhost:{port}/v2/"))
        assert host_log.hosts[f"http://localhost:{port}"] == {"https://auth.example.org"}
        with pytest.raises(ConnectionFailed, match="asks for a login"):
            http.touch(f"http://127.0.0.1:{port}/v2/")
        http.session.close()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Example.org:443/a?b", "https://example.org"),
        ("http://user:secret@example.org:80/x", "http://example.org"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("git+https://example.org/x@1", "https://example.org"),
        ("http://[::1]:5000/v2/", "http://[::1]:5000"),
    ],
)
def test_an_origin_has_no_login_and_no_usual_port(address: str, expected: str) -> None:
    assert origin(address) == expected


@given(
    st.from_regex(
        r"https?://([a-z]+:[a-z]+@)?[a-z]{1,9}(\.[a-z]{2,5}){1,2}(:[1-9][0-9]{0,3})?(/[a-z]*)?",
        fullmatch=True,
    )
)
def test_the_origin_of_an_origin_is_itself(address: str) -> None:
    assert origin(origin(address)) == origin(address)
    assert "@" not in origin(address)
