"""Every folder below fixtures is a command: what a project has before, and its matrix and what is printed after.

IMAGE_MATRIX_UPDATE=1 writes the expected files; read the difference before committing it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from image_matrix.cli import run

FIXTURES = Path(__file__).parent / "fixtures"
UPDATE = os.environ.get("IMAGE_MATRIX_UPDATE") == "1"
COMMAND, BEFORE, AFTER, OUTPUT = "command.txt", "before.yaml", "after.yaml", "expected.txt"


def expect(file: Path, text: str) -> None:
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", sorted(FIXTURES.iterdir()), ids=lambda folder: folder.name)
def test_what_a_command_writes_and_prints(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    shutil.copytree(folder, project, ignore=shutil.ignore_patterns(COMMAND, BEFORE, AFTER, OUTPUT))
    matrix = project / "matrix.yaml"
    if (folder / BEFORE).exists():
        shutil.copy(folder / BEFORE, matrix)
    code = run(["-C", str(project), *shlex.split((folder / COMMAND).read_text(encoding="utf-8"))])
    expect(folder / OUTPUT, f"exit code {code}\n{capsys.readouterr().err}")
    if code == 0:
        expect(folder / AFTER, matrix.read_text(encoding="utf-8"))
    elif (folder / BEFORE).exists():
        assert matrix.read_text(encoding="utf-8") == (folder / BEFORE).read_text(encoding="utf-8")
    else:
        assert not matrix.exists()


@pytest.mark.parametrize("text", ["- a\n", "# nothing yet\n", "images: [a]\n"])
def test_a_matrix_without_sections_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrix.yaml").write_text(text)
    assert run(["-C", str(tmp_path), "add", "a", "--from", "debian:12"]) == 2
    assert "matrix.yaml" in capsys.readouterr().err
    assert (tmp_path / "matrix.yaml").read_text() == text


@pytest.mark.parametrize(
    "command",
    [
        "add a --from jupyter --pip six==1.17.0",
        "add a --from jupyter --registry ghcr.io/a/b",
        "import requirements list.txt --image a --from jupyter",
        "import profiles list.yaml",
    ],
)
def test_no_command_starts_a_second_matrix_below_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    (images / "list.txt").write_text("six==1.17.0\n")
    (tmp_path / "matrix.yaml").write_text("version: 1\n")
    monkeypatch.chdir(images)
    assert run(shlex.split(command)) == 2
    assert "use `image-matrix -C ..`" in capsys.readouterr().err
    assert not (images / "matrix.yaml").exists()


def test_a_second_matrix_is_made_where_the_option_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrix.yaml").write_text("version: 1\n")
    (tmp_path / "a folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(["-C", "a folder", "add", "a", "--from", "debian:12"]) == 2
    said = capsys.readouterr().err
    assert "the folder a folder has no matrix.yaml" in said
    command = re.search("`image-matrix (init [^`]*)`", said)
    assert command
    assert run([*shlex.split(command[1]), "--no-workflow"]) == 0
    assert (tmp_path / "a folder/matrix.yaml").exists()


def test_a_matrix_of_the_other_suffix_is_the_matrix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrix.yml").write_text("version: 1\n")
    assert run(["-C", str(tmp_path), "add", "a", "--from", "debian:12", "--registry", "ghcr.io/a/b"]) == 2
    assert f"`image-matrix -C {tmp_path} --matrix matrix.yml`" in capsys.readouterr().err
    assert not (tmp_path / "matrix.yaml").exists()


LIST = '- {display_name: Lab, kubespawner_override: {image: "example/lab:1"}}\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(FIXTURES / "profiles-of-a-site-of-kubeflow" / BEFORE, tmp_path / "matrix.yaml")
    (tmp_path / "list.yaml").write_text(LIST)
    return tmp_path


def test_a_site_of_an_overlay_gets_no_list(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = project / "overlay.yaml"
    overlay.write_text('sites: {prod: {chart: "4.4.0"}}\n')
    before = (project / "matrix.yaml").read_text()
    call = ["-C", str(project), "--overlay", str(overlay), "import", "profiles", "list.yaml", "--site"]
    assert run([*call, "prod"]) == 2
    error = capsys.readouterr().err
    assert "only an overlay declares the site `prod`" in error
    assert (project / "matrix.yaml").read_text() == before
    advice = error.partition("too: `sites: ")[2].partition("`")[0].strip("{}")
    with (project / "matrix.yaml").open("a") as file:
        file.write(f"  {advice}}}\n")
    assert run([*call, "prod"]) == 0


def test_a_site_with_words_of_an_overlay_has_its_hub(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlay = project / "overlay.yaml"
    overlay.write_text('sites: {hub: {chart: "3.3.8"}}\n')
    call = ["-C", str(project), "--overlay", str(overlay), "import", "profiles", "list.yaml", "--site", "hub"]
    assert run(call) == 2
    assert "the hub has 4.1.6" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bundle", "advice"),
    [
        ("certificates.pem", "put it there, or correct the path: it is relative to project/"),
        ("/none/certificates.pem", "put it there, or correct the path\n"),
    ],
)
def test_a_missing_bundle_is_answered_as_by_check(
    bundle: str, advice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "matrix.yaml").write_text(f"registry: quay.io/team\nnetwork: {{ca_bundle: {bundle}}}\n")
    assert run(["-C", str(project), "import", "image", "registry.example.org/team/lab:1"]) == 2
    assert f"the file {bundle} does not exist\n  help: {advice}" in capsys.readouterr().err
