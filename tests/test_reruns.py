"""A test that passes at its second try: the report says why the first one failed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

TEST = """
import pytest
tries = []

@pytest.mark.e2e
def test_of_a_network():
    tries.append(1)
    assert len(tries) > 1, "no answer in time"
"""


def test_the_first_try_is_in_the_report(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "conftest.py", tmp_path)
    (tmp_path / "test_network.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = e2e\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_network.py"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "first try of test_network.py::test_of_a_network" in done.stdout
    assert "AssertionError: no answer in time" in done.stdout
    assert "1 passed, 1 rerun" in done.stdout
