"""Packages of images in two states, of the lock where it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.content_changes import content_changes
from image_matrix.lock.contents import PackageName, contents, stated_version
from image_matrix.lock.pins import Pins
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from image_matrix.config.model import Manager

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
LAB = ("lab:python3.13", "lab:python3.11")


def pins(**versions: str) -> Pins:
    """What the lock has for all variants: on arm64, another version of what has a second one."""
    lines = [(name.replace("_", "-"), version.partition("/")) for name, version in versions.items()]
    texts = {
        "amd64": "".join(f"{name}=={first} \\\n    --hash=sha256:0\n" for name, (first, _, _) in lines),
        "arm64": "".join(f"{name}=={second or first}\n" for name, (first, _, second) in lines),
    }
    return Pins(requirements=dict.fromkeys(LAB, texts))


def words(before: Pins, after: Pins) -> list[str]:
    now = loaded(MATRIX)
    changes = content_changes(now, before, now, after, LAB)
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
    locked = contents(now, pins(attrs="24.1"), now.variants[LAB[0]])
    assert set(locked) == {PackageName("pip", "attrs"), PackageName("pip", "uv"), PackageName("apt", "git")}
    assert locked[PackageName("apt", "git")].version == "1:2"
    assert contents(now, Pins(), now.variants[LAB[0]])[PackageName("pip", "jupyter-lab")].version == ">=4"


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
