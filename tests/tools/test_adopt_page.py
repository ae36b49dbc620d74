"""What docs/adopt.md says of existing families: every line of its table is checked as a matrix."""

from __future__ import annotations

import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from image_matrix.config.overlay_merge import merge
from image_matrix.diagnostics import MatrixError
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all

REPOSITORY = Path(__file__).parents[2]
HEAD: dict[str, Any] = {
    "version": 1,
    "registry": "ghcr.io/team/images",
    "workflow": "none",
    "sources": {
        "debian": "docker.io/library/debian:trixie-slim",
        "stacks": {"image": "quay.io/jupyter/scipy-notebook:2026-08-03", "provides": {"python": "3.13"}},
    },
    "downloads": {
        "micromamba": {
            "version": "2.9.0-0",
            "url": "https://example.org/{version}-{arch}",
            "to": "/usr/local/bin/micromamba",
        }
    },
}
FILES = {
    "old/base/Dockerfile": "FROM docker.io/library/debian:trixie-slim\nRUN true\n",
    "old/cuda/Dockerfile": "FROM docker.io/nvidia/cuda:13.0.1-base-ubuntu24.04\n",
    "old/lab/Dockerfile": "ARG A\nFROM ghcr.io/team/images/base\n",
    "old/lab/Dockerfile.cuda": "ARG A\nFROM ghcr.io/team/images/base AS final\n",
    "old/spark/Dockerfile": "FROM docker.io/library/debian:trixie-slim\nARG A\n",
    "old/team-lab/Dockerfile": "FROM quay.io/team/base:latest\n",
    "old/copies/Dockerfile": "FROM docker.io/library/debian:trixie-slim\nCOPY --from=tool /a /b\n",
    "old/environment.yml": "dependencies: [gdal=3.12]\n",
    "old/requirements.txt": "six==1.17.0\n",
    "old/condarc": "channels: []\n",
    "old/setup.sh": "#!/bin/sh\necho $R_TOKEN\n",
    "old/key.asc": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
}
SECTIONS = ("axes", "defaults", "downloads", "images", "network", "release", "sites", "sources")
TITLE = "## What families have, and how a matrix says it"


def rows() -> list[tuple[str, str]]:
    """Return what is in a family, and what the page says of it."""
    section = (
        (REPOSITORY / "docs/adopt.md").read_text(encoding="utf-8").partition(TITLE)[2].partition("\n## ")[0]
    )
    lines = re.findall(r"^\| (.+?) \| (.+) \|$", section, flags=re.MULTILINE)
    return [(family, answer) for family, answer in lines if family not in ("---", "in the family")]


def settings(answer: str) -> list[dict[str, Any]]:
    """Return the parts of a matrix that an answer has."""
    codes = re.findall(r"`([^`]+)`", answer)
    parts = [
        yaml.safe_load(code) for code in codes if code.startswith(tuple(f"{name}:" for name in SECTIONS))
    ]
    return [part for part in parts if isinstance(part, dict)]


@pytest.mark.parametrize(("family", "answer"), rows(), ids=lambda text: text[:40])
def test_a_line_of_the_page_is_a_matrix(family: str, answer: str, tmp_path: Path) -> None:
    parts = settings(answer)
    if not parts:
        return  # words alone
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    image = {} if any("images" in part for part in parts) else {"images": {"some": {"from": "debian"}}}
    matrix = reduce(merge, parts, {**HEAD, **image})
    (tmp_path / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False), encoding="utf-8")
    inputs = read_inputs(tmp_path)
    if "*no*" in family or answer.startswith("*no*"):
        with pytest.raises(MatrixError):
            load_inputs(inputs)
        return
    try:
        loaded = load_inputs(inputs)
    except MatrixError as error:
        pytest.fail("\n".join(f"{item.code} {item.message} {item.help}" for item in error.diagnostics))
    render_all(loaded, Pins(), inputs.templates)


def test_most_lines_are_checked() -> None:
    every = rows()
    assert len(every) >= 35
    assert len([answer for _, answer in every if settings(answer)]) >= 28
