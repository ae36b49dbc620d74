"""Images with Python packages on a source of which nothing says which Python it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.diagnostics import diagnose
from image_matrix.diagnostics.report import terminal
from image_matrix.lock.model import Lock
from image_matrix.lock.python import lock_python
from image_matrix.lock.unknown_pythons import unknown_pythons
from image_matrix.project.load import load

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {quay: "quay.io/team/lab:1"}
images:
  lab: {from: quay, pip: [six]}
  more: {from: lab, pip: [idna]}
"""
LINE = 'sources: {quay: {image: "quay.io/team/lab:1", provides: {python: "VERSION"}}}'


def said(text: str) -> str:
    loaded = load({"matrix.yaml": text}, ["base"])
    packages = lock_python(loaded, Lock(), (), lambda *_: pytest.fail("it is not asked"), lambda _: None)
    assert packages.failures == {}  # asking again would not help
    return terminal(diagnose(unknown_pythons(loaded, packages.without_python), loaded.documents))


def test_it_is_said_once_at_the_source_with_the_line_to_write() -> None:
    text = said(MATRIX)
    assert text.count("error[") == 1
    assert "matrix.yaml:4:11: error[IM105]: `sources.quay`: nothing says which Python it has" in text
    assert f"help: state it: `{LINE}`" in text


def test_check_says_it_without_asking_anybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(MATRIX, encoding="utf-8")
    run(["-q", "-C", str(tmp_path), "render"])
    capsys.readouterr()
    assert run(["-C", str(tmp_path), "check"]) == 0
    shown = capsys.readouterr().err
    assert shown.count("warning[IM616]") == 1
    assert "matrix.yaml:4:11: warning[IM616]: `lock` cannot lock the Python packages of `lab`" in shown
    assert f"help: state it: `{LINE}`" in shown
    matrix.write_text(
        MATRIX.replace('sources: {quay: "quay.io/team/lab:1"}', LINE.replace("VERSION", "3.13")),
        encoding="utf-8",
    )
    assert run(["-C", str(tmp_path), "-q", "render"]) == 0
    assert run(["-C", str(tmp_path), "check"]) == 0
    assert "IM616" not in capsys.readouterr().err


def test_the_line_is_valid() -> None:
    written = MATRIX.replace('sources: {quay: "quay.io/team/lab:1"}', LINE.replace("VERSION", "3.13"))
    loaded = load({"matrix.yaml": written}, ["base"])
    assert loaded.matrix.provided["quay"]["python"] == "3.13"


OWN = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {fed: "docker.io/library/fedora:42"}
images:
  below: {from: fed, context: below}
  base: {from: below, context: base}
  mid: {from: base, npm: []}
  lab: {from: mid, pip: [six]}
  more: {from: lab, pip: [idna]}
"""


def test_it_is_stated_at_the_nearest_image_with_a_dockerfile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, below in {"below": "docker.io/library/fedora:42", "base": "ghcr.io/example/n/below"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(f"FROM {below}\nRUN dnf install -y python3-pip\n")
    stated = OWN.replace("context: base}", 'context: base, provides: {python: "3.13"}}')
    warnings = {}
    for text in (OWN, stated):
        (tmp_path / "matrix.yaml").write_text(text, encoding="utf-8")
        run(["-q", "-C", str(tmp_path), "render"])
        capsys.readouterr()
        run(["-C", str(tmp_path), "check"])
        warnings[text] = capsys.readouterr().err
    assert warnings[OWN].count("IM616") == 1
    assert "matrix.yaml:7:3: warning[IM616]" in warnings[OWN]
    assert "nothing says which Python the image `base` has" in warnings[OWN]
    assert 'help: write `provides: {python: "VERSION"}` at `images.base`' in warnings[OWN]
    assert "IM616" not in warnings[stated]
