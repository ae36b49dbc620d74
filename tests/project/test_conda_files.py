"""Files of conda that a matrix names: their contents are packages of the image, on disk and at a revision."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.cli import run
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    import pytest

FAMILY = Path(__file__).parents[1] / "fixtures/good/conda-files"


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FAMILY, tmp_path / "family"))


def test_channels_of_the_files_count_unless_the_matrix_names_some() -> None:
    loaded = load_inputs(read_inputs(FAMILY))
    assert {name: item.channels for name, item in loaded.variants.items()} == {
        "base:python3.13": ("conda-forge",),
        "base:python3.12": ("conda-forge",),
        "geo:python3.13": ("conda-forge",),
        "geo:python3.12": ("conda-forge",),
        "bundled:python3.13": ("conda-forge",),
        "bundled:python3.12": ("conda-forge",),
        "more:python3.13": ("bioconda", "conda-forge"),
        "more:python3.12": ("private",),
    }


def test_check_sees_a_change_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copied(tmp_path)
    assert run(["-C", str(folder), "render"]) == 0
    assert run(["-C", str(folder), "check"]) == run(["-C", str(folder), "check"]) == 0
    environment = folder / "geo/environment.yml"
    environment.write_text(environment.read_text().replace("gdal=3.12", "gdal=3.14"))
    capsys.readouterr()
    assert run(["-C", str(folder), "check"]) == 1
    assert "images/geo/python3.13/Dockerfile" in capsys.readouterr().out


def test_a_comment_in_a_file_changes_nothing(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    assert run(["-C", str(folder), "render"]) == 0
    environment = folder / "geo/environment.yml"
    environment.write_text(environment.read_text().replace("# the library", "# why"))
    assert run(["-C", str(folder), "check"]) == 0
