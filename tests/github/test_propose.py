"""`ci propose`: a pull request of what the lock and its rendering changed, against a real remote and an API here."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from image_matrix.github.lock_pull_request import LISTED, handed_on, proposal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
sources: {debian: docker.io/library/debian:trixie-slim}
images: {base: {from: debian, kind: base}}
"""
LOCK = "version: 1\nsources:\n  docker.io/library/debian:trixie-slim:\n    digest: sha256:%s\n"


@dataclass
class Hub:
    """What the API was asked for, and what it answers."""

    status: int = 201
    pulls: list[dict[str, Any]] = field(default_factory=list)
    opened: list[dict[str, Any]] = field(default_factory=list)
    """Open pull requests from the branch."""
    edits: list[tuple[str, Any]] = field(default_factory=list)
    started: list[tuple[str, Any]] = field(default_factory=list)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    kept = Hub()

    class Handler(BaseHTTPRequestHandler):
        def reply(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.reply(200, kept.opened if "/pulls?state=open&head=example:lock" in self.path else [])

        def do_PATCH(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kept.edits.append((self.path, content))
            self.reply(200, {"html_url": "https://example.org/1"})

        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/dispatches"):
                kept.started.append((self.path, content))
                self.send_response(204)
                self.end_headers()
                return
            kept.pulls.append(content)
            self.reply(kept.status, {"html_url": "https://example.org/1", "message": "not permitted"})

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("GITHUB_REPOSITORY", "example/notebooks")
        monkeypatch.setenv("GITHUB_TOKEN", "of-the-tests")
        yield kept
        server.shutdown()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose lock was refreshed and not committed."""
    bare, work = tmp_path / "remote.git", tmp_path / "work"
    for command in (
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)],
        ["git", "clone", "--quiet", str(bare), str(work)],
    ):
        subprocess.run(command, check=True, capture_output=True)
    (work / "matrix.yaml").write_text(MATRIX)
    (work / "matrix.lock.yaml").write_text(LOCK % ("1" * 64))
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    for arguments in (["add", "--all"], [*identity, "commit", "--quiet", "--message=Start"]):
        position = 0 if arguments[0] == "add" else len(identity)
        subprocess.run(
            ["git", *arguments[:position], "-C", str(work), *arguments[position:]],
            check=True,
            capture_output=True,
        )
    (work / "matrix.lock.yaml").write_text(LOCK % ("2" * 64))
    return work


def propose(root: Path) -> int:
    call = ["ci", "propose", "--branch", "lock", "--title", "Refresh the lock", "--start", "images.yaml"]
    return run(["-C", str(root), *call])


STARTED = [("/repos/example/notebooks/actions/workflows/images.yaml/dispatches", {"ref": "lock"})]


def test_the_checks_of_a_commit_are_started_where_its_push_starts_none(
    root: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert propose(root) == 0
    assert hub.started == STARTED
    hub.started.clear()
    monkeypatch.setenv("IMAGE_MATRIX_HAS_TOKEN", "true")
    assert propose(root) == 0
    assert hub.started == []


def test_a_commit_for_the_author_is_pushed_and_checked(
    root: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    call = [
        "-C",
        str(root),
        "ci",
        "commit",
        "--branch",
        "lock",
        "--message",
        "Update",
        "--start",
        "images.yaml",
    ]
    assert run(call) == 0
    assert hub.started == STARTED
    remote = ["git", "-C", str(root.parent / "remote.git"), "show", "lock:matrix.lock.yaml"]
    assert "2" * 64 in subprocess.run(remote, check=True, capture_output=True, text=True).stdout
    (root / "matrix.lock.yaml").write_text(LOCK % ("1" * 64))
    capsys.readouterr()
    assert run(call) == 1
    assert "merge the base into it" in capsys.readouterr().err
    assert hub.started == STARTED, "nothing is started for nothing"


def test_the_plan_of_a_run_on_a_branch_is_a_comment_on_its_pull_request(
    root: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, comment = root.parent / "event.json", root.parent / "comment.md"
    event.write_text(json.dumps({"ref": "refs/heads/lock", "inputs": {}}))
    comment.write_text("the plan")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "workflow_dispatch")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    assert run(["ci", "comment", str(comment)]) == 0
    assert hub.pulls == [], "without a pull request from the branch there is nothing to comment on"
    hub.opened = [{"number": 4}]
    assert run(["ci", "comment", str(comment)]) == 0
    assert hub.pulls == [{"body": "the plan"}]


def test_a_reviewer_reads_what_moved(root: Path, hub: Hub) -> None:
    assert propose(root) == 0
    (pull,) = hub.pulls
    assert (pull["title"], pull["head"], pull["base"]) == ("Refresh the lock", "lock", "main")
    assert (
        "```text\nsource docker.io/library/debian:trixie-slim: sha256:111111111111 → sha256:222222222222\n```"
        in (pull["body"])
    )


@pytest.mark.parametrize("ref", ["refs/heads/change", "refs/tags/main"])
def test_a_run_of_another_branch_neither_proposes_its_commits_nor_closes_what_is_open(
    ref: str,
    root: Path,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GITHUB_REF", ref)
    hub.opened = [{"number": 7, "html_url": "https://example.org/7"}]
    for refreshed in ("2", "1"):
        (root / "matrix.lock.yaml").write_text(LOCK % (refreshed * 64))
        assert propose(root) == 1
        assert "from main alone" in capsys.readouterr().err
    assert (hub.pulls, hub.edits, hub.started) == ([], [], [])
    heads = ["git", "-C", str(root), "ls-remote", "origin", "lock"]
    assert subprocess.run(heads, check=True, capture_output=True).stdout == b""
    monkeypatch.setenv("GITHUB_REF", "refs/heads/main")
    assert propose(root) == 0
    assert len(hub.edits) == 1


def test_a_pull_request_that_proposes_nothing_any_more_is_closed(root: Path, hub: Hub) -> None:
    hub.opened = [{"number": 4}]
    (root / "matrix.lock.yaml").write_text(LOCK % ("1" * 64))
    assert propose(root) == 0
    assert hub.edits == [("/repos/example/notebooks/pulls/4", {"state": "closed"})]
    assert hub.pulls == []


def test_a_repository_that_forbids_it_is_told_where_to_allow_it(
    root: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.status = 403
    assert propose(root) == 1
    shown = capsys.readouterr().err
    assert "not permitted" in shown
    assert "help: let Actions create pull requests (Settings, Actions, General)" in shown


def test_it_fits() -> None:
    text = proposal([f"pip package-{number}: {'1' * 200} → 2" for number in range(2000)])
    assert len(text) < 65_536
    assert f"\nand {2000 - LISTED} more\n```" in text
    assert "The lock has not changed" in proposal([])


def test_what_could_not_be_reached_is_in_the_pull_request(
    root: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_MATRIX_UNREACHABLE", json.dumps(["nvcr.io/x: it asks for a login: ```"]))
    assert propose(root) == 0
    (pull,) = hub.pulls
    assert pull["body"].startswith("> [!WARNING]\n> **Not everything could be refreshed.**")
    assert (
        "\n> nvcr.io/x: it asks for a login:    \n> ```\n\n`image-matrix lock --upgrade` found"
        in pull["body"]
    )


def test_updates_of_apt_are_in_the_pull_request(
    root: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "apt openssl: 3.5.1-1 → 3.5.1-2 on debian, in base:default; CVE-2026-1234"
    monkeypatch.setenv("IMAGE_MATRIX_APT_UPDATES", handed_on([line]))
    assert propose(root) == 0
    assert f"\n{line}\n" in hub.pulls[0]["body"]


def test_a_refresh_that_reached_nothing_is_red_and_closes_nothing(
    root: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.opened = [{"number": 4}]
    monkeypatch.setenv("IMAGE_MATRIX_UNREACHABLE", '["nvcr.io/x: no answer"]')
    (root / "matrix.lock.yaml").write_text(LOCK % ("1" * 64))
    assert propose(root) == 3
    assert hub.edits == []


def test_the_list_of_failures_fits() -> None:
    assert len(proposal([], [f"source-{number}: {'x' * 500}" for number in range(500)])) < 10_000
