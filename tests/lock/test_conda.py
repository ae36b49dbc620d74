"""The conda solver, which is a script here that answers with its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.conda import lock_conda, solver
from image_matrix.lock.model import Lock
from image_matrix.project.load import load

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
defaults: {images: {platforms: [linux/amd64, linux/arm64]}}
sources: {it: SOURCE}
downloads:
  micromamba: {version: "2.6.2", url: "https://example.org/{version}/{arch}/micromamba", to: /usr/local/bin/micromamba}
images:
  base: {from: it, kind: base, conda: [gdal]}
"""
SCRIPT = """\
#!/bin/sh
url=https://conda.anaconda.org/conda-forge/$CONDA_SUBDIR/glibc-$CONDA_OVERRIDE_GLIBC-0.conda
echo '{"actions": {"LINK": [{"url": "'$url'"}]}}'
"""


@pytest.fixture
def _fake_solver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "micromamba"
    program.write_text(SCRIPT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CONDA_OVERRIDE_GLIBC", "1.0")


@pytest.mark.usefixtures("_fake_solver")
@pytest.mark.parametrize(
    ("source", "glibc"),
    [
        ("docker.io/library/debian:trixie-slim", "2.40"),
        ("docker.io/library/debian:bookworm-slim", "2.36"),
        ("docker.io/library/ubuntu:24.04", "2.39"),
        ("docker.io/library/ubuntu:jammy", "2.35"),
        ("registry.example.org/team/own:1", "2.28"),
    ],
)
def test_packages_are_content_with_the_c_library_of_the_source(source: str, glibc: str) -> None:
    loaded = load({"matrix.yaml": MATRIX.replace("SOURCE", source)}, ("base",))
    found = lock_conda(loaded, Lock(), lambda _: False, solver(None))
    assert found.failures == {}
    folder = "https://conda.anaconda.org/conda-forge"
    assert found.locked["base:default"].packages == {
        "amd64": (f"{folder}/linux-64/glibc-{glibc}-0.conda",),
        "arm64": (f"{folder}/linux-aarch64/glibc-{glibc}-0.conda",),
    }
