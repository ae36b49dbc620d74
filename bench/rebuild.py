"""Real builds: everything, then a changed leaf, then nothing, with the registry of IMAGE_MATRIX_TEST_REGISTRY."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

from bench.measure import IMAGE_MATRIX, REPOSITORY, table
from tests.e2e.support import site

SITE = "site.yaml"
MATRIX = """\
version: 1
registry: {registry}
sources: {{debian: docker.io/library/debian:trixie-slim}}
images:
  base: {{from: debian, kind: base, pip: [uv==0.13.8]}}
  jupyter: {{from: base, kind: jupyter, pip: [jupyterlab==4.6.6]}}
  leaf: {{from: jupyter, pip: [{leaf}]}}
"""


def report() -> str:
    """Build three images, change the last, change nothing."""
    registry = os.environ.get("IMAGE_MATRIX_TEST_REGISTRY")
    if not registry:
        return "## Rebuilds\n\nNo engine: set IMAGE_MATRIX_TEST_REGISTRY (see CONTRIBUTING.md).\n"
    place = f"{registry}/bench-{uuid.uuid4().hex[:8]}"
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as top:
        (Path(top) / SITE).write_text(site(place))
        for name, leaf in (
            ("everything", "six==1.16.0"),
            ("the leaf changed", "six==1.17.0"),
            ("nothing changed", "six==1.17.0"),
        ):
            (Path(top) / "matrix.yaml").write_text(MATRIX.format(registry=place, leaf=leaf))
            seconds, built = _build(Path(top))
            ratio = f"{seconds / float(str(rows[0][2])):.3f}" if rows else "1"
            rows.append((name, built, f"{seconds:.1f}", ratio))
    return table("Rebuilds", ("build", "images built", "seconds", "against the first"), rows)


def _build(folder: Path) -> tuple[float, int]:
    command = (*IMAGE_MATRIX, "-q", "--overlay", SITE, "build", "--push")
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=True,
        capture_output=True,
        text=True,
    )
    count = done.stdout.strip().splitlines()[-1].split()[0]
    return time.perf_counter() - start, json.loads(count)
