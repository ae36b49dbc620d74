"""GitHub's API for one pull request, as far as runs ask it: comments, or the pull requests of one branch."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Comments(BaseHTTPRequestHandler):
    """GitHub's API for the comments of one pull request, or for the pull requests of one branch."""

    kept: dict[int, str]
    job: str

    def answer(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> str:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return f"{said.get('title', '')}{said['body']}"

    def do_GET(self) -> None:
        if "/jobs?" in self.path:
            return self.answer({"jobs": [{"name": self.job, "conclusion": "success"}]})
        user = {"login": "github-actions[bot]"}
        found = [
            {"id": number, "number": number, "body": text, "user": user} for number, text in self.kept.items()
        ]
        return self.answer(found if not self.path.endswith("&page=2") else [])

    def do_POST(self) -> None:
        if self.path.endswith("/workflows/images.yaml/dispatches"):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer({})
            return
        self.kept[len(self.kept) + 1] = self.body()
        self.answer({"html_url": "https://github.example.org/1"})

    def do_PATCH(self) -> None:
        self.kept[int(self.path.rpartition("/")[2])] = self.body()
        self.answer({"html_url": "https://github.example.org/1"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@contextmanager
def github_api(job: str = "jupyter-scipy (amd64) (python3.13)") -> Iterator[tuple[str, dict[int, str]]]:
    """Serve the API on this machine; yield its address, and the texts that it keeps by number.

    A run has one job there, which passed.
    """
    handler = type("Kept", (Comments,), {"kept": {}, "job": job})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.kept  # type: ignore[attr-defined]
        server.shutdown()
