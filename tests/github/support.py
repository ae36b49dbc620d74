"""A repository whose images are in a registry on this machine, and that registry, which may refuse to answer."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from image_matrix.cli import run

if TYPE_CHECKING:
    import threading
    from collections import Counter
    from pathlib import Path

    import pytest

MATRIX = """\
version: 1
registry: {host}/notebooks
defaults: {{images: {{platforms: [linux/amd64]}}}}
axes: {{python: ["3.13"]}}
sources: {{debian: docker.io/library/debian:trixie-slim}}
images:
  base: {{from: debian, kind: base, axes: [python], pip: [uv==0.13.8]}}
  leaf: {{from: base, pip: [six==1.17.0, jupyterhub==5.5.0]}}
  other: {{from: base, pip: [toolz==1.0.0, jupyterhub==5.5.0]}}
release: {{scan: none}}
workflow: {{generator: "/opt/image-matrix[locked]"}}
"""
MANIFEST = b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"


@dataclass
class Refusal:
    """What the registry answers in place of the truth."""

    message: str
    names: tuple[str, ...] = ()
    """Beginnings of the names that it is about, such as ``leaf:``; all where there are none."""
    first: float = math.inf
    """How many requests are refused; later ones are answered."""
    status: int = 403
    headers: dict[str, str] = field(default_factory=dict)

    def takes(self, name: str) -> bool:
        """Say whether this request is refused, and count it."""
        if self.first <= 0 or not name.startswith(self.names or ("",)):
            return False
        self.first -= 1
        return True


class Registry(BaseHTTPRequestHandler):
    """Has exactly the tags in ``held``: ``leaf:TAG``, ``staging/leaf:TAG``."""

    held: set[str]
    asked: Counter[str]
    refusals: list[Refusal]
    uploads: list[int]
    lock: threading.Lock

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        name = self.path.removeprefix("/v2/notebooks/").replace("/manifests/", ":")
        with self.lock:
            self.asked[name] += 1
            refusal = next((one for one in self.refusals if one.takes(name)), None)
        if refusal:
            body = json.dumps({"errors": [{"code": "DENIED", "message": refusal.message}]}).encode()
            self.answer(refusal.status, body, refusal.headers)
        elif name in self.held:
            self.answer(200, MANIFEST, {"Docker-Content-Digest": DIGEST})
        else:
            self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}', {})

    def do_POST(self) -> None:
        self.answer(self.uploads[-1] if self.uploads else 202, b"", {})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@dataclass
class Place:
    """A repository whose images are all in the registry."""

    root: Path
    port: int
    held: set[str]
    asked: Counter[str]
    """How often the registry was asked for each name."""
    refusals: list[Refusal]
    """What the registry refuses to say; nothing at first."""
    uploads: list[int]
    """The status that the beginning of an upload is answered with, last; 202 if there is none."""
    pauses: list[float]
    """Seconds that were waited, or would have been."""
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def __call__(self, *arguments: str) -> tuple[int, str]:
        self.capture.readouterr()
        code = run(["-C", str(self.root), *arguments])
        shown = self.capture.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out

    def git(self, *arguments: str, stdin: str = "") -> str:
        identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
        command = ["git", "-C", str(self.root), *identity, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, input=stdin)
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
        item = {
            "number": 7,
            "user": {"login": "someone"},
            "head": {"sha": self.git("rev-parse", head), "repo": {"full_name": repository}},
            "base": {"sha": base, "repo": {"full_name": "example/notebooks"}},
        }
        return self.start("pull_request", {"pull_request": item}, staging=True)

    def push(self) -> tuple[int, str, dict[str, str]]:
        """Run `ci plan` for a push to the default branch."""
        return self.start("push", {"before": self.git("rev-parse", "HEAD")}, staging=False)

    def start(self, name: str, payload: dict[str, Any], *, staging: bool) -> tuple[int, str, dict[str, str]]:
        files = {name: self.root.parent / name for name in ("event", "output", "summary", "comment")}
        files["event"].write_text(json.dumps(payload))
        files["output"].write_text("")
        files["summary"].write_text("")
        files["comment"].unlink(missing_ok=True)
        for variable, value in {
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": files["event"],
            "GITHUB_OUTPUT": files["output"],
            "GITHUB_STEP_SUMMARY": files["summary"],
            "IMAGE_MATRIX_STAGING": str(staging).lower(),
        }.items():
            self.patch.setenv(variable, str(value))
        code, _ = self("ci", "plan", "--comment", str(files["comment"]))
        comment = files["comment"].read_text()
        assert files["summary"].read_text() == comment
        outputs = dict(line.split("=", 1) for line in files["output"].read_text().splitlines())
        return code, comment, outputs

    def release(self, *images: str) -> None:
        """Give the checkout a release branch whose digest file names these images."""
        registry = f"127.0.0.1:{self.port}/notebooks"
        entries = {
            f"{image}:python3.13": {
                "reference": f"{registry}/{image}:python3.13-0@{DIGEST}",
                "digest": DIGEST,
            }
            for image in images
        }
        self.release_text(json.dumps({"version": 1, "images": entries}))

    def release_text(self, text: str) -> None:
        """Give the checkout a release branch with this digest file."""
        blob = self.git("hash-object", "-w", "--stdin", stdin=text)
        folder = self.git("mktree", stdin=f"100644 blob {blob}\timages.json\n")
        tree = self.git("mktree", stdin=f"040000 tree {folder}\tdeploy\n")
        commit = self.git("commit-tree", tree, "-m", "Release")
        self.git("update-ref", "refs/remotes/origin/release", commit)
