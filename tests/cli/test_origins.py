"""`list --resolved` names the line that has a value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from image_matrix.cli import run

ORIGINS = Path(__file__).parent / "origins"
REPOSITORIES = Path(__file__).parent.parent / "fixtures/good/apt-repositories"


def origins(capsys: pytest.CaptureFixture[str], image: str, project: Path = ORIGINS) -> dict[str, str]:
    assert run(["-C", str(project), "list", "--resolved", image, "--format", "json"]) == 0
    return {f"{row['setting']} {row['value']}": row["from"] for row in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("apt git", 13),
        ("apt openjdk-17-jre", 14),
        ("pip py4j==21", 18),
        ("pip.extra_index_urls https://two.example.org/17", 21),
        ("tags latest", 23),
        ("tags java21", 24),
    ],
)
def test_an_entry_of_a_list_has_its_line(capsys: pytest.CaptureFixture[str], value: str, line: int) -> None:
    assert origins(capsys, "base")[value] == f"image base (matrix.yaml:{line})"


def test_a_kind_is_in_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert origins(capsys, "base")["contract notebook"] == "kind base"


def test_arguments_of_a_dockerfile_are_settings(capsys: pytest.CaptureFixture[str]) -> None:
    shown = origins(capsys, "own")
    assert shown["args.JAVA 17"] == "image own (matrix.yaml:30)"
    assert shown["contexts.notebook base"] == "image own (matrix.yaml:28)"


def test_repositories_of_apt_and_files_of_debian_packages_are_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = origins(capsys, "plain", REPOSITORIES)
    assert shown["apt.files debs/tool.deb"] == "bundle r (matrix.yaml:20)"
    assert (
        shown["apt.repositories https://other.example.org/plain stable main"] == "bundle r (matrix.yaml:19)"
    )
    shown = origins(capsys, "gpu", REPOSITORIES)
    assert shown["apt.repositories https://cuda.example.org/13 ./"] == "accelerator cuda (matrix.yaml:12)"


def test_a_lock_file_of_conda_is_a_setting_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown = origins(capsys, "lab", REPOSITORIES.parent / "conda-locks")
    assert shown["conda.files envs/conda-lock.yml"] == "image lab (matrix.yaml:18)"
    assert shown["conda.files envs/gpu.conda-lock.yml"] == "override device cuda (matrix.yaml:20)"
    assert not [line for line in shown if line.startswith("conda_lock")]
