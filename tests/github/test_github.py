"""The API's calls against a server on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.github.api import Api, Refused, keep_comment, keep_pull_request, open_api
from image_matrix.github.comment import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server(BaseHTTPRequestHandler):
    comments: list[dict[str, Any]]
    pulls: list[dict[str, Any]]
    refuse = 0
    seen: list[str]

    def _reply(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        self.seen.append(f"{self.command} {self.path}")
        if self.refuse:
            self._reply({"message": "Resource not accessible by integration"}, self.refuse)
        elif self.command == "GET" and "/comments" in self.path:
            page = int(self.path.rpartition("=")[2])
            self._reply(self.comments[(page - 1) * 100 : page * 100])
        elif self.command == "GET":
            self._reply(self.pulls)
        elif self.command == "POST":
            kept = self.comments if "/comments" in self.path else self.pulls
            kept.append({"id": len(kept), "number": len(kept), "html_url": "https://example.org", **body})
            self._reply(kept[-1], 201)
        else:
            kept = self.comments if "/comments" in self.path else self.pulls
            kept[int(self.path.rpartition("/")[2])].update(body)
            self._reply({"html_url": "https://example.org"})

    do_GET = do_POST = do_PATCH = _handle  # noqa: N815 - the base class' names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[Api, Any]]:
    handler = type("Fresh", (Server,), {"comments": [], "pulls": [], "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield open_api(f"http://127.0.0.1:{running.server_port}", "example/notebooks", "secret"), handler
        running.shutdown()


def test_there_is_one_comment(server: tuple[Api, Any]) -> None:
    api, kept = server
    kept.comments += [{"id": number, "body": "someone else's"} for number in range(120)]
    keep_comment(api, 7, f"{MARKER} first", MARKER)
    keep_comment(api, 7, f"{MARKER} second", MARKER)
    assert [item["body"] for item in kept.comments[120:]] == [f"{MARKER} second"]
    assert "/repos/example/notebooks/issues/7/comments" in kept.seen[0]


def test_there_is_one_pull_request(server: tuple[Api, Any]) -> None:
    api, kept = server
    keep_pull_request(api, "example", "lock", "main", "First", "body")
    keep_pull_request(api, "example", "lock", "main", "Second", "body")
    assert [(item["title"], item["head"]) for item in kept.pulls] == [("Second", "lock")]


def test_a_token_that_can_only_read_is_told_apart(server: tuple[Api, Any]) -> None:
    api, kept = server
    kept.refuse = 403
    with pytest.raises(Refused, match="Resource not accessible"):
        keep_comment(api, 7, MARKER, MARKER)
    kept.refuse = 422
    with pytest.raises(EnvironmentFailure, match="HTTP 422"):
        keep_comment(api, 7, MARKER, MARKER)


def test_nobody_answers() -> None:
    with pytest.raises(EnvironmentFailure, match="no answer"):
        open_api("http://127.0.0.1:9", "example/notebooks", "secret").call("GET", "/")
