from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with everything that can be fetched."""
    (tmp_path / "key.gpg").write_bytes(b"\x99\x01")
    (tmp_path / "setup.sh").write_text("#!/bin/sh\n")
    (tmp_path / "cosign.pub").write_text("-----BEGIN PUBLIC KEY-----\n")
    (tmp_path / "matrix.yaml").write_text((FIXTURES / "matrix.yaml").read_text())
    (tmp_path / "matrix.lock.yaml").write_text((FIXTURES / "lock.yaml").read_text())
    return tmp_path


@pytest.fixture
def change(folder: Path) -> Callable[[str, str], None]:
    """Replaces a text of the matrix."""

    def replace(old: str, new: str) -> None:
        text = (folder / "matrix.yaml").read_text()
        assert old in text
        (folder / "matrix.yaml").write_text(text.replace(old, new))

    return replace
