"""Dockerfiles compare a download with the checksum of the matrix or the lock, by its algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.lock.pins import Pins
from image_matrix.lock.read import unlocked
from image_matrix.planning.plan import State, make_plan
from image_matrix.project.inputs import Inputs, read_templates
from image_matrix.project.load import load

if TYPE_CHECKING:
    from pathlib import Path

LONG, SHORT = "5" * 128, "2" * 64
MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
defaults: {images: {platforms: [linux/amd64, linux/arm64]}}
sources: {debian: "docker.io/library/debian:trixie-slim"}
downloads:
  tool:
    version: "1"
    url: "https://example.org/{version}-{arch}"
    to: /usr/local/bin/tool
    CHECKSUMS
images:
  plain: {from: debian, downloads: [tool]}
"""
FOR_BOTH = f'sha512: "{LONG}"'
FOR_ONE = f'sha512: {{amd64: "{LONG}"}}'
FOR_EACH = f'sha512: {{amd64: "{LONG}"}}\n    sha256: {{arm64: "{SHORT}"}}'
CHECK = 'echo "${NAME}  /tmp/download" | NAMEsum --check --quiet'


def state(root: Path, checksums: str) -> State:
    text = MATRIX.replace("CHECKSUMS", checksums)
    return state_of(load_project(Inputs({"matrix.yaml": text}, read_templates(root))))


def steps(root: Path, checksums: str) -> list[str]:
    return state(root, checksums).rendered["images/plain/default/Dockerfile"].content.decode().splitlines()


def check(name: str) -> str:
    return CHECK.replace("NAME", name)


def test_one_checksum_for_all(tmp_path: Path) -> None:
    lines = steps(tmp_path, FOR_BOTH)
    assert lines.count(f"    sha512={LONG}") == 2
    assert check("sha512") in lines
    assert not any("sha256sum" in line for line in lines)


def test_no_checksum_for_an_architecture(tmp_path: Path) -> None:
    lines = steps(tmp_path, FOR_ONE)
    assert f'if [ -n "${{sha512}}" ]; then {check("sha512")}; fi' in lines
    assert f"    sha512={LONG}" in lines
    assert "    sha512=''" in lines


def test_an_algorithm_for_each_architecture(tmp_path: Path) -> None:
    lines = steps(tmp_path, FOR_EACH)
    for name, checksum in (("sha256", SHORT), ("sha512", LONG)):
        assert f'if [ -n "${{{name}}}" ]; then {check(name)}; fi' in lines
        assert lines.count(f"    {name}={checksum}") == lines.count(f"    {name}=''") == 1


def test_a_checksum_of_the_matrix_needs_no_lock() -> None:
    loaded = load({"matrix.yaml": MATRIX.replace("CHECKSUMS", FOR_ONE)}, ("base",))
    files = [item.what for item in unlocked(loaded, Pins()) if item.what.startswith("download")]
    assert files == ["download tool (arm64)"]


@pytest.mark.parametrize("other", [f'sha512: "{LONG[1:]}6"', f'sha256: "{SHORT}"'])
def test_a_plan_names_the_download_whose_checksum_changes(tmp_path: Path, other: str) -> None:
    plan = make_plan(state(tmp_path, FOR_BOTH), state(tmp_path, other), None)
    assert {entry.why for entry in plan.build} == {"lock: tool"}
