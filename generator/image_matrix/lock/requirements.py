"""Writes the requirements file of locked Python packages for uv, with the hashes of compatible files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.tags import Tag

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
SDIST = "sdist"
INDEX_MARK = " @ "
"""Between a package and the index that it is from, where that is not the default one: the same version of another
index is another build. A package from an address has that address there: ``x==1.0 @ git+https://…@COMMIT``."""
_GIT = f"{INDEX_MARK}git+"
_SHA256 = re.compile(r"#(?:.*&)?sha256=([0-9a-f]{64})")
_GIT_ENTRY = re.compile(rf"^#.*\n\S+{re.escape(_GIT)}.*\n", re.MULTILINE)


def is_direct(package: str) -> bool:
    """Say whether a locked package is from an address, which names its bytes, and not from an index."""
    return _GIT in package or _SHA256.search(package) is not None


def constraint(package: str) -> str:
    """Return what holds a locked package to its version, or to its address."""
    bare, _, address = package.partition(INDEX_MARK)
    return f"{bare.partition('==')[0]}{INDEX_MARK}{address}" if is_direct(package) else bare


def git_entries(text: str) -> tuple[str, str]:
    """Split a requirements file into what has hashes, and packages from git, which have a commit instead.

    pip and uv refuse git in a file whose hashes they require.
    """
    return _GIT_ENTRY.sub("", text), "".join(_GIT_ENTRY.findall(text))


def wheel_tag(file: str) -> str:
    """Return what follows name and version in a wheel's file name; ``sdist`` for a source distribution.

    Source: packaging.python.org, "Binary distribution format": ``name-version(-build)?-python-abi-platform.whl``.
    """
    return "-".join(file.removesuffix(".whl").split("-")[2:]) if file.endswith(".whl") else SDIST


@cache
def fits(tag: str, python: str, machine: str) -> bool:
    """Say whether a file that fits some variant fits this Python (``3.13``) and machine (``x86_64``).

    Which C library a wheel needs was decided when it was locked.
    """
    from packaging.tags import parse_tag

    if tag == SDIST:
        return True
    interpreter, abi, platform = tag.split("-")[-3:]
    tag_platform = (
        "any" if platform == "any" else ".".join(p for p in platform.split(".") if p.endswith(machine))
    )
    return bool(tag_platform) and not parse_tag(f"{interpreter}-{abi}-{tag_platform}").isdisjoint(
        _installable(python, tag_platform)
    )


@cache
def _installable(python: str, platform: str) -> frozenset[Tag]:
    """Return the tags that a CPython takes on platforms (``manylinux_2_28_x86_64``, several with dots between)."""
    from packaging.tags import compatible_tags, cpython_tags

    version = [int(part) for part in python.split(".")[:2]]
    names = platform.split(".")
    interpreter = f"cp{version[0]}{version[1]}"
    return frozenset(
        (*cpython_tags(version, [interpreter], names), *compatible_tags(version, interpreter, names))
    )


def _direct_entry(package: str) -> str:
    """Return the lines of a package from an address; its version is a comment."""
    sha256 = _SHA256.search(package)
    line = f"{constraint(package)} \\\n    --hash=sha256:{sha256[1]}" if sha256 else constraint(package)
    return f"# {package.partition(INDEX_MARK)[0]}\n{line}\n"


@dataclass(frozen=True, slots=True)
class Hashes:
    """The lock's table of files, asked for many variants."""

    files: Mapping[str, Mapping[str, str]]
    _known: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def entry(self, package: str, python: str, arch: str) -> str:
        """Return a package's lines of the requirements file; empty where the table has no file for it."""
        key = (package, python, arch)
        if key not in self._known:
            self._known[key] = self._entry(package, python, MACHINES[arch])
        return self._known[key]

    def _entry(self, package: str, python: str, machine: str) -> str:
        if is_direct(package):
            return _direct_entry(package)
        usable = sorted(
            digest for tag, digest in self.files.get(package, {}).items() if fits(tag, python, machine)
        )
        if not usable:
            return ""
        name = package.partition(INDEX_MARK)[0]
        return (
            " \\\n".join([name, *(f"    --hash=sha256:{digest}" for digest in dict.fromkeys(usable))]) + "\n"
        )

    def text(self, packages: Iterable[str], python: str, arch: str) -> str | None:
        """Return a requirements file with hashes, or ``None`` where the table lacks one."""
        entries = [self.entry(package, python, arch) for package in sorted(packages)]
        return "".join(entries) if all(entries) else None
