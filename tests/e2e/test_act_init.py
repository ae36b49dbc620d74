"""A repository as `init` makes it, pushed for the first time: nothing in it is edited but what this place lacks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.act import MATRIX, Repository, available, empty_repository, install_wheel

if TYPE_CHECKING:
    from image_matrix.verify.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not available(), reason="act is not installed")]

REMOTE = "git@github.com:Acme/Notebooks.git"
FAST = {"base": {"contract": "none"}, "jupyter": {"contract": "none"}}
"""Other tests spend minutes on the contract, which is in no key."""
IMAGES = ("base", "jupyter", "jupyter-data")


@pytest.fixture
def repository(registry: str, engine: Engine, tmp_path: Path) -> Repository:  # noqa: ARG001
    """An empty clone of a repository on GitHub, with the wheel that its jobs are to install."""
    result = empty_repository(tmp_path, registry)
    (result.root / "scanner").rename(tmp_path / "scanner")
    # the databases of Trivy and the generator of bills of materials are out of reach
    command = [str(tmp_path / "scanner"), *MATRIX["release"]["scan"]["command"][1:]]
    result.site = {"release": {"scan": {"tool": "command", "command": command}, "sbom": False}}
    (result.root / "vendor").mkdir()
    wheel = shutil.copy(next(result.tools.glob("*.whl")), result.root / "vendor")
    install_wheel(result.tools, Path(wheel))
    return result


def call(repository: Repository, *arguments: str) -> str:
    """Call the installed program as a user does; return what it says."""
    command = [str(repository.tools / "bin" / "image-matrix"), *arguments]
    done = subprocess.run(command, cwd=repository.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def test_the_first_push_is_green_and_releases(repository: Repository) -> None:
    remote = repository.git("remote", "get-url", "origin")
    repository.git("remote", "set-url", "origin", REMOTE)
    next_lines = call(repository, "init", ".").partition("next:\n")[2]
    assert next_lines.split("\n")[0].strip() == "image-matrix lock"
    text = (repository.root / "matrix.yaml").read_text()
    assert 'registry: "ghcr.io/acme/notebooks"' in text
    assert 'generator: "./vendor/image_matrix-' in text
    # the frontend's image cannot be fetched here, and the lock is to have everything
    (repository.root / "matrix.yaml").write_text(f"{text}\nnetwork: {{builtin_frontend: true}}\n")
    call(repository, "--overlay", str(repository.overlay()), "lock")
    repository.site["images"] = FAST
    call(repository, "render")
    assert "warning" not in call(repository, "check")
    repository.git("remote", "set-url", "origin", remote)
    repository.commit("Notebook images")
    outcome = repository.run("push", repository.push_event())
    assert outcome.code == 0, outcome.output[-4000:]
    assert outcome.results["Release"] == "succeeded"
    assert set(repository.released()) == {f"{image}:python3.13" for image in IMAGES}
