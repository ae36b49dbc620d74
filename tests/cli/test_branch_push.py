"""The update is pushed without loss, and made by GitHub where commits are to be verified."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.branch_push import publish
from image_matrix.cli.branch_update import prepare
from image_matrix.cli.session import Session
from image_matrix.errors import Failure
from tests.cli.listed_place import Reports, listed, reports, rolled_back
from tests.cli.release_place import BAD, DAY, GOOD, LAB, NEXT, SCIENCE, Place, place, project, state
from tests.running_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["listed", "place", "project", "reports", "state"]


@pytest.mark.slow
def test_what_somebody_else_pushed_meanwhile_is_not_lost(place: Place) -> None:
    place.release()
    session = Session(place.git.root, "matrix.yaml", (), -1)
    place.commit("An edit")
    every = {**dict.fromkeys(place.state.loaded.variants, GOOD), SCIENCE: BAD}
    update = prepare(session, place.state, place.git, every, place.registry)
    with place.on_branch():
        place.commit("Meanwhile")
    before = place.tip()
    with pytest.raises(Failure, match=r"non-fast-forward|fetch first"):
        publish(session, place.git, update, DAY)
    assert place.tip() == before
    place.release(science=BAD)
    assert place.offered()[SCIENCE]["digest"] == BAD


class Hub(BaseHTTPRequestHandler):
    """GitHub's API on top of a bare repository: trees, commits and branches."""

    remote: Path
    asked: list[str]

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_PATCH(self) -> None:
        self.do_POST()

    def answer(self, body: dict[str, Any]) -> None:
        what = self.path.partition("/git/")[2]
        self.asked.append(f"{self.command} {what}")
        if what == "trees":
            sha = self.tree(body)
        elif what == "commits":
            parents = [part for parent in body["parents"] for part in ("-p", parent)]
            sha = self.git("commit-tree", body["tree"], *parents, "-m", body["message"])
        else:
            sha = body["sha"]
            branch = body.get("ref", f"refs/{what.removeprefix('refs/')}")
            self.git("update-ref", branch, sha)
        content = json.dumps({"sha": sha}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def tree(self, body: dict[str, Any]) -> str:
        index = {"GIT_INDEX_FILE": str(self.remote / "index-of-the-api")}
        self.git("read-tree", body.get("base_tree", "--empty"), **index)
        for entry in body["tree"]:
            if "content" in entry:
                blob = self.git("hash-object", "-w", "--stdin", stdin=entry["content"])
                self.git(
                    "update-index", "--add", "--cacheinfo", f"{entry['mode']},{blob},{entry['path']}", **index
                )
            else:
                self.git("update-index", "--force-remove", entry["path"], **index)
        return self.git("write-tree", **index)

    def git(self, *arguments: str, stdin: str = "", **variables: str) -> str:
        who = {
            f"GIT_{role}_{field}": "github" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            ["git", "-C", str(self.remote), *arguments],
            input=stdin, capture_output=True, text=True, check=True, env={**os.environ, **who, **variables},
        )  # fmt: skip
        return done.stdout.strip()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@contextmanager
def hub_of(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Have an API of GitHub for the time of a ``with``; yield what it is asked."""
    asked: list[str] = []
    handler = type("OfPlace", (Hub,), {"remote": place.remote, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with running(server), monkeypatch.context() as variables:
        variables.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        variables.setenv("GITHUB_REPOSITORY", "example/notebooks")
        variables.setenv("GITHUB_TOKEN", "of-the-tests")
        yield asked


@pytest.mark.slow
def test_a_verified_commit_is_made_by_github(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub_of(place, monkeypatch) as asked:
        assert "3 of 3 released" in place.release(verified=True)
        assert place.offered()[LAB]["digest"] == GOOD
        said = place.release(verified=True, lab=NEXT)
    assert asked == [
        "POST trees", "POST commits", "POST refs", "POST trees", "POST commits", "PATCH refs/heads/release",
    ]  # fmt: skip
    assert f"{place.tip()[:12]} on release" in said
    assert place.offered()[LAB]["digest"] == NEXT
    command = [
        "git",
        "-C",
        str(place.remote),
        "log",
        "--format=%an %s %(trailers:key=Source-Commit)",
        "release",
    ]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert log.count("github ") == 2
    assert log.count("Source-Commit: ") == 2
    # what the API wrote is what git would have written
    assert "release is up to date" in place.release(lab=NEXT)


@pytest.mark.slow
def test_a_page_alone_is_made_by_github_too(
    listed: Place, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = rolled_back(listed)
    before, reports.day = later.tip(), "2026-11-29"
    with hub_of(later, monkeypatch) as asked:
        assert "its page alone" in later.release(verified=True, science=BAD)
    assert asked == ["POST trees", "POST commits", "PATCH refs/heads/release"]
    assert later.git("diff", "--name-only", before, later.tip()) == "deploy/catalog.html"
    assert "2026-11-29" in later.shown("deploy/catalog.html")
