"""What a site has of the sizes and profiles: filtered, with the overrides for it, each at its place in the matrix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.config.at_site import at_site, declared_path
from image_matrix.json_data import at_path

MATRIX = Path(__file__).with_name("at_site.yaml")
DATA = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))
STAGING, RESEARCH, TEACHING = (at_site(DATA, name) for name in ("staging", "research", "teaching"))


def test_what_names_no_site_is_everywhere() -> None:
    assert [*STAGING.profiles] == ["science"]
    assert [*RESEARCH.profiles] == ["science", "torch"]
    assert [*STAGING.sizes] == [*TEACHING.sizes] == ["small", "large"]


def test_choices_drop_out_by_themselves_and_with_their_size() -> None:
    assert STAGING.profiles["science"]["images"] == {"scipy": "jupyter-scipy", "pangeo": {"image": "pangeo"}}
    assert TEACHING.profiles["science"]["images"] == {"scipy": "jupyter-scipy"}
    assert STAGING.profiles["science"]["sizes"] == ["small", "large"]
    assert RESEARCH.profiles["science"]["sizes"] == ["gpu", "small", "large"]


def test_a_profile_without_an_image_or_a_size_is_not_there() -> None:
    assert "lab" in DATA["profiles"]
    assert "gpus" in DATA["profiles"]
    assert not {"lab", "gpus"} & STAGING.profiles.keys()


def test_mappings_merge_and_other_values_replace_and_the_last_override_wins() -> None:
    assert TEACHING.sizes["large"]["memory"] == {"limit": "8Gi", "guarantee": "16Gi"}
    assert TEACHING.sizes["large"]["cpu"] == {"limit": 2}
    assert RESEARCH.sizes["large"]["cpu"] == {"limit": 4}
    assert STAGING.sizes["large"] == {
        "display_name": "Large",
        "memory": {"limit": "32Gi", "guarantee": "16Gi"},
    }


def test_an_override_of_a_choice_and_one_of_the_profile_meet() -> None:
    assert RESEARCH.profiles["science"]["images"]["scipy"] == {"image": "jupyter-geo"}


def test_fields_of_defaults_come_before_overrides() -> None:
    assert TEACHING.profiles["science"]["groups"] == ["pupils"]
    assert STAGING.profiles["science"]["groups"] == ["all"]


def test_a_former_choice_key_goes_with_its_successor() -> None:
    assert STAGING.profiles["science"]["retired"] == {"images": {"panda": "pangeo", "sci": "scipy"}}
    assert TEACHING.profiles["science"]["retired"] == {"images": {"sci": "scipy"}}


@pytest.mark.parametrize(
    ("site", "path", "place"),
    [
        ("teaching", "sizes large memory limit", "sizes large overrides 0 memory limit"),
        ("teaching", "sizes large memory guarantee", "sizes large memory guarantee"),
        ("teaching", "sizes large cpu limit", "sizes large overrides 1 cpu limit"),
        ("research", "sizes large cpu limit", "sizes large overrides 2 cpu limit"),
        ("staging", "profiles science sizes 0", "profiles science sizes 1"),
        ("research", "profiles science sizes 0", "profiles science sizes 0"),
        ("staging", "profiles science images pangeo", "profiles science images pangeo image"),
        ("research", "profiles science images scipy", "profiles science overrides 1 images scipy overrides 0 image"),
        ("teaching", "profiles science groups 0", "profiles science overrides 0 groups 0"),
    ],
)  # fmt: skip
def test_each_value_has_the_place_of_its_text(site: str, path: str, place: str) -> None:
    assert declared_path(steps(path), at_site(DATA, site).places) == steps(place)


def steps(text: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdecimal() else step for step in text.split())


def leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for at, item in enumerate(value) for leaf in leaves(item, (*path, at))]
    return [path]


NAMES = st.sampled_from(["a", "b", "c"])
FIELDS = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
ENTRIES = st.dictionaries(NAMES, FIELDS, max_size=3)


@given(ENTRIES, st.lists(st.tuples(NAMES, ENTRIES), max_size=4), NAMES)
def test_what_stands_at_a_place_is_what_the_site_has(
    entry: dict[str, object], overrides: list[tuple[str, dict[str, object]]], site: str
) -> None:
    listed = [{"match": {"site": name}, **fields} for name, fields in overrides]
    data = {"sizes": {"s": {**entry, "overrides": listed}}}
    has = at_site(data, site)
    for leaf in leaves(has.sizes["s"], ("sizes", "s")):
        assert at_path(data, declared_path(leaf, has.places)) == at_path({"sizes": has.sizes}, leaf)
