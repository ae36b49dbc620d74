"""Values that differ on each platform are told apart from texts in braces."""

from __future__ import annotations

import pytest

from image_matrix.config.per_platform import MARKS, as_placeholders, on_architecture
from image_matrix.config.placeholders import fill

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
