"""The API's calls against a server on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.github.api import (
    Api,
    PermissionDenied,
    Rejected,
    amend_comment,
    open_api,
    open_pull_requests,
    start_workflow,
    upsert_comment,
    upsert_pull_request,
)
from image_matrix.github.branch_commit import AUTHOR
from image_matrix.github.comment import MARKER
from image_matrix.github.outcome import OUTCOME, jobs_of_run
from image_matrix.registry.exchange import Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


class Server(BaseHTTPRequestHandler):
    comments: list[dict[str, Any]]
    pulls: list[dict[str, Any]]
    jobs: list[dict[str, Any]]
    refuse = 0
    limits = 0
    """Requests that are refused for a secondary rate limit."""
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
        if self.limits:
            type(self).limits -= 1
            self._reply({"message": "You have exceeded a secondary rate limit."}, 403)
        elif self.refuse:
            self._reply({"message": "Resource not accessible by integration"}, self.refuse)
        elif self.command == "GET" and "/comments" in self.path:
            page = int(self.path.rpartition("=")[2])
            self._reply(self.comments[(page - 1) * 100 : page * 100])
        elif self.command == "GET" and "/jobs?" in self.path:
            page = int(self.path.rpartition("=")[2])
            self._reply({"jobs": self.jobs[(page - 1) * 100 : page * 100]})
        elif self.command == "GET":
            self._reply(self.pulls)
        elif self.command == "POST":
            kept = self.comments if "/comments" in self.path else self.pulls
            answer = {"id": len(kept), "number": len(kept), "html_url": "https://example.org"}
            kept.append({**answer, "user": {"login": AUTHOR}, **body})
            self._reply(kept[-1], 201)
        else:
            kept = self.comments if "/comments" in self.path else self.pulls
            kept[int(self.path.rpartition("/")[2])].update(body)
            self._reply({"html_url": "https://example.org"})

    do_GET = do_POST = do_PATCH = _handle  # noqa: N815 - the base class' names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@pytest.fixture
def server(pauses: list[float]) -> Iterator[tuple[Api, Any]]:  # noqa: ARG001 - nobody waits
    handler = type("Fresh", (Server,), {"comments": [], "pulls": [], "jobs": [], "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield open_api(f"http://127.0.0.1:{running.server_port}", "example/notebooks", "secret"), handler
        running.shutdown()


def test_there_is_one_comment(server: tuple[Api, Any]) -> None:
    api, kept = server
    kept.comments += [{"id": number, "body": "someone else's", "user": None} for number in range(120)]
    upsert_comment(api, 7, f"{MARKER} first", MARKER, AUTHOR)
    upsert_comment(api, 7, f"{MARKER} second", MARKER, AUTHOR)
    assert [item["body"] for item in kept.comments[120:]] == [f"{MARKER} second"]
    assert "/repos/example/notebooks/issues/7/comments" in kept.seen[0]


def test_a_comment_of_somebody_else_is_left_alone(server: tuple[Api, Any]) -> None:
    """Its author could edit the plan afterwards."""
    api, kept = server
    theirs = {"id": 0, "body": f"{MARKER} planted", "user": {"login": "mallory"}}
    kept.comments.append(dict(theirs))
    upsert_comment(api, 7, f"{MARKER} ours", MARKER, AUTHOR)
    assert kept.comments[0] == theirs
    assert [item["body"] for item in kept.comments[1:]] == [f"{MARKER} ours"]


def test_the_end_of_the_comment_is_replaced(server: tuple[Api, Any]) -> None:
    api, kept = server
    assert amend_comment(api, 7, "nobody reads it", OUTCOME, MARKER, AUTHOR) is None
    upsert_comment(api, 7, f"{MARKER}\nthe plan\n", MARKER, AUTHOR)
    for text in ("first", "second"):
        assert amend_comment(api, 7, text, OUTCOME, MARKER, AUTHOR) == "https://example.org"
    assert [item["body"] for item in kept.comments] == [f"{MARKER}\nthe plan\n\n{OUTCOME}\nsecond"]


def test_the_command_says_what_came_of_a_run(
    server: tuple[Api, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, kept = server
    matrix = {
        "version": 1,
        "registry": "ghcr.io/example/notebooks",
        "sources": {"debian": "docker.io/library/debian:trixie-slim"},
        "images": {"base": {"from": "debian"}, "lab": {"from": "base"}},
    }
    (tmp_path / "matrix.yaml").write_text(json.dumps(matrix))
    event: dict[str, Any] = {
        "pull_request": {
            "number": 7,
            "head": {"repo": {"full_name": "a/b"}},
            "base": {"repo": {"full_name": "a/b"}},
        }
    }
    event["pull_request"]["base"]["sha"] = "0" * 40
    (tmp_path / "event.json").write_text(json.dumps(event))
    for name, value in {
        "GITHUB_API_URL": api.base.partition("/repos/")[0],
        "GITHUB_REPOSITORY": "example/notebooks",
        "GITHUB_TOKEN": "secret",
        "GITHUB_RUN_ID": "17",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }.items():
        monkeypatch.setenv(name, value)
    upsert_comment(api, 7, f"{MARKER}\nthe plan", MARKER, AUTHOR)
    kept.jobs = [{"name": "Build base:default (amd64)", "conclusion": "failure"}]
    assert run(["-C", str(tmp_path), "ci", "outcome"]) == 0
    summary = (tmp_path / "summary").read_text()
    assert "| `lab:default` | not built for amd64: `base:default` failed |" in summary
    assert kept.comments[0]["body"] == f"{MARKER}\nthe plan\n\n{OUTCOME}\n{summary}"


def test_all_jobs_of_a_run_are_read(server: tuple[Api, Any]) -> None:
    api, kept = server
    kept.jobs = [{"name": f"Build base:{number} (amd64)"} for number in range(230)]
    assert jobs_of_run(api, "17") == kept.jobs
    assert kept.seen[-1].endswith("/actions/runs/17/jobs?filter=latest&per_page=100&page=3")


def test_there_is_one_pull_request(server: tuple[Api, Any]) -> None:
    api, kept = server
    upsert_pull_request(api, "example", "lock", "main", "First", "body")
    upsert_pull_request(api, "example", "lock", "main", "Second", "body")
    assert [(item["title"], item["head"]) for item in kept.pulls] == [("Second", "lock")]


def test_a_workflow_is_started_on_a_branch(server: tuple[Api, Any]) -> None:
    api, kept = server
    start_workflow(api, "images.yaml", "team/change")
    assert kept.seen == ["POST /repos/example/notebooks/actions/workflows/images.yaml/dispatches"]
    assert [item["ref"] for item in kept.pulls] == ["team/change"]
    kept.refuse = 404
    with pytest.raises(Failure, match="the commit is on team/change") as caught:
        start_workflow(api, "images.yaml", "team/change")
    assert caught.value.help == "close and reopen the pull request, which starts it"


def test_a_branch_is_part_of_no_other_question(server: tuple[Api, Any]) -> None:
    api, kept = server
    open_pull_requests(api, "example", "a&base=other")
    assert kept.seen == ["GET /repos/example/notebooks/pulls?state=open&head=example:a%26base%3Dother"]


def test_a_token_that_can_only_read_is_told_apart(server: tuple[Api, Any]) -> None:
    api, kept = server
    kept.refuse = 403
    with pytest.raises(PermissionDenied, match="Resource not accessible"):
        upsert_comment(api, 7, MARKER, MARKER, AUTHOR)
    kept.refuse = 422
    with pytest.raises(Rejected, match="HTTP 422"):
        upsert_comment(api, 7, MARKER, MARKER, AUTHOR)


def test_a_limit_is_waited_for_and_is_no_missing_permission(
    server: tuple[Api, Any], pauses: list[float]
) -> None:
    api, kept = server
    kept.limits = 2
    upsert_comment(api, 7, f"{MARKER} first", MARKER, AUTHOR)
    assert (len(kept.comments), pauses) == (1, [1.0, 2.0])
    kept.limits = 99
    with pytest.raises(
        EnvironmentFailure, match=r"limits the number of requests: .*secondary rate limit"
    ) as caught:
        upsert_comment(api, 7, f"{MARKER} second", MARKER, AUTHOR)
    assert "in a few minutes" in caught.value.help


def test_a_comment_that_may_have_been_written_is_not_written_twice(
    server: tuple[Api, Any], pauses: list[float]
) -> None:
    api, kept = server
    kept.refuse = 502
    with pytest.raises(EnvironmentFailure, match="HTTP 502"):
        api.call("POST", "/issues/7/comments", {"body": "once"})
    assert (len(kept.seen), pauses) == (1, [])


def test_the_token_is_not_shown(server: tuple[Api, Any]) -> None:
    assert "secret" not in repr(server[0])


def test_nobody_answers(pauses: list[float]) -> None:
    with pytest.raises(EnvironmentFailure, match="no answer"):
        open_api("http://127.0.0.1:9", "example/notebooks", "secret").call("GET", "/")
    assert len(pauses) == 3


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"{", b"\xff", b"[" * 100_000])
def test_a_page_in_place_of_json_is_no_bug(body: bytes) -> None:
    """A proxy, or GitHub Enterprise Server, answers with its login page."""
    api = Api(lambda _: Response(200, {}, body), "https://github.example.org/api/v3/repos/a/b", {})
    with pytest.raises(EnvironmentFailure) as caught:
        open_pull_requests(api, "a", "c")
    assert caught.value.message.startswith(
        "GitHub's API: GET https://github.example.org/api/v3/repos/a/b/pulls?state=open&head=a:c answers HTTP 200"
    )
    assert "GITHUB_API_URL" in caught.value.help
