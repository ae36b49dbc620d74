from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/team/notebooks
workflow: {generator: "/opt/image-matrix[locked]"}
axes:
  python: ["3.13", "3.11"]
sources: {debian: docker.io/library/debian:stable-slim}
bundles:
  full: {pip: [scipy==1.17.1]}
images:
  base:
    from: debian
    kind: base
    axes: [python]
    apt: [git]
    env: {A: "1"}
    pip: [uv==0.13.8]
  jupyter:
    from: base
    description: JupyterLab
    bundles: [full]
    axes: {python: ["3.13"]}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed and returned."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository in a folder of its own, and commands that run there."""

    root: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Ran:
        self.capture.readouterr()
        code = run(["-C", str(self.root), *arguments])
        shown = self.capture.readouterr()
        assert "Traceback" not in shown.err
        return Ran(code, shown.out, shown.err)

    @property
    def matrix(self) -> Path:
        return self.root / "matrix.yaml"

    def replace(self, old: str, new: str) -> None:
        text = self.matrix.read_text(encoding="utf-8")
        assert old in text
        self.matrix.write_text(text.replace(old, new), encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a script in place of a program, first on PATH; it is in ``bin`` of a folder."""
    program = folder / "bin" / name
    program.parent.mkdir()
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repository:
    (tmp_path / "matrix.yaml").write_text(MATRIX, encoding="utf-8")
    return Repository(tmp_path, capsys)
