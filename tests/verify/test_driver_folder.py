"""A stand-in for NVIDIA's driver: the script that looks for it, for real, and what is said of its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.accelerators import Accelerator
from image_matrix.verify.driver_folder import CHECK, FOLDER, TOOL, driver_folder, problem
from image_matrix.verify.engine import CommandResult, Engine
from image_matrix.verify.model import Subject
from image_matrix.verify.probe_client import source
from image_matrix.verify.scenarios import scenarios
from tests.verify.test_engine import Recorder

if TYPE_CHECKING:
    from pathlib import Path

FOUND = {"library": "", "process": TOOL, "shell": TOOL}


def look(folder: Path, **env: str) -> dict[str, str]:
    """Run the script in a process with these variables."""
    command = [sys.executable, "-I", "-", json.dumps([["driver", {"folder": str(folder)}]])]
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), **env}
    done = subprocess.run(
        command, input=source("driver_probe"), capture_output=True, text=True, check=True, env=variables
    )
    (seen,) = json.loads(done.stdout)
    return seen  # type: ignore[no-any-return]


@pytest.mark.skipif(sys.platform != "linux", reason="the script reads /proc")
def test_the_script_finds_what_the_variables_name(tmp_path: Path) -> None:
    seen = look(tmp_path, LD_LIBRARY_PATH=f"{tmp_path}/lib64", PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert seen["library"] == ""
    assert seen["process"] == f"{tmp_path}/bin/nvidia-smi"


@pytest.mark.skipif(sys.platform != "linux", reason="the script reads /proc")
def test_the_script_finds_nothing_without_them(tmp_path: Path) -> None:
    seen = look(tmp_path)
    assert seen["library"].startswith("OSError: libcuda.so.1: cannot open shared object file")
    assert seen["process"] == seen["shell"] == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"library": "OSError: libcuda.so.1: no"}, f"needs `LD_LIBRARY_PATH: {FOLDER}/lib64`"),
        (
            {"process": "", "shell": ""},
            f"not on PATH (process, shell): `path` of the accelerator needs `{FOLDER}/bin`",
        ),
        ({"shell": "/usr/bin/nvidia-smi"}, "not on PATH (shell)"),
    ],
)
def test_what_is_said(changed: dict[str, str], said: str) -> None:
    found = problem({**FOUND, **changed})
    assert said in found
    assert bool(found) == bool(changed)


def test_the_folder_is_mounted_empty_and_libraries_load_from_it() -> None:
    call = Recorder(exec=CommandResult(0, json.dumps([FOUND])))
    (result,) = driver_folder(Engine(call), Subject("a:b", "c"))
    assert (result.name, result.status) == (CHECK, "passed")
    assert f"--tmpfs={FOLDER}:exec,mode=1777" in call.calls[0]


@pytest.mark.parametrize(
    ("device", "checked"), [("nvidia.com/gpu", True), ("amd.com/gpu", False), (None, False)]
)
def test_images_for_nvidia_are_checked(device: str | None, checked: bool) -> None:
    subject = Subject("a:b", "c", "jupyter", accelerator=Accelerator("x", device=device))
    assert (CHECK in {check for one in scenarios(subject) for check in one.checks}) == checked
