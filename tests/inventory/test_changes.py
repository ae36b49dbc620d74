"""Packages of images in two states, of the lock where it has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.inventory.changes import content_changes
from image_matrix.inventory.contents import contents, inventories, stated_version
from image_matrix.inventory.model import PackageName
from image_matrix.inventory.source_changes import source_changes
from image_matrix.lock.pins import ExtensionPins, Pins
from image_matrix.profiles.change_words import TERMINAL
from image_matrix.profiles.content_words import source_lines
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager
    from image_matrix.inventory.changes import ContentChange
    from image_matrix.inventory.model import Contents

MATRIX = matrix(
    {
        "base": {
            "from": "debian",
            "kind": "base",
            "axes": {"python": ["3.13", "3.11"]},
            "pip": ["uv==0.13.8"],
        },
        "lab": {
            "from": "base",
            "pip": ["Jupyter_Lab[all]>=4", "tomli; python_version < '3.11'"],
            "apt": ["git=1:2"],
        },
    },
    sources={"debian": "docker.io/library/debian:stable-slim"},
)
REFERENCE = "docker.io/library/debian:stable-slim"
BASE = ("base:python3.13", "base:python3.11")
LAB = ("lab:python3.13", "lab:python3.11")


def pins(**versions: str) -> Pins:
    """What the lock has for all variants: on arm64, another version of what has a second one."""
    lines = [(name.replace("_", "-"), version.partition("/")) for name, version in versions.items()]
    texts = {
        "amd64": "".join(f"{name}=={first} \\\n    --hash=sha256:0\n" for name, (first, _, _) in lines),
        "arm64": "".join(f"{name}=={second or first}\n" for name, (first, _, second) in lines),
    }
    base = {"amd64": "uv==0.13.8\n", "arm64": "uv==0.13.8\n"}
    return Pins(requirements={**dict.fromkeys(LAB, texts), **dict.fromkeys(BASE, base)})


def compare(
    old: Loaded, old_pins: Pins, new: Loaded, new_pins: Pins, names: tuple[str, ...]
) -> tuple[ContentChange, ...]:
    before, after = (
        inventories(one.matrix, one.variants, pins_, names)
        for one, pins_ in ((old, old_pins), (new, new_pins))
    )
    return content_changes(before, after)


def contents_of(now: Loaded, pins_: Pins) -> Contents:
    return contents(now.matrix, now.variants, pins_, now.variants[LAB[0]])


def words(before: Pins, after: Pins) -> list[str]:
    now = loaded(MATRIX)
    changes = compare(now, before, now, after, LAB)
    return [f"{item.package.name} {item.before} {item.after} {item.images}" for item in changes]


def test_what_the_matrix_names_comes_first() -> None:
    before, after = pins(attrs="24.1", jupyter_lab="4.4.0"), pins(attrs="25.1", jupyter_lab="4.5.0")
    assert words(before, after) == ["jupyter-lab 4.4.0 4.5.0 ('lab',)", "attrs 24.1 25.1 ('lab',)"]


def test_platforms_that_differ() -> None:
    assert words(pins(attrs="24.1"), pins(attrs="25.1/25.2")) == ["attrs 24.1 25.1/25.2 ('lab',)"]


def test_packages_that_come_and_go() -> None:
    assert words(pins(attrs="24.1"), pins(six="1.17.0")) == [
        "attrs 24.1 None ('lab',)",
        "six None 1.17.0 ('lab',)",
    ]


def test_one_of_several_variants() -> None:
    before, after = pins(attrs="24.1"), pins(attrs="25.1")
    mixed = Pins(requirements={**before.requirements, LAB[0]: after.requirements[LAB[0]]})
    assert words(before, mixed) == [f"attrs 24.1 25.1 ('{LAB[0]}',)"]


def test_a_list_says_what_the_lock_does_not() -> None:
    now = loaded(MATRIX)
    locked = contents_of(now, pins(attrs="24.1"))
    assert set(locked) == {
        PackageName("pip", "attrs"),
        PackageName("pip", "uv"),
        PackageName("apt", "git"),
        PackageName("provides", "python"),
    }
    assert locked[PackageName("apt", "git")].version == "1:2"
    assert contents_of(now, Pins())[PackageName("pip", "jupyter-lab")].version == ">=4"


def test_a_variant_that_is_no_longer_locked_loses_no_packages() -> None:
    """Its list has changed, and nobody has run `lock` since: what it needed is not gone."""
    before = pins(attrs="24.1", jupyter_lab="4.4.0")
    assert words(before, Pins()) == []
    assert words(Pins(), before) == []
    changed = {
        **MATRIX,
        "images": {**MATRIX["images"], "lab": {"from": "base", "pip": ["jupyter-lab==4.5.0", "six"]}},
    }
    changes = compare(loaded(MATRIX), before, loaded(changed), Pins(), LAB)
    shown = [(item.package.name, item.before, item.after) for item in changes]
    assert shown == [("git", "1:2", None), ("jupyter-lab", "4.4.0", "4.5.0"), ("six", None, "")]


@pytest.mark.parametrize(
    ("manager", "line", "version"),
    [
        ("pip", "scipy==1.17.1", "1.17.1"),
        ("pip", "Dask[array,diagnostics] >=2,<3", ">=2,<3"),
        ("pip", "x @ git+https://example.org/x@0123", "git+https://example.org/x@0123"),
        ("pip", "pandas", ""),
        ("pip", "tomli; python_version < '3.11'", ""),
        ("apt", "git=1:2.47.3-0+deb13u1", "1:2.47.3-0+deb13u1"),
        ("conda", "bioconda::samtools=1.22", "1.22"),
        ("conda", "numpy >=2,<3", ">=2,<3"),
        ("cran", "data.table@1.15.0", "1.15.0"),
        ("cran", "bioc::Biobase", ""),
        ("npm", "@scope/name@2.1.0", "2.1.0"),
        ("npm", "yarn@1.22.22", "1.22.22"),
        ("extensions", "ms-python.python@2026.1.0", "2026.1.0"),
    ],
)
def test_versions_that_lists_state(manager: Manager, line: str, version: str) -> None:
    assert stated_version(manager, line) == version


def test_what_is_below_images() -> None:
    r = {"from": "base", "apt": ["r-base"], "cran": ["dplyr"]}
    now = loaded({**MATRIX, "images": {**MATRIX["images"], "r": r}})
    names = (*LAB, "r:python3.13")
    before = Pins(
        {REFERENCE: "sha256:1"}, apt_moments={"debian": "20261101T000000Z"}, cran_snapshot="2026-11-01"
    )
    after = Pins(
        {REFERENCE: "sha256:2"}, apt_moments={"debian": "20261102T000000Z"}, cran_snapshot="2026-11-02"
    )
    changes = source_changes(now, before, now, after, names)
    assert [(item.what, item.name, item.before, item.after, item.images) for item in changes] == [
        ("source", "debian", f"{REFERENCE}@sha256:1", f"{REFERENCE}@sha256:2", ("lab", "r")),
        ("CRAN snapshot", "", "2026-11-01", "2026-11-02", ("r",)),
        ("apt packages", "debian", "20261101T000000Z", "20261102T000000Z", ("lab", "r")),
    ]
    assert source_lines(changes, TERMINAL) == [
        "source `debian`: `sha256:1` → `sha256:2` (`lab`, `r`)",
        "CRAN snapshot: `2026-11-01` → `2026-11-02` (`r`)",
        "apt packages of `debian`: `20261101T000000Z` → `20261102T000000Z` (`lab`, `r`)",
    ]
    assert source_changes(now, before, now, before, names) == ()


def test_members_of_packs_are_those_of_the_lock() -> None:
    def listing(version: str) -> Loaded:
        now = loaded(MATRIX)
        item = replace(now.variants[LAB[0]], packages={"extensions": (f"a.Pack@{version}",)})
        return replace(now, variants={**now.variants, LAB[0]: item})

    def locked(version: str) -> Pins:
        files: dict[str, dict[str, str]] = {
            name: dict.fromkeys(("amd64", "arm64"), f"https://example.org/{name}")
            for name in (f"a.pack@{version}", f"b.member@{version}")
        }
        return Pins(extensions={LAB[0]: ExtensionPins(files)})

    changes = compare(listing("1"), locked("1"), listing("2"), locked("2"), LAB[:1])
    shown = [(item.package.name, item.before, item.after, item.listed) for item in changes]
    assert shown == [("a.pack", "1", "2", True), ("b.member", "1", "2", False)]


def test_a_source_that_is_offered_as_it_is() -> None:
    matrix_ = {
        **MATRIX,
        "sources": {
            **MATRIX["sources"],
            "rocker": {"image": "docker.io/r/r:1", "provides": {"jupyterhub": "5.5"}},
        },
        "profiles": {"r": {"display_name": "R", "images": ["rocker"]}},
        "sites": {"hub": {"chart": "4.4.0"}},
    }
    now = loaded(matrix_)
    before, after = (Pins({"docker.io/r/r:1": f"sha256:{number}"}) for number in (1, 2))
    changes = source_changes(now, before, now, after, ())
    assert source_lines(changes, TERMINAL) == ["source `rocker`: `sha256:1` → `sha256:2`"]
