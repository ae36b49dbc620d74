"""Texts that are nearly right."""

from __future__ import annotations

import re

import pytest

from image_matrix.config.repairs import repaired


@pytest.mark.parametrize(
    ("text", "pattern", "better"),
    [
        ("ghcr.io/team/nb/", r"[a-z.]+(/[a-z]+)+", "ghcr.io/team/nb"),
        ("Team Data", r"[a-z]+(-[a-z]+)*", "team-data"),
        ("my-user", r"[A-Za-z_]+", "my_user"),
        ("8 GiB", r"[0-9]+[KMGT]", "8G"),
        ("8gb", r"[0-9]+[KMGT]", "8G"),
        ("1G", r"[0-9]+[KMG]i", "1Gi"),
        ("v1.2", r"[0-9]+(\.[0-9]+)*", "1.2"),
        ("ABCDEF", r"[0-9a-f]+", "abcdef"),
        (" a ", "[a-z]", "a"),
        ("\u201ca\u201d", "[a-z]", "a"),
        ("example.org/x", r"https://\S+", "https://example.org/x"),
        ("bin/x", r"/[a-z/]+", "/bin/x"),
        ("~/x", r"/[a-z/]+", None),
        ("image", r"/[a-z/]+", None),
        ("three", r"[0-9]+", None),
        ("a", "[a-z]", None),
    ],
)
def test_slips_are_taken_out(text: str, pattern: str, better: str | None) -> None:
    assert repaired(text, lambda candidate: re.fullmatch(pattern, candidate) is not None) == better
