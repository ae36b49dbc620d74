"""The programs that ``.ci/programs`` has built from the modules in tests/cluster/programs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.support import HOME


def built(family: str, program: str) -> Path:
    """Return a program of a family; skips the test where it is not there."""
    found = subprocess.run([HOME / ".ci" / "programs", "--find", family], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    return Path(found.stdout.strip()) / program
