"""The same bytes on every machine: whatever hashes, locale, time zone, folder and encoding a process has."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
SCRIPT = """
import hashlib, sys
from pathlib import Path
from image_matrix.project.load import load
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.render import render_all

inputs = read_inputs(Path(sys.argv[1]))
loaded = load(inputs.texts, inputs.templates.kinds)
for path, file in render_all(loaded, Pins(), inputs.templates).items():
    print(path.encode(), file.executable, hashlib.sha256(file.content).hexdigest())
"""


def rendered(cwd: Path, *flags: str, **variables: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator"), **variables}
    command = [sys.executable, *flags, "-c", SCRIPT, os.path.relpath(ROOT, cwd)]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=True
    ).stdout


@cache
def usual() -> str:
    return rendered(ROOT, PYTHONHASHSEED="0")


@cache
def other_locale() -> str:
    """A locale with other rules for case, sorting and numbers, where the machine has one."""
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    foreign = [name for name in listed if not name.startswith(("C", "POSIX", "en"))]
    return next(iter(sorted(foreign, reverse=True)), "tr_TR.UTF-8")


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_hash_seeds(seed: str) -> None:
    assert rendered(ROOT, PYTHONHASHSEED=seed) == usual()


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "other"])
def test_locales(locale: str) -> None:
    name = other_locale() if locale == "other" else locale
    assert rendered(ROOT, LC_ALL=name, PYTHONCOERCECLOCALE="0", PYTHONUTF8="0") == usual()


def test_time_zone_and_folder(tmp_path: Path) -> None:
    assert rendered(tmp_path, TZ="Pacific/Kiritimati", HOME=str(tmp_path), USER="somebody") == usual()


def test_no_file_is_read_in_the_locales_encoding() -> None:
    assert rendered(ROOT, "-X", "warn_default_encoding", "-W", "error::EncodingWarning") == usual()


def test_optimised_python_does_the_same() -> None:
    assert rendered(ROOT, "-OO") == usual()
