"""Slugs of profiles: KubeSpawner's own code says what they are (tests/deploy/test_slugs.py)."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.profiles.slugs import slugify
from tests.laws import examples


@given(st.text())
@settings(max_examples=examples(300), deadline=None)
def test_a_slug_is_its_own_slug_and_an_address_can_hold_it(text: str) -> None:
    slug = slugify(text)
    assert slugify(slug) == slug
    assert re.fullmatch(r"[a-z0-9-]*", slug)
