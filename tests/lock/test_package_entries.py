"""What a lock says of packages and extensions is read, or refused with its path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.lock.entry_forms import BadEntryError
from image_matrix.lock.model import LockedExtension, LockedR
from image_matrix.lock.package_entries import extension_of, packages_of, r_of

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://example.org/x.vsix"
INPUTS = "0123456789abcdef"
PIN = re.compile(r"[a-z]+==[0-9]+")


def packages(value: object) -> object:
    return packages_of(value, ("python", "a"), PIN)


def extension(value: object) -> object:
    return extension_of(value, ("extensions", "a"))


def r(value: object) -> object:
    return r_of(value, ("r", "a"))


def test_packages_of_all_architectures_are_those_of_each() -> None:
    read = packages_of({"inputs": INPUTS, "all": ["a==1"], "arm64": ["b==2"]}, (), PIN)
    assert read.inputs == INPUTS
    assert read.packages == {"amd64": ("a==1",), "arm64": ("a==1", "b==2")}


def test_an_extension_has_files_and_what_it_needs() -> None:
    read = extension({"all": URL, "engine": "^1.95.0", "needs": ["team.b"]})
    assert read == LockedExtension({"all": URL}, "^1.95.0", ("team.b",))


def test_r_has_binaries_and_system_libraries() -> None:
    read = r({"binaries": ["amd64"], "needs": {"sf": ["libgdal-dev"]}})
    assert read == LockedR(("amd64",), {"sf": ("libgdal-dev",)})


BAD: dict[str, tuple[Callable[[object], object], Any, tuple[str | int, ...]]] = {
    "no inputs": (packages, {"all": ["a==1"]}, ("python", "a", "inputs")),
    "no pin": (packages, {"inputs": INPUTS, "all": ["a==1", "--pre"]}, ("python", "a", "all", 1)),
    "architecture": (packages, {"inputs": INPUTS, "riscv64": ["a==1"]}, ("python", "a", "riscv64")),
    "no list": (packages, {"inputs": INPUTS, "all": "a==1"}, ("python", "a", "all")),
    "no files": (extension, {"engine": "*"}, ("extensions", "a")),
    "file": (extension, {"all": "file:///etc/passwd"}, ("extensions", "a", "all")),
    "two lines": (extension, {"all": f"{URL}\nRUN id"}, ("extensions", "a", "all")),
    "target": (extension, {"sparc": URL}, ("extensions", "a", "sparc")),
    "engine": (extension, {"all": URL, "engine": 1}, ("extensions", "a", "engine")),
    "needs": (extension, {"all": URL, "needs": ["b; id"]}, ("extensions", "a", "needs", 0)),
    "field": (r, {"binary": []}, ("r", "a", "binary")),
    "binaries": (r, {"binaries": ["sparc"]}, ("r", "a", "binaries", 0)),
    "package of R": (r, {"needs": {"s f": []}}, ("r", "a", "needs", "s f")),
    "library": (r, {"needs": {"sf": ["-y"]}}, ("r", "a", "needs", "sf", 0)),
}


@pytest.mark.parametrize(("read", "value", "path"), BAD.values(), ids=BAD)
def test_what_is_none_is_refused_with_its_path(
    read: Callable[[object], object], value: object, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(BadEntryError) as caught:
        read(value)
    assert caught.value.path == path
