from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.buildx import require_engine
from image_matrix.build.imagetools import compressed_bytes, create
from image_matrix.cli.scanner import fetch
from image_matrix.config.release import Signing
from image_matrix.errors import Failure
from image_matrix.github.branch_commit import open_git, push
from image_matrix.lock.conda_program import program_on_path
from image_matrix.lock.conda_request import CondaNetwork, CondaRequest
from image_matrix.project.history import read_inputs_at
from image_matrix.publish.signing import sign
from image_matrix.stderr import FIRST_LINES, LAST_LINES, failed, reason
from image_matrix.verify.engine import Engine, Spec, docker
from image_matrix.verify.engine import _call as docker_call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IMAGE = f"localhost:5000/base@sha256:{'1' * 64}"
LOST = b"""\
fatal: 'origin' does not appear to be a git repository
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
"""
SKOPEO = (
    'time="2026-11-20T10:00:00Z" level=warning msg="Trying again"\n'
    'time="2026-11-20T10:00:01Z" level=fatal msg="copying \\"a\\": denied" code=403\n'
)


def test_everything_is_kept() -> None:
    assert failed("git fetch failed", LOST) == (
        "git fetch failed:\n"
        "    fatal: 'origin' does not appear to be a git repository\n"
        "    fatal: Could not read from remote repository.\n"
        "    Please make sure you have the correct access rights\n"
        "    and the repository exists."
    )


def test_one_line_stands_behind_what_failed() -> None:
    assert failed("git rm failed", b"fatal: bad index\n") == "git rm failed: bad index"
    assert failed("cosign failed", "Error: no key\n") == "cosign failed: no key"
    assert failed("git rm failed", b"\n") == "git rm failed: no reason given"


@pytest.mark.parametrize(
    ("stderr", "lines"),
    [
        (SKOPEO, ["Trying again", 'copying "a": denied code=403']),
        ("time=now level=fatal msg=denied\n", ["time=now level=fatal msg=denied"]),
        ("\x1b[31mError:\x1b[0m denied\r\n", ["Error: denied"]),
        ("remote: Counting  50%\rremote: Counting 100%, done.\nrefused\n", ["remote: Counting 100%, done.", "refused"]),
        ("#1 [internal] pushing a\n#1 DONE 0.0s\nERROR: denied\n", ["ERROR: denied"]),
        ("docker: no such image\n\nRun 'docker run --help' for more information\n", ["docker: no such image"]),
        ("denied\ndenied\n", ["denied"]),
        ("fatal: unable to access 'https://bot:hunter2@example.org/'\n",
         ["fatal: unable to access 'https://bot:…@example.org/'"]),
        (b"\xff\n", ["\N{REPLACEMENT CHARACTER}"]),
    ],
)  # fmt: skip
def test_what_only_decorates_is_left_out(stderr: bytes | str, lines: list[str]) -> None:
    assert reason(stderr) == lines


def test_of_a_long_text_the_beginning_and_the_end_are_kept() -> None:
    lines = [f"line {number}" for number in range(FIRST_LINES + LAST_LINES + 3)]
    shown = reason("\n".join(lines))
    assert shown[:FIRST_LINES] == lines[:FIRST_LINES]
    assert shown[FIRST_LINES] == "… 3 lines omitted …"
    assert shown[FIRST_LINES + 1 :] == lines[-LAST_LINES:]


def solved(_: Path) -> None:
    solve = program_on_path(CondaNetwork())
    assert solve is not None
    channels = ("https://conda.anaconda.org/conda-forge",)
    raise Failure(str(solve(CondaRequest(("python",), channels, "linux-64", glibc="2.36"))))


def started(_: Path) -> None:
    engine = Engine(docker_call)
    with engine.container(Spec(IMAGE)):
        """It does not start."""


CALLS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "git": ("git", lambda root: open_git(root, os.environ)("status")),
    "git, a push": ("git", lambda root: push(open_git(root, os.environ), "HEAD", "release")),
    "git, of old": ("git", lambda root: read_inputs_at(root, "HEAD", "matrix.yaml", {})),
    "skopeo": ("skopeo", lambda root: fetch(IMAGE, "linux/amd64", f"oci:{root}")),
    "cosign": ("cosign", lambda _: sign(Signing(), IMAGE, {})),
    "notation": ("notation", lambda _: sign(Signing("notation", key="k", plugin="p"), IMAGE, {})),
    "imagetools create": ("docker", lambda _: create("localhost:5000/base:new", [IMAGE])),
    "imagetools inspect": ("docker", lambda _: compressed_bytes(IMAGE)),
    "the engine": ("docker", lambda _: docker()),
    "a pull": ("docker", lambda _: Engine(docker_call).pull(IMAGE, None, "build it")),
    "a container": ("docker", started),
    "a solver": ("micromamba", solved),
}


@pytest.mark.parametrize("name", CALLS)
def test_of_every_program_everything_is_shown(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, call = CALLS[name]
    tool = tmp_path / program
    tool.write_text(
        "#!/bin/sh\necho 'the first line' >&2\necho 'the cause' >&2\necho 'the last line' >&2\nexit 125\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Failure) as caught:
        call(tmp_path)
    assert "    the first line\n    the cause\n    the last line" in caught.value.message


def test_the_builder_is_asked_after_its_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "docker"
    tool.write_text('#!/bin/sh\n[ "$1" = buildx ] && exit 0\necho one >&2\necho two >&2\nexit 1\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Failure, match="    one\n    two"):
        require_engine()
