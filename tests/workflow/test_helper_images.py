"""Images that no matrix names: the table of what a mirror must hold knows all of them."""

from __future__ import annotations

from image_matrix.config.network import DEFAULT_FRONTEND
from image_matrix.pinned.actions import pinned_images
from image_matrix.pinned.helper_images import FRONTEND, HELPERS, remedy


def test_every_image_is_in_the_table() -> None:
    frontend = DEFAULT_FRONTEND.partition(":")[0]
    assert FRONTEND.name == frontend
    assert {one.name for one in HELPERS} == {frontend, *pinned_images()}


def test_a_remedy_says_what_it_is_for_and_how_to_do_without() -> None:
    for one in HELPERS:
        assert one.use in remedy(one)
        assert remedy(one).endswith(one.without)
