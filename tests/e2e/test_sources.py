"""A real registry's answers about sources: a single image of one platform, and a finished notebook image."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


BARE = 'FROM scratch\nCOPY Dockerfile /\nCMD ["bash"]\n'
FINISHED = (
    BARE
    + """\
ENV NB_USER=jovyan PATH=/opt/conda/bin:/bin TOKEN=not-for-the-lock
USER 1000
WORKDIR /home/jovyan
ENTRYPOINT ["tini", "--"]
CMD ["start-notebook.py"]
"""
)
MATRIX = """\
version: 1
registry: {registry}/test
defaults: {{images: {{platforms: [{platforms}]}}}}
sources: {{base: "{source}"}}
network: {{builtin_frontend: true}}
workflow: none
images:
  mine: {{from: base, kind: base}}
"""


def pushed(folder: Path, registry: str, dockerfile: str) -> str:
    """Build an image for amd64 and push it as one manifest, without an index; return its reference."""
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    reference = f"{registry}/test/source-{time.time_ns()}:1"
    command = ["docker", "buildx", "build", "--provenance=false", "--platform", "linux/amd64"]
    done = subprocess.run(
        [*command, "--push", "--tag", reference, str(folder)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return reference


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "image_matrix", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.e2e
@pytest.mark.usefixtures("engine")
def test_a_single_image_of_another_platform(tmp_path: Path, registry: str) -> None:
    source = pushed(tmp_path, registry, BARE)
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(MATRIX.format(registry=registry, platforms="linux/arm64", source=source))
    code, text = run(tmp_path, "build", "--push")
    assert code == 1, text
    assert "mine:default cannot be built for linux/arm64: the source base has linux/amd64" in text
    for command in ("lock", "check", "build"):
        code, text = run(tmp_path, command)
        assert code == 2, text
        assert (
            "matrix.yaml:8:16: error[IM607]: base has no linux/arm64, it has linux/amd64: mine:default"
            in text
        )
    matrix.write_text(matrix.read_text().replace("linux/arm64", "linux/amd64"))
    assert run(tmp_path, "lock")[0] == 0
    assert run(tmp_path, "render")[0] == 0
    assert run(tmp_path, "check", "--locked")[0] == 0


@pytest.mark.e2e
@pytest.mark.usefixtures("engine")
def test_a_finished_notebook_image(tmp_path: Path, registry: str) -> None:
    source = pushed(tmp_path, registry, FINISHED)
    (tmp_path / "matrix.yaml").write_text(
        MATRIX.format(registry=registry, platforms="linux/amd64", source=source)
    )
    for command in ("lock", "check", "render", "build"):
        code, text = run(tmp_path, command)
        assert code == 2, text
        assert "matrix.yaml:8:16: error[IM608]: `base` is a finished image" in text
        assert "runs as user `1000` and sets NB_USER and starts `start-notebook.py`" in text
    lock = (tmp_path / "matrix.lock.yaml").read_text()
    assert "workdir: /home/jovyan" in lock
    assert "not-for-the-lock" not in lock
