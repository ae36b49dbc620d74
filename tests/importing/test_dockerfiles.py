"""Existing Dockerfiles become images, in the order and with the parents that their FROM lines say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "ARG REGISTRY=quay.io\nARG OWNER=team\nARG BASE=$REGISTRY/$OWNER/"
FAMILY = {
    "foundation": "ARG ROOT=ubuntu:24.04\nFROM $ROOT\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\n",
    "lab": f"{HEAD}base\nFROM $BASE\n",
    "base": f"{HEAD}foundation\nFROM $BASE:2026-11-01\n",
    "lab/cuda": f"{HEAD}base\nFROM golang:1.24 AS build\nFROM $BASE\nCOPY --from=build /a /a\n",
    "old": "FROM example.org/old/lab:1\nCOPY --from=quay.io/team/base / /\n",
    "static": "FROM golang:1.24 AS build\nFROM scratch\nCOPY --from=build /a /a\n",
}
EXPECTED = """\
sources:
  ubuntu: docker.io/library/ubuntu:24.04
  uv: ghcr.io/astral-sh/uv:0.9
  golang: docker.io/library/golang:1.24
images:
  foundation: {from: ubuntu, context: images/foundation}
  static: {from: golang, context: images/static}
  base: {from: foundation, context: images/base}
  lab: {from: base, context: images/lab}
  lab-cuda: {from: base, context: images/lab/cuda}
  old: {from: lab, context: images/old, contexts: {example.org/old/lab:1: lab, quay.io/team/base: base}}
"""


@pytest.fixture
def family(tmp_path: Path) -> Path:
    for name, text in FAMILY.items():
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Dockerfile").write_text(text)
    return tmp_path


def importing(root: Path, *arguments: str) -> int:
    return run(["-C", str(root), "import", "dockerfiles", *arguments])


def test_a_family_moves_in_and_every_name_is_known(family: Path) -> None:
    assert importing(family, "--registry", "quay.io/team", "images") == 0
    assert (family / "matrix.yaml").read_text().endswith(EXPECTED)
    loaded = load_inputs(read_inputs(family))
    assert loaded.variants["base:default"].parent == "foundation:default"
    assert not [image for files in loaded.context_files.values() for image in files.floating]
    assert loaded.warnings == ()


def test_it_can_be_run_again_and_keeps_what_is_there(family: Path) -> None:
    importing(family, "--registry", "quay.io/team", "images/base", "images/foundation")
    file = family / "matrix.yaml"
    text = file.read_text().replace("images:\n", "images: # ours\n  # the first\n")
    file.write_text(text.replace("  base: {", '  base: {description: "Our base", '))
    assert importing(family, "images") == 0
    after = file.read_text()
    assert "images: # ours\n  # the first\n" in after
    assert 'base: {description: "Our base", from: foundation' in after
    assert "  lab-cuda: {from: base" in after
    assert importing(family, "images") == 0
    assert file.read_text() == after


def test_without_a_matrix_the_registry_is_asked_for(family: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert importing(family, "images") == 2
    assert "--registry" in capsys.readouterr().err
    assert not (family / "matrix.yaml").exists()


def test_what_cannot_be_carried_over_is_said(family: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (family / "images/base/Dockerfile").write_text("ARG X\nFROM $X\n")
    (family / "images/lab/Dockerfile.dev").write_text("FROM x\n")
    assert importing(family, "--registry", "quay.io/team", "images") == 0
    error = " ".join(capsys.readouterr().err.split())
    assert "not carried over: images/base/Dockerfile:2: `FROM $X` names no image" in error
    assert "not carried over: images/lab/Dockerfile.dev" in error


def test_a_folder_outside_is_refused_and_nothing_is_written(family: Path) -> None:
    assert importing(family, "--registry", "quay.io/team", "images", "..") == 2
    assert not (family / "matrix.yaml").exists()


@pytest.mark.parametrize(
    ("registry", "files"),
    [
        ("https://quay.io/team", FAMILY),
        ("quay.io/team", {"a": "FROM quay.io/team/b\n", "b": "FROM quay.io/team/a\n"}),
    ],
    ids=["an address in place of a registry", "a cycle"],
)
def test_what_would_not_be_valid_is_not_written(
    registry: str, files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "Dockerfile").write_text(text)
    assert importing(tmp_path, "--registry", registry, ".") != 0
    assert "help: " in capsys.readouterr().err
    assert not (tmp_path / "matrix.yaml").exists()


def family_of(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8", errors="surrogateescape")


NAMED = {
    "r/lab_4.6.Dockerfile": "FROM quay.io/team/base\n",
    "r/shiny.Dockerfile": "FROM quay.io/team/base\n",
    "r/notes.md": "FROM x\n",
    "r/Dockerfile.OLD": "FROM x\n",
    "r/tools/dockerfile_lint.py": "from x import y\n",
    "r/tools/__pycache__/dockerfile.cpython": "\udcff",
    "r/sub/Dockerfile.notes": "Nothing starts here\n",
    "r/lower/dockerfile": "FROM quay.io/team/base\n",
    "r/lower/dockerfile.gpu": "FROM quay.io/team/base\n",
    "r/base/Containerfile": "FROM ubuntu:24.04\n",
    "r/base/Dockerfile.dockerignore": "*\n",
    "r/cuda/Dockerfile.konflux.cuda": "FROM quay.io/team/base\n",
    "r/many/Dockerfile.a": "FROM quay.io/team/base\n",
    "r/many/Dockerfile.b": "FROM quay.io/team/base\n",
}
EXPECTED_OF_NAMED = """\
images:
  base: {from: ubuntu, context: r/base, dockerfile: Containerfile}
  lab-4-6: {from: base, context: r, dockerfile: lab_4.6.Dockerfile}
  shiny: {from: base, context: r, dockerfile: shiny.Dockerfile}
  cuda: {from: base, context: r/cuda, dockerfile: Dockerfile.konflux.cuda}
  lower: {from: base, context: r/lower, dockerfile: dockerfile}
  many-a: {from: base, context: r/many, dockerfile: Dockerfile.a}
  many-b: {from: base, context: r/many, dockerfile: Dockerfile.b}
