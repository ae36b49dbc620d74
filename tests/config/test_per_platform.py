"""Values that differ on each platform are told apart from texts in braces."""

from __future__ import annotations

import json

import pytest

from image_matrix.config.per_platform import MARKS, as_placeholders, on_architecture
from image_matrix.config.placeholders import fill
from image_matrix.diagnostics import MatrixError
from image_matrix.project.load import load

TEXT = fill("{arch}/{machine}/{{arch}}", MARKS)


@pytest.mark.parametrize(
    ("arch", "expected"),
    [
        ("amd64", "amd64/x86_64/{arch}"),
        ("arm64", "arm64/aarch64/{arch}"),
        ("arm", "arm/armv7l/{arch}"),
        ("s390x", "s390x/s390x/{arch}"),
    ],
)
def test_a_value_on_one_architecture(arch: str, expected: str) -> None:
    assert on_architecture(TEXT, arch) == expected


def test_users_read_placeholders() -> None:
    assert as_placeholders(fill("{arch}-{machine}", MARKS)) == "{arch}-{machine}"


@pytest.mark.parametrize("mark", MARKS.values())
@pytest.mark.parametrize("field", ["env", "labels"])
def test_no_text_of_the_matrix_is_a_mark(mark: str, field: str) -> None:
    said = {
        "version": 1,
        "registry": "ghcr.io/example/notebooks",
        "sources": {"debian": "docker.io/library/debian:trixie-slim"},
        "images": {"base": {"from": "debian", field: {"mark": f"a{mark}b"}}},
    }
    with pytest.raises(MatrixError, match="control characters"):
        load({"matrix.yaml": json.dumps(said)}, frozenset())


def test_a_glyph_of_a_terminal_stays_a_glyph() -> None:
    """U+E0A0 is the sign of a branch in the fonts of prompts."""
    assert on_architecture(fill("\ue0a0 {arch}", MARKS), "amd64") == "\ue0a0 amd64"
