"""What end-to-end tests share: the engine, the registry, and this repository as it is built here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from image_matrix.verify.engine import Engine, docker
from tests.e2e import standins
from tests.e2e.place import overlay_at, repositories
from tests.e2e.support import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.config.loaded import Loaded


@dataclass(frozen=True, slots=True)
class Site:
    """This repository, as it is built at this place."""

    overlay: Path
    registry: str
    built: set[str] = field(default_factory=set)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run image-matrix with the overlay."""
        command = [
            sys.executable,
            "-m",
            "image_matrix",
            "-C",
            str(HOME),
            "--overlay",
            str(self.overlay),
            *arguments,
        ]
        return subprocess.run(command, capture_output=True, text=True)

    def image(self, variant: str) -> str:
        """Build a variant, once, and return its reference in the engine's store."""
        if variant not in self.built:
            done = self.run("build", "--no-registry", variant)
            assert done.returncode == 0, done.stderr[-6000:]
            self.built.add(variant)
        return f"{self.registry}/{variant}"

    def loaded(self) -> Loaded:
        """Return the matrix as this place has it."""
        inputs = read_inputs(HOME, overlays=(str(self.overlay),))
        return load(inputs.texts, inputs.templates.kinds, inputs.templates.serving)


@pytest.fixture(scope="session")
def engine() -> Engine:
    try:
        return docker()
    except EnvironmentFailure as failure:
        pytest.skip(failure.message)


@pytest.fixture(scope="session")
def site(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with overlay_at(tmp_path_factory.mktemp("site"), registry, engine) as overlay:
        yield Site(overlay, repositories(registry))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's browser; root installs it where it is missing."""
    found = shutil.which("chromium")
    if not found and os.geteuid() == 0:
        standins.apt_install("chromium", folder=HOME)
        found = shutil.which("chromium")
    if not found:
        pytest.skip("there is no chromium")
    return found
