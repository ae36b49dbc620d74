from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.policy.containment import is_within
from image_matrix.policy.references import fits_reference, has_moving_tag, without_digest
from image_matrix.registry.reference import has_tag

DIGEST = f"@sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("reference", "pattern", "fits"),
    [
        ("docker.io/library/debian:trixie", "docker.io", True),
        ("docker.io/library/debian:trixie", "docker.io/library/debian", True),
        ("debian:trixie", "docker.io/library/debian", True),
        ("docker.io/library/debian:trixie", "docker.io/library/deb", False),
        ("docker.io/library/debian:trixie", "docker.io/*", True),
        ("docker.io/library/debian:trixie", "*", True),
        ("docker.io/library/debian:trixie", "*/debian", True),
        ("docker.io/library/debian:trixie", "*:trixie", True),
        ("docker.io/library/debian:trixie-slim", "*:trixie", False),
        ("docker.io/library/debian:trixie-slim", "docker.io/library/debian:trixie*", True),
        (f"docker.io/library/debian{DIGEST}", "docker.io/library/debian:*", False),
        (f"docker.io/library/debian:1{DIGEST}", "docker.io/library/debian:1", True),
        ("localhost:5000/team/base:1", "localhost:5000", True),
        ("localhost:5000/team/base:1", "localhost:5000/team/base:1", True),
        ("localhost:5000/team/base:1", "localhost:*", True),
        ("docker.io.evil.example/library/debian:1", "docker.io", False),
        ("evil.example/docker.io/library/debian:1", "docker.io/*", False),
        ("quay.io/team/a.b:1", "quay.io/team/a*b", True),
        ("quay.io/team/a+b:1", "quay.io/team/a.b", False),
    ],
)
def test_a_pattern_means_registries_repositories_and_tags(reference: str, pattern: str, fits: bool) -> None:
    assert fits_reference(reference, pattern) is fits


def test_a_tag_moves_unless_a_digest_is_with_it() -> None:
    assert [has_moving_tag(f"quay.io/a/b{end}") for end in ("", ":latest", ":main", ":1.2", DIGEST)] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert not has_moving_tag(f"quay.io/a/b:latest{DIGEST}")


def test_an_image_is_named_without_its_digest() -> None:
    assert without_digest(f"debian{DIGEST}") == "docker.io/library/debian"
    assert without_digest(f"localhost:5000/a:1{DIGEST}") == "localhost:5000/a:1"
    assert not has_tag(f"localhost:5000/a{DIGEST}")


NAMES = st.text("ab*/:.", min_size=1, max_size=6)


@given(NAMES, NAMES, st.text("ab/:.", max_size=8))
def test_what_fits_an_entry_fits_every_wider_one(entry: str, wider: str, text: str) -> None:
    """As far as they are texts with `*`: nothing that an entry means is lost."""
    import re

    def fits(pattern: str) -> bool:
        return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None

    if is_within(entry, wider) and not entry.startswith(wider) and fits(entry):
        assert fits(wider)


@pytest.mark.parametrize(
    ("entry", "wider", "within"),
    [
        ("docker.io/library/debian", "docker.io/library/*", True),
        ("docker.io/library/debian", "docker.io", True),
        ("docker.io/library/debian:1", "docker.io/library/debian", True),
        ("docker.io/library/debian/other", "docker.io/library/debian", False),
        ("docker.io/library/*", "docker.io/library/debian", False),
        ("docker.iox", "docker.io", False),
        ("numpy>=2", "numpy", True),
        ("numpy", "numpy>=2", False),
        ("numpy-base", "numpy", False),
    ],
)
def test_an_entry_is_within_a_wider_one(entry: str, wider: str, within: bool) -> None:
    assert is_within(entry, wider) is within
