from __future__ import annotations

import pytest

from image_matrix.config.key_places import belongs
from image_matrix.config.schema import is_field


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        (("release",), "rescan", "`rescan` belongs below `workflow`"),
        (("images", "base", "apt"), "snapshot", "`snapshot` belongs below `defaults.images.apt`"),
        (
            ("defaults",),
            "platforms",
            "`platforms` belongs below `defaults.images` or below `defaults.sites`",
        ),
        (("sites", "hub", "buildkit"), "schedule", "`schedule` belongs below `sites.NAME.buildkit.job`"),
        ((), "chart", "`chart` belongs below `sites.NAME`"),
        (("workflow",), "registry", "`registry` belongs at the top of the matrix"),
        (("workflow",), "description", ""),
        (("sizes", "s"), "limit", "`limit` belongs below `sizes.NAME.cpu` or below `sizes.NAME.memory`"),
        (("sites", "hub"), "schedule", "`schedule` belongs below `sites.NAME.buildkit.job`"),
        (
            ("sites", "hub", "buildkit", "cache"),
            "schedule",
            "`schedule` belongs below `sites.NAME.buildkit.job`",
        ),
        (("release", "sign"), "store", ""),
        (("sites", "hub"), "store", ""),
        (("profiles", "data"), "enabled", ""),
        ((), "nothing", ""),
    ],
)
def test_where_a_key_belongs(path: tuple[str, ...], key: str, place: str) -> None:
    assert belongs(path, key, None) == place
    assert not is_field((*path, key))


@pytest.mark.parametrize(
    "path", [("workflow",), ("release", "sign"), ("release", "scan"), ("sites", "hub"), ("images", "base")]
)
def test_a_place_far_down_in_another_section_is_not_named(path: tuple[str, ...]) -> None:
    assert belongs(path, "enabled", True) == ""


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (True, "`snapshot` belongs below `defaults.images.apt`"),
        (["debian"], "`snapshot` belongs below `defaults.images.apt`"),
        ("2026-11-01", "`snapshot` belongs below `images.NAME.cran` or below `defaults.images.apt`"),
        ({}, "`snapshot` belongs below `images.NAME.cran` or below `defaults.images.apt`"),
    ],
)
def test_a_key_belongs_where_its_value_fits(value: object, place: str) -> None:
    """A day may be meant for packages of apt as well as of R: both are named."""
    assert belongs(("images", "base"), "snapshot", value) == place


@pytest.mark.parametrize("value", ["2026-11-01", True, 5, {}, None])
@pytest.mark.parametrize("path", [("images", "base", "apt"), ("bundles", "x", "apt")])
def test_a_mapping_of_the_same_name_is_meant_whatever_the_value(path: tuple[str, ...], value: object) -> None:
    assert belongs(path, "snapshot", value) == "`snapshot` belongs below `defaults.images.apt`"


def test_a_number_fits_a_text_that_is_to_be_quoted() -> None:
    assert belongs(("images", "base"), "chart", 4.0) == "`chart` belongs below `sites.NAME`"


def test_a_position_in_a_list_is_no_step() -> None:
    path = ("workflow", "overrides", 0)
    assert belongs(path, "image", None) == "`image` belongs below `workflow.overrides.match`"
