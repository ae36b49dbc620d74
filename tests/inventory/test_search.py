"""How packages are found by what people type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.config.package_names import folded
from image_matrix.errors import CallError
from image_matrix.inventory.model import Content, PackageName
from image_matrix.inventory.search import matches, near_names, query_of, versions_of
from tests.laws import examples


def is_match(text: str, name: str, *versions: str, manager: str = "pip") -> bool:
    content = Content(dict(zip(("amd64", "arm64"), versions or ("1",), strict=False)), "lab:x")
    return matches(query_of(text), PackageName(manager, name), content)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Scikit_Learn", "scikit-learn"),
        ("zope.interface", "zope-interface"),
        ("torch*", "torchvision"),
        ("ms-python.python", "ms-python.python"),
        ("MS-Python.*", "ms-python.debugpy"),
        ("@jupyter/chat", "@jupyter/chat"),
        ("data.table", "data.table"),
        ("g++", "g++"),
    ],
)
def test_spellings_and_patterns(text: str, name: str) -> None:
    assert is_match(text, name)


@pytest.mark.parametrize(("text", "name"), [("torch", "torchvision"), ("*", "numpy~"), ("numpy", "nump")])
def test_a_name_is_not_a_part(text: str, name: str) -> None:
    assert is_match(text, name) == (text == "*")


@pytest.mark.parametrize(
    ("text", "versions", "expected"),
    [
        ("urllib3<2.5", ("2.4.0",), True),
        ("urllib3<2.5", ("2.5.0",), False),
        ("urllib3<2.5", ("2.5.0", "2.4.0"), True),
        ("urllib3 >=2, <3", ("2.4.0",), True),
        ("urllib3==2.4.*", ("2.4.9",), True),
        ("urllib3=2.4.0", ("2.4.0",), True),
        ("urllib3@2.4.0", ("2.4.0",), True),
        ("urllib3>2", ("3.0rc1",), True),
        ("urllib3>>2, <<3", ("2.4.0",), True),
        ("urllib3<<2.4.0", ("2.4.0",), False),
        ("urllib3>0", ("1:2.3-4+deb13u1",), False),
        ("urllib3>0", ("",), False),
    ],
)
def test_versions_that_are_asked_for(text: str, versions: tuple[str, ...], expected: bool) -> None:
    assert is_match(text, "urllib3", *versions) is expected


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("openssl<3.5.4-1~deb13u2", "3.5.1-1", True),
        ("openssl<3.5.4-1~deb13u2", "3.5.4-1~deb13u1", True),
        ("openssl<3.5.4-1~deb13u2", "3.5.4-1~deb13u2", False),
        ("openssl<3.5.1", "3.5.1~rc1-1", True),
        ("openssl >= 3.5, << 3.5.4-1", "3.5.1~rc1-1", True),
        ("openssl==3.5.1-1+deb13u2", "3.5.1-1+deb13u2", True),
        ("openssl!=3.5.1-1+deb13u2", "3.5.1-1+deb13u2", False),
        ("openssl==1.35", "1.35+dfsg-3.1", True),
        ("openssl!=1.35", "1.35+dfsg-3.1", False),
        ("openssl!=1.35", "1.36+dfsg-3.1", True),
        ("openssl!=1.35", "1.3*", False),
        ("openssl==1.35", "1.35-3", True),
        ("openssl==1.35", "1:1.35-3", True),
        ("openssl==1:1.35", "1.35-3", False),
        ("openssl==1.35", "1.35.1-3", False),
        ("openssl<=1.35", "1.35-3", True),
        ("openssl>1.35", "1.35-3", False),
        ("openssl==1.35+dfsg", "1.35-3", False),
        ("openssl<10", "2:9.1-2", True),
        ("openssl==3.5.*", "3.5.1-1", True),
        ("openssl>=1.3", "1:1.3.dfsg+really1.3.1-1+b1", True),
        ("openssl>=2:9.1", "2:9.1.1230-2", True),
        ("openssl<2:9.1", "10.0-1", True),
        ("openssl>0", "", False),
        ("openssl>0", "3.5*", False),
    ],
)
def test_versions_of_debian_are_compared_as_dpkg_does_as_far_as_a_bound_says(
    text: str, version: str, expected: bool
) -> None:
    assert is_match(text, "openssl", version, manager="apt") is expected


def test_versions_that_only_debian_has_are_none_of_other_installers() -> None:
    assert not is_match("openssl<2:9.1", "openssl", "1.0")


@pytest.mark.parametrize("text", ["", " ", "<2", "numpy<", "numpy<two", "numpy=="])
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(CallError):
        query_of(text)


def test_names_that_may_be_meant() -> None:
    names = ["geopandas", "pandas", "r-cran-tidyverse", "numpy", "matplotlib-inline"]
    assert near_names(query_of("geopanda"), names) == ["geopandas"]
    assert near_names(query_of("tidyverse"), names) == ["r-cran-tidyverse"]
    assert near_names(query_of("tidyverse*"), names) == ["r-cran-tidyverse"]
    assert near_names(query_of("zzz"), names) == []
    assert near_names(query_of("*"), []) == []


def test_the_versions_that_are_there_instead() -> None:
    every = [(PackageName("pip", "six"), Content({"amd64": one}, "lab:x")) for one in ("1.17", "1.16")]
    assert versions_of(query_of("six<1"), every) == ["1.16", "1.17"]


@settings(max_examples=examples(200))
@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True))
def test_every_spelling_of_a_name_finds_it(name: str) -> None:
    assert is_match(name.upper().replace("-", "__"), folded(name))
    assert folded(folded(name)) == folded(name)


def test_a_number_of_thousands_of_digits_is_none_that_python_compares() -> None:
    assert not is_match("uv<2", "uv", "9" * 5000)
    assert not is_match(f"uv<{'9' * 5000}", "uv", "1")
