"""Environments with the real consumers, made once and kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
KUBESPAWNERS = {
    "newest": ("jupyterhub-kubespawner==7.1.0", "jupyterhub==5.5.0"),
    "of chart 4.4.0": ("jupyterhub-kubespawner==7.0.0", "jupyterhub==5.5.0"),
}
HELM = ("helm-python-sdk==0.2.2", "pyyaml==6.0.3")
Ask = Callable[[Any], dict[str, Any]]


def environment(packages: tuple[str, ...]) -> Path:
    """Return the Python of an environment with these packages; made in a folder aside and moved, so never half."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-matrix-tests"
    name = hashlib.sha256(repr((packages, sys.version_info[:2])).encode()).hexdigest()[:16]
    folder = cache / name
    if not (folder / "bin" / "python").exists():
        cache.mkdir(parents=True, exist_ok=True)
        aside = cache / f"{name}.{os.getpid()}"
        subprocess.run([sys.executable, "-m", "venv", aside], check=True)
        install = [str(aside / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, capture_output=True)
        try:
            aside.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(aside)
    return folder / "bin" / "python"


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
    python = environment(KUBESPAWNERS[request.param])
    yield from conversation(python, HERE / "kubespawner_driver.py")


@pytest.fixture(scope="session")
def helm() -> Iterator[Ask]:
    yield from conversation(environment(HELM), HERE / "helm_driver.py")
