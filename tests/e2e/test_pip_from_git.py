"""Packages from git in a build: git is there for the step, and gone in the image."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import docker, new_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("engine", "registry")]
PROJECT = Path(__file__).parents[1] / "lock/fixtures/from_git"
MATRIX = """\
version: 1
registry: {registry}
workflow: none
sources: {{debian: "docker.io/library/debian:trixie-slim"}}
images:
  theirs: {{from: debian, apt: [python3, python3-pip]}}
  ours: {{from: theirs, pip: ["omega @ {address}"], tests: {{imports: [omega]}}}}
"""
IN_IMAGE = """\
python3 -c 'import omega'
! command -v git
! dpkg-query --show git
! ls /var/lib/apt/lists/*_Packages*
"""


def git(folder: Path, *arguments: str) -> str:
    call = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(call, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def serving(folder: Path, host: str) -> Iterator[int]:
    server = ThreadingHTTPServer((host, 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def published(folder: Path) -> str:
    """Write a repository that is served as files; return its commit."""
    work = folder / "work"
    work.mkdir()
    for file in PROJECT.iterdir():
        if file.is_file():
            text = (
                file.read_text(encoding="utf-8")
                .replace('"alpha<2"', "")
                .replace("Requires-Dist: alpha<2\\n", "")
            )
            (work / file.name).write_text(text, encoding="utf-8")
    git(work, "init", "--quiet")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "first")
    git(work, "clone", "--quiet", "--bare", ".", str(folder / "omega.git"))
    git(folder / "omega.git", "update-server-info")
    return git(work, "rev-parse", "HEAD")


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "floating"])
def test_git_is_brought_and_taken_away(locked: bool, tmp_path: Path) -> None:
    commit = published(tmp_path)
    host = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    (tmp_path / "project").mkdir()
    repository = new_repository(tmp_path / "project")
    with serving(tmp_path, host) as port:
        address = f"git+http://{host}:{port}/omega.git@{commit}"
        text = MATRIX.format(registry=repository.registry, address=address)
        (repository.root / "matrix.yaml").write_text(text, encoding="utf-8")
        if locked:
            repository.run("lock")
        repository.run("build", "--no-registry")
    image = f"{repository.registry}/ours:default"
    docker("run", "--rm", "--entrypoint", "sh", image, "-euc", IN_IMAGE)
