from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.build.buildx import require_buildx, require_engine
from image_matrix.errors import EnvironmentFailure

if TYPE_CHECKING:
    from pathlib import Path


def test_no_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailure, match="`docker` is not on PATH") as caught:
        require_buildx()
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


def test_no_buildx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho \"docker: 'buildx' is not a docker command.\" >&2; exit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(
        EnvironmentFailure, match="docker has no buildx: docker: 'buildx' is not a docker command"
    ):
        require_buildx()
