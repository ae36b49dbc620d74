"""What `packages` prints, of the family of tests/inventory without a lock."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Repository

if TYPE_CHECKING:
    from tests.cli.conftest import Ran

EXPECTED = Path(__file__).parent / "packages"
HOME = Path(__file__).parent.parent.parent
FAMILY = Path(__file__).parent.parent / "inventory/family.yaml"
CASES = {
    "counts": (),
    "name": ("Scikit_Learn",),
    "pattern": ("*py*",),
    "versions": ("scipy<1.17", "uv>=0.13"),
    "misspelt": ("geopanda",),
    "image": ("--image", "lab"),
    "variant": ("--image", "small:python3.13"),
    "elsewhere": ("git", "--image", "maps"),
    "markdown": ("scipy", "--format", "markdown"),
    "json": ("jupyterhub", "--format", "json"),
    "unknown-image": ("--image", "labs"),
    "no-versions": ("uv<new",),
}


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repository:
    shutil.copy(FAMILY, tmp_path / "matrix.yaml")
    return Repository(tmp_path, capsys)


def transcript(arguments: tuple[str, ...], ran: Ran) -> str:
    line = " ".join(("$ image-matrix packages", *arguments))
    parts = (f"{title}:\n{text}" for title, text in (("stdout", ran.out), ("stderr", ran.err)) if text)
    return "\n".join((line, f"exit code: {ran.code}", *parts))


@pytest.mark.parametrize("case", CASES)
def test_what_it_prints(call: Repository, case: str) -> None:
    shown = transcript(CASES[case], call("packages", *CASES[case]))
    path = EXPECTED / f"{case}.txt"
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_the_reference_says_who_brings_and_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    call = Repository(HOME, capsys)
    ran = call("packages", "scipy", "--format", "json")
    shown = json.loads(ran.out)
    assert {item["image"] for item in shown} >= {"jupyter-scipy", "jupyter-tensorflow-full"}
    assert all(item["requests"][0]["origin"] == "bundle full" for item in shown)
    lines = (HOME / "matrix.yaml").read_text(encoding="utf-8").splitlines()
    assert all("scipy==" in lines[item["requests"][0]["line"] - 1] for item in shown)
    assert "`gaudi-pytorch` brings to `jupyter-pytorch-gaudi`" in ran.err
