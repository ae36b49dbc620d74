from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.publish.offered_images import gone, offered_images
from tests.publish.states import INDEX, answering, held_digest

OLD, NEW = held_digest(INDEX), f"sha256:{'2' * 64}"
REGISTRY = "ghcr.io/example/notebooks"
ENTRIES = {
    "lab:default": {"reference": f"{REGISTRY}/lab:default-1@{OLD}", "digest": OLD},
    "science:default": {
        "reference": f"{REGISTRY}/science:default-2@{NEW}",
        "digest": NEW,
        "previous": f"{REGISTRY}/science:default-1@{OLD}",
    },
}


def test_what_was_released_before_counts_where_a_file_names_it() -> None:
    now = [f"{REGISTRY}/lab@{OLD}", f"{REGISTRY}/science@{NEW}"]
    assert offered_images(ENTRIES, [f"image: {REGISTRY}/lab:default-1@{OLD}"]) == now
    before = f"{REGISTRY}/science@{OLD}"
    assert offered_images(ENTRIES, ["", f"image: {REGISTRY}/science:default-1@{OLD}"]) == [*now, before]


def test_only_a_registry_that_says_so_lacks_an_image() -> None:
    lab, science = offered_images(ENTRIES, [])
    held = {f"lab/manifests/{OLD}": INDEX}
    assert gone(answering(held), [lab, science]) == [science]
    for status in (403, 429, 500):
        with pytest.raises(EnvironmentFailure, match="science@sha256:2"):
            gone(answering(held, {f"science/manifests/{NEW}": status}), [lab, science])
