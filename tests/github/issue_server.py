"""GitHub's API of issues, with the pull requests of branches, as docs.github.com/rest describes it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.running_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator

BOT = {"login": "github-actions[bot]"}
PAGE = "https://github.example.org/example/notebooks"


class IssueServer(ThreadingHTTPServer):
    """The API, and what it keeps."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issues: list[dict[str, Any]] = []
        self.comments: list[str] = []
        self.pulls: list[dict[str, Any]] = []
        self.allowed = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, title: str, body: str, user: dict[str, str] = BOT, **more: Any) -> dict[str, Any]:
        number = len(self.issues) + 1
        issue = {"number": number, "title": title, "body": body, "state": "open", "user": user, **more}
        self.issues.append({**issue, "html_url": f"{PAGE}/issues/{number}"})
        return self.issues[-1]

    def propose(self, number: int, branch: str, body: str) -> None:
        """Open a pull request from a branch."""
        head = {"ref": branch, "label": f"example:{branch}"}
        self.pulls.append({"number": number, "head": head, "body": body, "html_url": f"{PAGE}/pull/{number}"})


class Handler(BaseHTTPRequestHandler):
    server: IssueServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
        """Say nothing."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path.endswith("/pulls"):
            return self.reply(
                200, [one for one in self.server.pulls if one["head"]["label"] == query["head"]]
            )
        found = [one for one in reversed(self.server.issues) if one["user"]["login"] == query["creator"]]
        size, page = int(query["per_page"]), int(query["page"])
        return self.reply(200, found[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        content = self.content()
        if not self.server.allowed:
            return self.reply(403, {"message": "Resource not accessible by integration"})
        if self.path.endswith("/comments"):
            self.server.comments.append(content["body"])
            return self.reply(201, {"html_url": f"{PAGE}/issues/comments/1"})
        return self.reply(201, self.server.add(content["title"], content["body"]))

    def do_PATCH(self) -> None:
        issue = self.server.issues[int(self.path.rpartition("/")[2]) - 1]
        issue.update(self.content())
        return self.reply(200, issue)

    def content(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return read

    def reply(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def issue_server() -> Iterator[IssueServer]:
    """Run the API for the time of a ``with``."""
    with running(IssueServer()) as server:
        yield server
