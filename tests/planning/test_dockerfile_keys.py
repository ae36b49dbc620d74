"""The key of an image with its own Dockerfile covers what the build can see, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import ANY

import pytest

from image_matrix.lock.pins import Pins
from image_matrix.project import context_folders
from image_matrix.project.history import read_inputs_at
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.git_commands import git
from tests.planning.project_keys import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


MATRIX = """\
version: 1
registry: quay.io/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, context: base, target: final, args: {A: "1"}}
  lab: {from: base, context: lab, axes: {device: [cpu, cuda]}, args: {DEVICE: "{device}"}}
  other: {from: debian, context: other}
"""
FILES = {
    "matrix.yaml": MATRIX,
    "base/Dockerfile": "FROM debian:trixie-slim AS final\nARG A\nCOPY . /\nFROM final AS more\n",
    "base/.dockerignore": "ignored\n",
    "base/ignored": "1\n",
    "base/file": "1\n",
    "lab/Dockerfile": "ARG DEVICE\nFROM quay.io/team/base\nCOPY . /\n",
    "lab/large": "x" * 1000,
    "other/Dockerfile": "FROM debian:trixie-slim\n",
}
ALL = {"base:default", "lab:cpu", "lab:cuda"}


@pytest.fixture
def family(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "base/link").symlink_to("file")
    return tmp_path


def edited(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new))

    return edit


def relinked(root: Path) -> None:
    (root / "base/link").unlink()
    (root / "base/link").symlink_to("Dockerfile")


@pytest.mark.parametrize(
    ("edit", "moved"),
    [
        (edited("base/Dockerfile", "COPY", "ADD"), ALL),
        (edited("base/file", "1", "2"), ALL),
        (edited("lab/large", "xx", "yy"), {"lab:cpu", "lab:cuda"}),
        (lambda root: (root / "base/file").chmod(0o755), ALL),
        (relinked, ALL),
        (lambda root: (root / "base/file").rename(root / "base/renamed"), ALL),
        (edited("matrix.yaml", 'A: "1"', 'A: "2"'), ALL),
        (edited("matrix.yaml", "target: final", "target: more"), ALL),
        (edited("matrix.yaml", "target: final", "target: final, labels: {org.example.a: b}"), ALL),
        (
            edited("matrix.yaml", "context: lab,", 'context: lab, labels: {org.example.a: "{device}"},'),
            {"lab:cpu", "lab:cuda"},
        ),
        (edited("matrix.yaml", 'DEVICE: "{device}"', 'DEVICE: "{device}-1"'), {"lab:cpu", "lab:cuda"}),
        (edited("base/ignored", "1", "2"), set()),
        (lambda root: (root / "base/file").chmod(0o600), set()),
        (lambda root: (root / "base/empty").mkdir(), set()),
        (lambda root: (root / "README.md").write_text("x"), set()),
        (edited("matrix.yaml", "context: base,", "context: base, description: Base,"), set()),
        (edited("matrix.yaml", "context: base,", "context: base, max_size: 2GB,"), set()),
    ],
)
def test_what_moves_a_key(family: Path, edit: Callable[[Path], None], moved: set[str]) -> None:
    before = keys_of(read_inputs(family))
    edit(family)
    after = keys_of(read_inputs(family))
    assert {name for name in before if before[name] != after[name]} == moved


def test_the_digest_of_a_source_moves_what_is_built_on_it(family: Path) -> None:
    inputs = read_inputs(family)
    locked = Pins(digests={"docker.io/library/debian:trixie-slim": f"sha256:{'1' * 64}"})
    before, after = keys_of(inputs), keys_of(inputs, locked)
    assert all(before[name] != after[name] for name in before)


def test_the_day_of_its_steps_moves_an_image_and_what_is_built_on_it(family: Path) -> None:
    inputs = read_inputs(family)
    undated = keys_of(inputs)
    assert keys_of(inputs, Pins(refreshed={"lab:cpu": "2026-11-30"})) == {**undated, "lab:cpu": ANY}
    first, second = (
        keys_of(inputs, Pins(refreshed={"base:default": day})) for day in ("2026-11-30", "2026-12-30")
    )
    moved = {name for name in first if first[name] != second[name]}
    assert moved == {name for name in first if first[name] != undated[name]} == ALL


def test_the_files_of_the_product_move_no_key_of_an_own_dockerfile(family: Path) -> None:
    inputs = read_inputs(family)
    assert inputs.templates.rootfs["base"]
    assert keys_of(inputs) == keys_of(replace(inputs, templates=replace(inputs.templates, rootfs={})))


def test_variants_of_one_folder_hash_it_once(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    sha256 = context_folders._sha256

    def counted(place: Path, path: str, mode: str) -> str:
        hashed.append(f"{place.name}/{path}")
        return sha256(place, path, mode)

    monkeypatch.setattr(context_folders, "_sha256", counted)
    inputs = read_inputs(family)
    assert keys_of(inputs) == keys_of(inputs)
    of_base = ["base/.dockerignore", "base/Dockerfile", "base/file", "base/link"]
    assert sorted(hashed) == [*of_base, "lab/Dockerfile", "lab/large", "other/Dockerfile"]


def test_loading_hashes_no_file(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_folders, "_sha256", lambda *_: pytest.fail("hashed"))
    load_inputs(read_inputs(family))


def test_a_revision_has_the_keys_of_its_checkout(family: Path) -> None:
    (family / "base/tool").write_text("#!/bin/sh\n")
    (family / "base/tool").chmod(0o755)
    git(family, "init", "--quiet")
    git(family, "add", "--all")
    git(family, "commit", "--quiet", "--message", "State")
    expected = keys_of(read_inputs(family))
    (family / "base/file").write_text("2\n")
    (family / "lab/Dockerfile").unlink()
    at_revision = read_inputs_at(family, "HEAD", "matrix.yaml", {})
    assert at_revision is not None
    assert keys_of(at_revision) == expected
