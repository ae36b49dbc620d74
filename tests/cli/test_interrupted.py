"""Ctrl-C ends a command with a word and the exit code of the signal."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from image_matrix.cli import run

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("error", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_is_answered(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise error

    monkeypatch.setattr(click.Group, "invoke", interrupt)
    assert run(["list"]) == 130
    captured = capsys.readouterr()
    assert captured.err.strip() == "interrupted"
    assert captured.out == ""


def test_ctrl_c_while_a_class_is_made_is_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    monkeypatch.setattr(click.Group, "invoke", interrupt)
    assert run(["list"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


AT_IMPORT = """\
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            {interruption}

sys.meta_path.insert(0, Interrupt())
sys.argv = ["image-matrix", "list"]
runpy.run_module("image_matrix", run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself a Ctrl-C there")
@pytest.mark.parametrize(
    "interruption",
    ["os.kill(os.getpid(), signal.SIGINT)", "raise RuntimeError('__set_name__') from KeyboardInterrupt()"],
)
@pytest.mark.parametrize("module", ["image_matrix.cli", "click", "image_matrix.cli.list"])
def test_ctrl_c_is_answered_while_modules_are_imported(
    module: str, interruption: str, tmp_path: Path
) -> None:
    program = AT_IMPORT.format(module=module, interruption=interruption)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "interrupted")


def test_the_command_is_started_like_the_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"image-matrix": "image_matrix.__main__:main"}
