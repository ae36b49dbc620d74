"""`ci plan` as a run calls it: a real repository, a registry on this machine, GitHub's files."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MATRIX = """\
version: 1
registry: {host}/notebooks
platforms: [linux/amd64]
axes: {{python: ["3.13"]}}
sources: {{debian: docker.io/library/debian:trixie-slim}}
images:
  base: {{from: debian, axes: [python]}}
  leaf: {{parent: base, pip: [six==1.17.0, jupyterhub==5.5.0]}}
  other: {{parent: base, pip: [toolz==1.0.0, jupyterhub==5.5.0]}}
build: {{scan: {{tool: none}}}}
"""
DIGEST = "sha256:" + "1" * 64


class Registry(BaseHTTPRequestHandler):
    """Has exactly the tags in ``held``: ``leaf:TAG``, ``staging/leaf:TAG``."""

    held: set[str]

    def do_HEAD(self) -> None:
        name = self.path.removeprefix("/v2/notebooks/").replace("/manifests/", ":")
        self.send_response(200 if name in self.held else 404)
        self.send_header("Docker-Content-Digest", DIGEST)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@dataclass
class Place:
    """A repository whose images are all in the registry."""

    root: Path
    held: set[str]
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def __call__(self, *arguments: str) -> tuple[int, str]:
        self.capture.readouterr()
        code = run(["-C", str(self.root), *arguments])
        shown = self.capture.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
        done = subprocess.run(
            ["git", "-C", str(self.root), *identity, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def change(self, old: str, new: str, *, render: bool = True) -> str:
        """Edit the matrix and commit; return the commit."""
        path = self.root / "matrix.yaml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        return self.commit(render=render)

    def commit(self, *, render: bool = True) -> str:
        if render:
            assert self("render")[0] == 0
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")
        return self.git("rev-parse", "HEAD")

    def tags(self, prefix: str = "") -> set[str]:
        entries = json.loads(self("plan", "--format", "json")[1])["build"]
        return {f"{prefix}{entry['variant'].partition(':')[0]}:{entry['tag']}" for entry in entries}

    def plan(
        self, base: str, head: str = "HEAD", repository: str = "example/notebooks"
    ) -> tuple[int, str, dict[str, str]]:
        """Run `ci plan` for a pull request; return the exit code, the comment and the outputs."""
        files = {name: self.root.parent / name for name in ("event", "output", "summary", "comment")}
        item = {
            "number": 7,
            "user": {"login": "someone"},
            "head": {"sha": self.git("rev-parse", head), "repo": {"full_name": repository}},
            "base": {"sha": base, "repo": {"full_name": "example/notebooks"}},
        }
        files["event"].write_text(json.dumps({"pull_request": item}))
        files["output"].write_text("")
        files["summary"].write_text("")
        files["comment"].unlink(missing_ok=True)
        for name, value in {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": files["event"],
            "GITHUB_OUTPUT": files["output"],
            "GITHUB_STEP_SUMMARY": files["summary"],
            "IMAGE_MATRIX_STAGING": "true",
        }.items():
            self.patch.setenv(name, str(value))
        code, _ = self("ci", "plan", "--comment", str(files["comment"]))
        comment = files["comment"].read_text()
        assert files["summary"].read_text() == comment
        outputs = dict(line.split("=", 1) for line in files["output"].read_text().splitlines())
        return code, comment, outputs


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    handler = type("Held", (Registry,), {"held": set()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = tmp_path / "work"
        root.mkdir()
        (root / "matrix.yaml").write_text(MATRIX.format(host=f"127.0.0.1:{server.server_port}"))
        made = Place(root, handler.held, capsys, monkeypatch)  # type: ignore[attr-defined]
        made.git("init", "--quiet", "--initial-branch=main")
        made.commit()
        made.held |= made.tags()
        yield made
        server.shutdown()


def test_a_change_is_built_and_still_told_when_it_was_built(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("six==1.17.0", "six==1.16.0")
    code, comment, outputs = place.plan(base)
    assert (code, json.loads(outputs["legs"])) == (0, {"leaf-amd64": ["python3.13"]})
    assert outputs["base"] == base
    assert "(six==1.17.0 → six==1.16.0) |" in comment
    assert "They are built and tested now" in comment
    place.held |= place.tags("staging/")
    code, comment, outputs = place.plan(base)
    assert (code, outputs["legs"]) == (0, "{}")
    assert "(six==1.17.0 → six==1.16.0) (built already) |" in comment
    assert "No image changes" not in comment


def test_what_was_not_rendered_is_in_the_comment(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("six==1.17.0", "six==1.16.0", render=False)
    code, comment, outputs = place.plan(base)
    assert (code, outputs["render"]) == (0, "false")
    assert "out of date, so nothing is built.** Run `image-matrix render`" in comment
    assert "`images/leaf/python3.13/Dockerfile`" in comment
    place.commit()
    assert "out of date" not in place.plan(base)[1]


def test_what_githubs_own_token_may_push_is_rendered_for_the_author(place: Place) -> None:
    """It may change no workflow, and another image is another job."""
    place.change("{scan: {tool: none}}", "{scan: {tool: none}, commit_rendered: true}")
    base = place.change("six==1.17.0", "six==1.16.0", render=False)
    _, comment, outputs = place.plan(base)
    assert (outputs["render"], "This run commits them" in comment) == ("true", True)
    base = place.change("  other:", "  another: {parent: base, pip: [toolz==1.0.0]}\n  other:", render=False)
    _, comment, outputs = place.plan(base)
    assert outputs["render"] == "false"
    assert "so this run commits nothing. Run `image-matrix render`" in comment
    place.patch.setenv("IMAGE_MATRIX_HAS_TOKEN", "true")
    assert place.plan(base)[2]["render"] == "true"
    assert place.plan(base, repository="somebody/fork")[2]["render"] == "false"


def test_what_floats_is_in_the_comment_and_stops_a_run_that_requires_the_lock(place: Place) -> None:
    base = place.change("six==1.17.0", "six==1.16.0")
    assert "Not in the lock, so another build may get other versions" in place.plan(base)[1]
    base = place.change("{scan: {tool: none}}", "{scan: {tool: none}, require_lock: true}")
    _, comment, _ = place.plan(base)
    assert "**The lock says nothing about " in comment
    assert "Not in the lock" not in comment
    assert place("check", "--locked")[0] == 1


def test_generated_files_are_compared_without_the_overlay_of_a_site(place: Place, tmp_path: Path) -> None:
    overlay = tmp_path / "site.yaml"
    overlay.write_text("sources: {debian: mirror.example.org/debian:trixie-slim}\n")
    place.patch.setenv("IMAGE_MATRIX_OVERLAY", str(overlay))
    assert "out of date" not in place.plan(place.git("rev-parse", "HEAD"))[1]


def test_a_profile_that_users_have_stored_is_in_the_comment(place: Place) -> None:
    profiles = "profiles: {first: {display_name: One, images: [leaf]}, second: {display_name: Two, images: [other]}}\n"
    base = place.change("build:", f"{profiles}build:")
    place.change("second: {display_name", "renamed: {display_name")
    code, comment, _ = place.plan(base)
    assert code == 0
    assert f"> - the profile `second` of {base[:12]} is gone: renamed? add `aliases: [second]` to" in comment


def test_what_others_have_merged_meanwhile_is_not_this_pull_requests_change(place: Place) -> None:
    old = place.git("rev-parse", "HEAD")
    place.git("checkout", "--quiet", "-b", "change")
    head = place.change("six==1.17.0", "six==1.16.0")
    place.git("checkout", "--quiet", "main")
    merged = place.change("toolz==1.0.0", "toolz==0.12.0")
    place.held |= place.tags()
    place.git("merge", "--quiet", "--no-ff", "--no-commit", "-s", "ours", "change")
    place.change("six==1.17.0", "six==1.16.0")
    assert place.git("rev-parse", "HEAD^1", "HEAD^2").split() == [merged, head]
    _, comment, _ = place.plan(old, head)
    assert "`leaf:python3.13`" in comment
    assert "toolz" not in comment
    _, comment, _ = place.plan(old, "main")
    assert "toolz" in comment, "where something else is checked out, the event's base counts"


def test_a_fork_plans_without_the_registry(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("six==1.17.0", "six==1.16.0")
    _, comment, outputs = place.plan(base, repository="stranger/notebooks")
    assert (outputs["legs"], outputs["fork"]) == ("{}", "leaf:python3.13")
    assert "can push nothing" in comment


def test_a_registry_that_does_not_answer_is_said_where_people_look(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    (host,) = [line for line in (place.root / "matrix.yaml").read_text().splitlines() if "registry:" in line]
    place.change(host, "registry: 127.0.0.1:9/notebooks")
    code, comment, outputs = place.plan(base)
    assert (code, outputs) == (3, {})
    assert "**There is no plan.** Nothing is built until this is mended:" in comment
    assert "error: the registry gives no answer" in comment


def test_a_mistake_is_said_where_people_look(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("parent: base, pip: [six", "parent: bsae, pip: [six", render=False)
    code, comment, _ = place.plan(base)
    assert code == 2
    assert "did you mean `base`?" in comment
