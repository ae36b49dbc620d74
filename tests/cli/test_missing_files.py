"""``check`` asks for every file of the repository that a field of the schema names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from image_matrix.config.schema import schema_text
from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES: list[dict[str, Any]] = yaml_files.load(
    Path(__file__).with_name("missing_files.yaml").read_text(encoding="utf-8")
)
OTHERS = {
    *(
        "registry",
        "release.copies",
        "workflow.staging",
        "aptRepositories.suite",
    ),  # in registries and archives
    *("download.to", "download.unpack", "tests.files", "testsOfImage.files", "path"),  # in images
    *("sha256.amd64", "sha256.arm64", "pipPackage"),  # of what is downloaded
    *("network.docker_config", "buildkit.snapshotter"),  # in secrets and on nodes
}
"""Texts whose descriptions name paths and files that are not in the repository."""
BASE = {
    "version": "version: 1",
    "registry": "registry: ghcr.io/team/notebooks",
    "workflow": "workflow: none",
    "sources": "sources: {debian: docker.io/library/debian:trixie-slim}",
    "images": "images: {base: {from: debian}}",
}
GENERATOR = 'workflow: {generator: "%s"}'


def texts(schema: Any, steps: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield the name of every field that is a text, with the mapping that it is in, and its description."""
    if isinstance(schema, dict):
        if schema.get("type") == "string":
            named = [step for at, step in enumerate(steps) if at and steps[at - 1] in ("properties", "$defs")]
            yield ".".join(named[-2:]), schema.get("description", "")
        for key, value in schema.items():
            yield from texts(value, (*steps, key))
    for value in schema if isinstance(schema, list) else ():
        yield from texts(value, steps)


def test_every_field_that_names_a_file_is_asked_for() -> None:
    """A new one belongs into missing_files.yaml; one that names what is elsewhere, into ``OTHERS``."""
    found = {
        field
        for field, description in texts(json.loads(schema_text()))
        if re.search(r"\b(path|file|folder)s?\b", description, re.IGNORECASE)
    }
    assert found == OTHERS | {field for case in CASES for field in case["fields"]}


def write(root: Path, says: str) -> str:
    text = "\n".join([*(line for key, line in BASE.items() if f"{key}:" not in says), says, ""])
    (root / "matrix.yaml").write_text(text, encoding="utf-8")
    return text


def said(root: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    run(["-C", str(root), "check", "--format", "json"])
    every: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["diagnostics"]
    return every


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["fields"][0])
def test_a_missing_file_is_said(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = write(tmp_path, case["says"])
    (one,) = [item for item in said(tmp_path, capsys) if "missing" in item["message"]]
    assert one["severity"] == case.get("severity", "error")
    assert one["file"] == "matrix.yaml"
    pointed = text.splitlines()[one["line"] - 1][one["column"] - 1 :][: one["width"]]
    assert "missing" in pointed, pointed
    assert one["help"]


@pytest.mark.parametrize(
    ("generator", "files", "problem"),
    [
        (".[locked]", (), "the folder . has no pyproject.toml"),
        (".[locked]", ("pyproject.toml",), None),
        (".[locked]", ("setup.py",), None),
        ("./tool[locked]", ("pyproject.toml",), "the file or folder ./tool does not exist"),
        ("./tool[locked]", ("tool/readme",), "the folder ./tool has no pyproject.toml"),
        (
            "./tool/image_matrix-0.1.0-py3-none-any.whl[locked]",
            ("tool/image_matrix-0.1.0-py3-none-any.whl",),
            None,
        ),
        ("/opt/image-matrix[locked]", (), None),
        ("image-matrix[locked]==1.0", (), None),
    ],
)
def test_what_the_jobs_install(
    generator: str,
    files: tuple[str, ...],
    problem: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = tmp_path / "project"
    (root / "below").mkdir(parents=True)
    for file in files:
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text("")
    write(root, GENERATOR % generator)
    monkeypatch.chdir(root / "below")
    found = [item for item in said(Path(".."), capsys) if item["code"] != "IM806"]
    assert [item["message"] for item in found] == ([f"`workflow.generator`: {problem}"] if problem else [])


def test_what_own_steps_may_make_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, GENERATOR % "./built[locked]" + "\nnetwork: {ca_bundle: made.pem}")
    parts = tmp_path / "templates/workflows/parts.j2"
    parts.parent.mkdir(parents=True)
    builtin = Path(__file__).parent.parent.parent / "templates/workflows/parts.j2"
    parts.write_text(f"<# ours #>{builtin.read_text(encoding='utf-8')}", encoding="utf-8")
    found = said(tmp_path, capsys)
    assert {(item["code"], item["severity"]) for item in found} >= {("IM510", "warning")}
    assert [item["message"] for item in found if item["code"] == "IM510"] == [
        "`workflow.generator`: the file or folder ./built does not exist here",
        "`network.ca_bundle`: the file made.pem does not exist here",
    ]
    assert "error" not in {item["severity"] for item in found}


def test_an_absolute_path_is_one_of_another_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "network: {ca_bundle: /etc/ssl/of-runners.pem, netrc: /home/runner/.netrc}")
    assert said(tmp_path, capsys) == []
