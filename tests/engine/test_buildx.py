from __future__ import annotations

from pathlib import Path

import pytest

from generator.engine.buildx import Log, require_engine
from generator.errors import EnvironmentFailure

LOGS = Path(__file__).parent.parent / "fixtures" / "engine"


def read(name: str) -> Log:
    log = Log()
    for line in (LOGS / name).read_text().splitlines():
        log.read(line)
    return log


def test_seconds_belong_to_the_target_whose_step_it_was() -> None:
    log = read("two-targets.log")
    assert log.seconds["base_python3-13-amd64"] == pytest.approx(18.9)
    assert log.seconds["lab_python3-13-amd64"] == pytest.approx(40.1)


def test_a_failure_names_the_target_and_what_the_engine_said() -> None:
    assert read("failing.log").failure() == (
        'the build failed in lab_python3-13-amd64: process "/bin/bash -euo pipefail -c exit 7" did not complete '
        "successfully: exit code: 7"
    )


def test_a_failure_before_any_step() -> None:
    assert (
        read("no-source.log").failure()
        == "the build failed: failed to solve: localhost:5000/nothing:1: not found"
    )


def test_no_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailure, match="no `docker` on PATH") as caught:
        require_engine()
    assert caught.value.exit_code == 3
    assert "docs.docker.com" in caught.value.help


def test_no_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        '#!/bin/sh\n[ "$1" = buildx ] || { echo "Cannot connect to the daemon" >&2; exit 1; }\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(EnvironmentFailure, match="Cannot connect to the daemon"):
        require_engine()