"""


def test_dockerfiles_of_any_name_are_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    family_of(tmp_path, NAMED)
    assert importing(tmp_path, "--registry", "quay.io/team", "r") == 0
    assert (tmp_path / "matrix.yaml").read_text().endswith(EXPECTED_OF_NAMED)
    assert (
        capsys.readouterr().err.count("not carried over") == 1
    )  # r/lower/dockerfile.gpu, a variant of its folder


def test_two_dockerfiles_of_one_name_are_not_one_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = "FROM ubuntu:24.04\n"
    family_of(tmp_path, {"im/a/b/Dockerfile": base, "im/a-b/Dockerfile": base, "im/c/Dockerfile.j2": base})
    assert importing(tmp_path, "--registry", "quay.io/team", "im") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "not carried over: im/a-b/Dockerfile: `a-b`: another Dockerfile" in said or (
        "not carried over: im/a/b/Dockerfile: `a-b`: another Dockerfile" in said
    )
    assert "not carried over: im/c/Dockerfile.j2; name it" in said


def test_digits_tell_dockerfiles_and_folders_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ("r/Dockerfile.3.11-slim", "r/Dockerfile.3.12-slim", "r/2024/Dockerfile", "r/2025/Dockerfile")
    family_of(tmp_path, dict.fromkeys(paths, "FROM ubuntu:24.04\n"))
    assert importing(tmp_path, "--registry", "quay.io/team", "r") == 0
    assert "not carried over" not in capsys.readouterr().err
    for name in ("r-3-11-slim", "r-3-12-slim", "image-2024", "image-2025"):
        assert f"\n  {name}: {{from: ubuntu, " in (tmp_path / "matrix.yaml").read_text()


def test_without_a_dockerfile_nothing_is_said_to_be_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family_of(tmp_path, {"a/README.md": "", "b/Dockerfile": "FROM scratch\n"})
    assert importing(tmp_path, "--registry", "quay.io/team", "a") == 2
    assert "there is no Dockerfile in a or below" in capsys.readouterr().err
    assert importing(tmp_path, "--registry", "quay.io/team", "b") == 2
    said = capsys.readouterr().err
    assert "not carried over: b/Dockerfile: it is built FROM scratch" in said
    assert "no image is added" in said
    assert not (tmp_path / "matrix.yaml").exists()


@pytest.mark.parametrize("start", ["$base/foundation:lab", "${base}:lab", "ubuntu:$version", "a/b@$digest"])
def test_a_from_with_an_argument_without_value_holds_back_its_image_alone(
    start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = "ARG base\nARG version\nARG digest\n"
    family_of(tmp_path, {"base/Dockerfile": "FROM ubuntu:24.04\n", "lab/Dockerfile": f"{args}FROM {start}\n"})
    assert importing(tmp_path, "--registry", "quay.io/team", "base", "lab") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"not carried over: lab/Dockerfile:4: `FROM {start}` names no image" in said
    assert (tmp_path / "matrix.yaml").read_text().endswith("  base: {from: ubuntu, context: base}\n")


def test_a_bare_name_is_the_image_of_the_family(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    family_of(
        tmp_path, {"base/Dockerfile": "FROM ubuntu:24.04\n", "lab/Dockerfile": "ARG BASE=base\nFROM $BASE\n"}
    )
    assert importing(tmp_path, "--registry", "quay.io/team", "base", "lab") == 0
    assert "lab: {from: base, context: lab, contexts: {base: base}}" in (tmp_path / "matrix.yaml").read_text()
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "lab/Dockerfile:2: `$BASE` is the image `base` of the matrix, not `docker.io/library/base:latest`"
        in said
    )
    load_inputs(read_inputs(tmp_path))


def test_an_image_by_its_digest_is_another_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bases = {
        "a": f"debian@sha256:{'1a' * 32}",
        "b": "debian",
        "c": f"debian:13@sha256:{'2b' * 32}",
    }
    family_of(tmp_path, {f"{name}/Dockerfile": f"FROM {image}\n" for name, image in bases.items()})
    assert importing(tmp_path, "--registry", "quay.io/team", ".") == 0
    loaded = load_inputs(read_inputs(tmp_path))
    assert loaded.matrix.sources == {
        "debian": f"docker.io/library/debian:latest@sha256:{'1a' * 32}",
        "debian-latest": "docker.io/library/debian:latest",
        "debian-13": f"docker.io/library/debian:13@sha256:{'2b' * 32}",
    }
    assert [loaded.variants[f"{name}:default"].source for name in "abc"] == [*loaded.matrix.sources]
    said = capsys.readouterr().err
    assert "note: a/Dockerfile:1: `docker.io/library/debian@sha256:1a1a1a1a…` has no tag" in said
    assert said.count("has no tag") == 1
