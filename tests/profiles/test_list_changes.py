"""What differs between two profile lists, also in what the matrix cannot say today."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.profiles.change_words import TERMINAL, change_lines
from image_matrix.profiles.list_changes import site_changes


def profile(slug: str, **more: Any) -> dict[str, Any]:
    return {"slug": slug, "display_name": slug.title(), **more}


def choice(title: str, **more: Any) -> dict[str, Any]:
    return {"display_name": title, "kubespawner_override": {}, **more}


def lines(before: dict[str, Any], after: dict[str, Any], option: str = "size") -> list[str]:
    """What changes of one option of a profile."""
    lists = ([profile("one", profile_options={option: one})] for one in (before, after))
    return change_lines(site_changes(*({"hub": one} for one in lists)), TERMINAL)


def of_settings(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    lists = ([profile("one", kubespawner_override=one)] for one in (before, after))
    return change_lines(site_changes(*({"hub": one} for one in lists)), TERMINAL)


def test_a_change_at_all_sites_is_said_once() -> None:
    old, new = [profile("a")], [profile("a", allowed_groups=["x"])]
    everywhere = site_changes({"one": old, "two": old}, {"one": new, "two": new})
    assert change_lines(everywhere, TERMINAL) == ["A: now only for `x`"]
    somewhere = site_changes({"one": old, "two": old}, {"one": new, "two": old})
    assert change_lines(somewhere, TERMINAL) == ["A: now only for `x` (at `one`)"]


def test_another_slug_under_the_title_of_the_preselected_profile() -> None:
    lists = ([profile(slug, display_name="Lab", default=True)] for slug in ("lab", "lab-2"))
    text = change_lines(site_changes(*({"hub": one} for one in lists)), TERMINAL)
    assert not [line for line in text if "preselected" in line]


def test_a_site_that_is_new() -> None:
    text = change_lines(
        site_changes({"one": [profile("a")]}, {"one": [profile("a")], "two": [profile("a")]}), TERMINAL
    )
    assert text == ["A: new profile (at `two`)"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([], ["a", "b"], "now only for `a`, `b`"),
        (["a"], [], "now for everybody"),
        (["a"], ["b", "a"], "also for `b`"),
        (["a", "b"], ["a"], "no longer for `b`"),
        (["a"], ["b"], "now for `b`, no longer for `a`"),
        (["a", "b"], ["b", "a"], None),
    ],
)
def test_groups_of_a_choice(before: list[str], after: list[str], words: str | None) -> None:
    small = choice("Small", default=True)
    old, new = (
        {"choices": {"s": small, "l": choice("Large", allowed_groups=one)}} for one in (before, after)
    )
    assert lines(old, new) == ([f"Large: {words} (One)"] if words else [])


def test_a_choice_of_the_user() -> None:
    listed = {"choices": {"s": choice("Small")}}
    free = {**listed, "unlisted_choice": {"enabled": True, "validation_regex": "^a"}}
    assert lines(listed, free, "image") == ["One: users may type another image"]
    assert lines(free, listed, "image") == ["One: users may no longer type another image"]
    other = {**listed, "unlisted_choice": {"enabled": True, "validation_regex": "^b"}}
    assert lines(free, other, "image") == ["One: `unlisted_choice.validation_regex` `^a` → `^b`"]


def test_fields_that_are_passed_through() -> None:
    old, new = (
        {"choices": {"s": choice("Small")}, "dynamic_image_building": {"enabled": one}}
        for one in (False, True)
    )
    assert lines(old, new, "image") == ["One: `image.dynamic_image_building.enabled` `false` → `true`"]


def test_a_choice_under_another_key_is_the_same() -> None:
    settings = {"mem_limit": "4G"}
    old = {"choices": {"1-s": choice("Small", kubespawner_override=settings), "2-l": choice("Large")}}
    for key, title in (("2-s", "Small"), ("tiny", "Small"), ("tiny", "Tiny")):
        new = {"choices": {key: choice(title, kubespawner_override=settings), "2-l": choice("Large")}}
        assert lines(old, new) == ([] if title == "Small" else ["Small: now called Tiny (One)"])


def test_a_choice_of_an_image_is_the_one_with_its_image() -> None:
    """The key `a` goes to the image that is the first one now."""
    first, second = (choice(title, kubespawner_override={"image": title}) for title in ("P 3.13", "P 3.14"))
    old = {
        "choices": {"a": {**first, "default": True}, "b": choice("B", kubespawner_override={"image": "b"})}
    }
    new = {"choices": {"a": {**second, "default": True}, "a-13": first, "b": old["choices"]["b"]}}
    assert lines(old, new, "image") == [
        "P 3.14: new choice (One)",
        "One: preselected P 3.13 → 3.14, saved choices of P 3.13 get P 3.14",
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"mem_limit": "4G"}, {"mem_limit": None}, "memory limit 4Gi → no limit"),
        ({"mem_limit": 1024**3}, {}, "memory limit 1Gi → the hub's default"),
        ({"cpu_limit": 4}, {"cpu_limit": 0.5}, "CPU limit 4 → 0.5"),
        ({}, {"http_timeout": 90}, "sets `http_timeout` to `90`"),
        ({"cmd": ["a"]}, {"cmd": ["a", "b"]}, "`cmd` `[\"a\"]` → `[\"a\", \"b\"]`"),
        ({"environment": {"A": "1"}}, {"environment": {"A": "2"}}, "variable `A` `1` → `2`"),
        ({"environment": {"A": "1"}}, {}, "no longer sets `A`"),
        ({"node_selector": {"a": "b"}}, {}, "no longer needs nodes with `a`"),
        ({"extra_pod_config": {"runtimeClassName": "a"}}, {"extra_pod_config": {"runtimeClassName": "b"}},
         "runtime class a → b"),
        ({"extra_pod_config": {"hostNetwork": True}}, {}, "no longer sets `extra_pod_config.hostNetwork`"),
        ({"extra_resource_limits": {"g": "1"}, "extra_resource_guarantees": {"g": "1"}},
         {"extra_resource_limits": {"g": "2"}, "extra_resource_guarantees": {"g": "2"}}, "`g` 1 → 2"),
        ({"extra_resource_guarantees": {"g": "1"}}, {}, "`g` guarantee 1 → none"),
        ({}, {"tolerations": [{"key": "hub.jupyter.org/dedicated"}, {"operator": "Exists"}]}, "tolerates `*`"),
        ({"tolerations": [{"key": "hub.jupyter.org/dedicated"}]}, {"tolerations": []},
         "no longer tolerates `hub.jupyter.org/dedicated`"),
        ({"volumes": {"shm": {"emptyDir": {"sizeLimit": "1Gi"}}, "a": {"x": 1}}}, {"volumes": {"a": {"x": 2}}},
         "/dev/shm 1Gi → the default, `volumes.a.x` `1` → `2`"),  # noqa: S108 - in a pod
        ({"image": "a"}, {}, "image `a` → `the hub's own`"),
        ({"default_url": "/" + "a" * 99}, {}, "no longer sets `default_url`"),
        ({"default_url": ""}, {"default_url": "/" + "a" * 99}, f"`default_url` `\"\"` → `/{'a' * 58}…`"),
    ],
)  # fmt: skip
def test_settings(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert of_settings(before, after) == [f"One: {words}"]


def test_few_profiles_are_named_and_many_counted() -> None:
    for count, names in ((3, "A, B, C"), (4, "4 profiles")):
        old, new = (
            [profile(slug, kubespawner_override={"cpu_limit": limit}) for slug in "abcd"[:count]]
            for limit in (1, 2)
        )
        (line,) = change_lines(site_changes({"": old}, {"": new}), TERMINAL)
        assert line == f"{names}: CPU limit 1 → 2"
