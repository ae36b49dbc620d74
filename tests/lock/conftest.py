from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lock.site import MATRIX, Repository, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "repository").mkdir()
    (tmp_path / "site").mkdir()
    with serving(tmp_path / "site") as site:
        for version in ("1.0", "2.0"):
            site.package("alpha", version, tags="both")
            site.package("epsilon", version, "zeta")
        site.package("uv", "0.13.8", tags="both")
        site.package("beta", "1.0", "zeta>=1")
        site.package("gamma", "1.0", "zeta", "eta")
        site.package("delta", "1.0", "alpha>=1")
        site.package("eta", "1.0")
        site.package("zeta", "1.0")
        site.source("library/debian:trixie-slim", "first")
        site.source("docker/dockerfile:1", "frontend")
        for arch in ("amd64", "arm64"):
            site.file(f"tool-1.0-{arch}", f"the tool for {arch}")
        found = Repository(tmp_path / "repository", site)
        found.write(MATRIX)
        yield found
