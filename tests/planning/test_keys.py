from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.keys import Keys, compute_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.planning.plan import State
    from image_matrix.project.inputs import Inputs


def test_keys_are_of_content_not_of_place(state: Callable[..., State]) -> None:
    commented = ("  full: {pip: [dill==0.4.1]}", "  # moved\n  full: {pip: [dill==0.4.1]}")
    lifted = ("    apt: [git]\n", "")
    lowered = ("    kind: base\n", "    kind: base\n    apt: [git]\n")
    moved = state(commented, lifted, lowered)
    assert moved.keys == state().keys


@pytest.mark.parametrize(
    "edit",
    [
        ("registry.example.org/team", "staging.example.org/other"),
        ("version: 1\n", "version: 1\nnetwork: {mirrors: {pip: https://mirror.example.org/simple}}\n"),
    ],
    ids=["registry", "mirrors"],
)
def test_the_place_that_builds_is_not_part_of_a_key(
    state: Callable[..., State], edit: tuple[str, str]
) -> None:
    assert state(edit).keys == state().keys


def test_a_change_reaches_everything_below_and_nothing_else(state: Callable[..., State]) -> None:
    old, new = state().keys, state(("scipy==1.17.1", "scipy==1.17.0")).keys
    changed = {name for name in old if old[name] != new[name]}
    assert changed == {"science:python3.13", "science:python3.11", "everything:python3.13"}


def test_checkout_with_crlf_and_other_modes_has_the_same_keys(inputs: Inputs) -> None:
    crlf = replace(inputs, texts={"matrix.yaml": inputs.texts["matrix.yaml"].replace("\n", "\r\n")})
    assert state_of(load_project(crlf)).keys == state_of(load_project(inputs)).keys


def test_a_lock_of_one_architecture_changes_that_one_and_the_index(state: Callable[..., State]) -> None:
    plain = state()
    variants = plain.loaded.variants
    folder = variants["science:python3.13"].folder
    file = plain.rendered[f"{folder}/Dockerfile"]
    locked = {
        f"{folder}/requirements/{arch}.txt": replace(file, content=b"one\n") for arch in ("amd64", "arm64")
    }
    relocked = {**locked, f"{folder}/requirements/arm64.txt": replace(file, content=b"two\n")}
    old = compute_keys(variants, {**plain.rendered, **locked})
    new = compute_keys(variants, {**plain.rendered, **relocked})
    for name in ("science:python3.13", "everything:python3.13"):
        assert old[name].platforms["linux/amd64"] == new[name].platforms["linux/amd64"]
        assert old[name].platforms["linux/arm64"] != new[name].platforms["linux/arm64"]
        assert old[name].index != new[name].index
    assert old["science:python3.11"] == new["science:python3.11"]


def test_the_kind_of_file_is_part_of_a_key(state: Callable[..., State]) -> None:
    plain = state()
    path = next(path for path in plain.rendered if path.startswith("images/rootfs/base/"))
    file = plain.rendered[path]
    keys = {
        compute_keys(plain.loaded.variants, {**plain.rendered, path: other})["base:python3.13"].index
        for other in (file, replace(file, executable=False), replace(file, executable=False, symlink=True))
    }
    assert len(keys) == 3


def test_tags() -> None:
    keys = Keys("a" * 64, {"linux/arm64": "b" * 64}, "python3.13")
    assert keys.tag == f"python3.13-{'a' * 12}"
    assert keys.platform_tag("linux/arm64") == f"python3.13-{'b' * 12}-arm64"
