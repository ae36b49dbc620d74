"""The real package index: a chain as it is in real life, and a real conflict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.lock import text as texts
from image_matrix.lock.package_network import PackageNetwork
from image_matrix.lock.resolver_api import Resolved, ResolveRequest
from image_matrix.lock.uv import resolve
from image_matrix.lock.uv_program import Uv, runner

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.slow]

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
defaults: {images: {platforms: [linux/amd64, linux/arm64]}}
axes: {python: ["3.13", "3.11"]}
sources: {trixie: docker.invalid/library/debian:trixie-slim}
images:
  base: {from: trixie, axes: [python], kind: base, pip: [uv==0.13.8]}
  science: {from: base, pip: [numpy==2.4.6, scipy==1.17.1]}
  pipelines: {from: science, pip: [kfp-server-api==2.17.3, pandas==3.1.1]}
network: {builtin_frontend: true}
"""


@pytest.fixture(autouse=True, scope="module")
def _index() -> None:
    """In CI the index is there; elsewhere these tests need it."""
    if "CI" not in os.environ and not isinstance(
        resolve(ResolveRequest(("six",), "3.13", "amd64", "2_36"), Uv(PackageNetwork(), runner())), Resolved
    ):
        pytest.skip("the package index cannot be reached")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "matrix.yaml").write_text(MATRIX, encoding="utf-8")
    return tmp_path


def lock(repository: Path) -> int:
    return run(["-C", str(repository), "lock"])


def test_a_chain_with_a_source_distribution(repository: Path) -> None:
    assert lock(repository) == 3  # there is no docker.invalid
    found = texts.read((repository / texts.FILE).read_text(encoding="utf-8"))
    assert set(found.python) == {
        f"{image}:python{python}" for image in ("base", "science", "pipelines") for python in ("3.13", "3.11")
    }
    assert found.python["science:python3.13"].packages["arm64"] == ("numpy==2.4.6", "scipy==1.17.1")
    pipelines = found.python["pipelines:python3.11"].packages["amd64"]
    assert {"kfp-server-api==2.17.3", "pandas==3.1.1"} <= set(pipelines)
    assert not {"numpy==2.4.6", "scipy==1.17.1"} & set(pipelines)
    assert set(found.files["kfp-server-api==2.17.3"]) == {"sdist"}
    assert {tag.rpartition("_")[2] for tag in found.files["numpy==2.4.6"]} == {"64", "aarch64"}


def test_a_child_that_pins_an_incompatible_numpy_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = repository / "matrix.yaml"
    path.write_text(path.read_text().replace("pandas==3.1.1", "numpy==1.26.4"))
    assert lock(repository) == 2
    said = capsys.readouterr().err
    assert (
        "`pipelines` cannot be installed on `science`: it needs numpy==1.26.4, but the ancestor has numpy 2.4.6"
        in said
    )
    assert "matrix.yaml:9:" in said
    assert "matrix.yaml:8:" in said


def test_a_child_whose_package_wants_another_numpy_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = repository / "matrix.yaml"
    path.write_text(
        path.read_text().replace("pandas==3.1.1", "numba==0.60.0").replace('["3.13", "3.11"]', '["3.11"]')
    )
    assert lock(repository) == 2
    said = capsys.readouterr().err
    assert "change one of the two lines: `numba==0.60.0 → numpy` or `numpy==2.4.6`" in said
