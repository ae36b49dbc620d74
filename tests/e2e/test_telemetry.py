"""The spans of a real build: those of image-matrix and of buildx in one trace."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from image_matrix.pinned.tools import native_arch
from tests.e2e.support import new_repository
from tests.otlp_receiver import receiver

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e
MATRIX = """\
version: 1
registry: registry.invalid/telemetry
workflow: none
network: {builtin_frontend: true}
sources: {debian: docker.io/library/debian:trixie-slim}
images: {small: {from: debian, context: small}}
"""


def test_a_build_is_one_trace_with_that_of_buildx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = new_repository(tmp_path)
    shutil.rmtree(repository.root / "templates")
    (repository.root / "matrix.yaml").write_text(MATRIX)
    (repository.root / "small").mkdir()
    (repository.root / "small" / "Dockerfile").write_text(
        'FROM docker.io/library/debian:trixie-slim\nCMD ["true"]\n'
    )
    with receiver() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cret")
        monkeypatch.setenv("TRACEPARENT", f"00-{'a' * 32}-{'b' * 16}-01")
        done = repository.run("-v", "build", "--push", "--platform", f"linux/{native_arch()}")
    assert "1 built in" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr
    command, bake = found.named("image-matrix build"), found.named("bake")
    assert (command.parent, bake.parent) == ("b" * 16, command.id)
    of_buildx = [span for span in found.spans if span.service == "buildx"]
    assert {span.trace for span in found.spans} == {"a" * 32}
    assert bake.id in {span.parent for span in of_buildx}
    assert {one["x-key"] for one in found.headers} == {"s3cret"}
