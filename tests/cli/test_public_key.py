"""The file with the public key of signatures is looked at where a matrix is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/team/notebooks
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images: {base: {from: debian}}
release: {sign: {tool: cosign, key: "env://COSIGN_KEY", public_key: cosign.pub}}
"""
PUBLIC = "-----BEGIN PUBLIC KEY-----\n"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "the file cosign.pub does not exist"),
        ("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "cosign.pub is a private key"),
        (MATRIX, "cosign.pub is not a public key"),
    ],
)
def test_what_verifies_nothing_is_refused(
    content: str | None, said: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cosign.pub"
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    file.write_text(PUBLIC)
    assert run(["-C", str(tmp_path), "-q", "render"]) == 0
    assert run(["-C", str(tmp_path), "check"]) == 0
    file.unlink()
    if content is not None:
        file.write_text(content)
    capsys.readouterr()
    assert run(["-C", str(tmp_path), "check", "--format", form]) == 2
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
