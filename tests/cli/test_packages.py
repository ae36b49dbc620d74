"""What `packages` prints, of the family of tests/inventory without a lock."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Repository
from tests.cli.transcripts import compare, transcript

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
    "bill-of-matrix": ("--image", "hub", "--format", "cyclonedx"),
    "bill-of-names": ("uv", "--image", "hub", "--from-image", "--format", "cyclonedx"),
    "bill-of-several": ("--image", "lab", "--image", "hub", "--from-image", "--format", "cyclonedx"),
}


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repository:
    shutil.copy(FAMILY, tmp_path / "matrix.yaml")
    return Repository(tmp_path, capsys)


@pytest.mark.parametrize("case", CASES)
def test_what_it_prints(call: Repository, case: str) -> None:
    arguments = ("packages", *CASES[case])
    compare(EXPECTED / f"{case}.txt", transcript(arguments, call(*arguments)))


def test_the_reference_says_who_brings_and_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    call = Repository(HOME, capsys)
    ran = call("packages", "scipy", "--format", "json")
    shown = json.loads(ran.out)
    assert {item["image"] for item in shown} >= {"jupyter-scipy", "jupyter-tensorflow-full"}
    assert all(item["requests"][0]["origin"] == "bundle full" for item in shown)
    lines = (HOME / "matrix.yaml").read_text(encoding="utf-8").splitlines()
    assert all("scipy==" in lines[item["requests"][0]["line"] - 1] for item in shown)
    assert "`gaudi-pytorch` brings to `jupyter-pytorch-gaudi`" in ran.err
