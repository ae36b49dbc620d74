"""Which pins leave no version: none that could both be had is refused."""

from __future__ import annotations

import pytest

from image_matrix.config.package_versions import conda_versions, exclude, pip_versions

TOGETHER = (
    ("a==1.0", "a==1.0.0"), ("a==1", "a==1.0.*"), ("a==1.0rc1", "a==1.0-c1"), ("a==2.1+cu130", "a==2.1"),
    ("a==2.1+cu130.1", "a==2.1+CU130-1"), ("a==v1.2", "a==1.2"), ("a==0!1.2", "a==1.2"), ("a==1.*", "a==1.2.*"),
    ("a==1.2.3.post1", "a==1.2.3.post1"), ("a==1.2rc1", "a==1.*"), ("a>=1,<2", "a==1.9"), ("a>0", "a==2.0rc1"),
    ("a~=1.2", "a==1.9"), ("a!=1.2", "a==1.3"), ("a===1.0", "a==1.0"),
)  # fmt: skip
APART = (
    ("a==4.6.6", "a==4.5.0"), ("a==1", "a==1.1.*"), ("a==1.0", "a==1.0rc1"), ("a==1.0.post1", "a==1.0"),
    ("a==2.1+cu130", "a==2.1+cpu"), ("a==1!1.2", "a==1.2"), ("a==1.2.*", "a==1.3.*"), ("a==1.10.*", "a==1.1.0"),
    ("a>=2", "a==1.26.4"), ("a<2,>=1", "a==2.1"), ("a~=1.2.0", "a==1.3.*"), ("a!=1.2.*", "a==1.2.1"),
)  # fmt: skip
CONDA_TOGETHER = (("a=3", "a=3.6"), ("a=3.1", "a==3.1.4=py_0"), ("a==1.1.1w", "a=1.1.1"), ("a=1.26.*", "a=1"))
CONDA_APART = (("a=3.1", "a=3.11"), ("a==3.1", "a==3.2"), ("a=2024a", "a=2023c"))
NO_VERSIONS = ("a", "a==1; python_version < '3.12'", "a==x")
NO_PIN = ("a>=1", "a==1,!=2", "a~=1.2")
NO_CONDA_PIN = ("a", "a>=1", "a=3.1*", "a=*")


@pytest.mark.parametrize(("one", "other"), TOGETHER + APART)
def test_pins_of_python_packages(one: str, other: str) -> None:
    first, second = pip_versions(one), pip_versions(other)
    assert first is not None
    assert second is not None
    assert exclude(first, second) == exclude(second, first) == ((one, other) in APART)


@pytest.mark.parametrize(("one", "other"), CONDA_TOGETHER + CONDA_APART)
def test_pins_of_conda_packages(one: str, other: str) -> None:
    first, second = conda_versions(one), conda_versions(other)
    assert first is not None
    assert second is not None
    assert exclude(first, second) == exclude(second, first) == ((one, other) in CONDA_APART)


def test_lines_without_versions_exclude_nothing() -> None:
    assert [pip_versions(line) for line in NO_VERSIONS] == [None] * len(NO_VERSIONS)
    assert [conda_versions(line) for line in NO_CONDA_PIN] == [None] * len(NO_CONDA_PIN)


def test_ranges_are_not_pins() -> None:
    assert [asked.pin for line in NO_PIN if (asked := pip_versions(line))] == [None] * len(NO_PIN)
