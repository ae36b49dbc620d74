"""Conversations with the real consumers, each in a Python environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.environments import python_of

HERE = Path(__file__).parent
KUBESPAWNERS = ("newest", "of-chart-4.4.0")
EVERY_KUBESPAWNER = (*KUBESPAWNERS, "of-chart-3.3.8")
"""With the one before lists could be mappings."""
Ask = Callable[[Any], dict[str, Any]]


def conversation(python: Path, script: Path) -> Iterator[Ask]:
    """Start a driver and yield what asks it: one JSON line there, one back."""
    process = subprocess.Popen(
        [python, "-W", "ignore", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    def ask(question: Any) -> dict[str, Any]:
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, "the driver has ended"
        said: dict[str, Any] = json.loads(line)
        return said

    with process:
        yield ask
        stdin.close()


@pytest.fixture(scope="session", params=KUBESPAWNERS)
def kubespawner(request: pytest.FixtureRequest) -> Iterator[Ask]:
    python = python_of(f"kubespawner-{request.param}")
    yield from conversation(python, HERE / "kubespawner_driver.py")


@pytest.fixture(scope="session", params=EVERY_KUBESPAWNER)
def every_kubespawner(request: pytest.FixtureRequest) -> Iterator[Ask]:
    python = python_of(f"kubespawner-{request.param}")
    yield from conversation(python, HERE / "kubespawner_driver.py")


@pytest.fixture(scope="session")
def helm() -> Iterator[Ask]:
    yield from conversation(python_of("helm"), HERE / "helm_driver.py")
