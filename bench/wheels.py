"""Sizes of the Python packages that a variant adds, by its lock and the index: for images that are not built here.

A layer of packages is larger than its wheels by the bytecode, and smaller by what gzip finds across files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from image_matrix.lock.defaults import ask_defaults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIMPLE = {"Accept": "application/vnd.pypi.simple.v1+json"}
"""https://packaging.python.org/en/latest/specifications/simple-repository-api/: `size` of each file."""
_REQUIREMENT = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==\S+((?: \\\n +--hash=sha256:[0-9a-f]{64})+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Locked:
    """A package in a requirements file: its name, and the checksums of the files that may be installed."""

    name: str
    checksums: tuple[str, ...]


def locked(requirements: str) -> list[Locked]:
    """Return the packages of a requirements file with hashes."""
    return [
        Locked(name, tuple(re.findall(r"[0-9a-f]{64}", hashes)))
        for name, hashes in _REQUIREMENT.findall(requirements)
    ]


def size(package: Locked, sizes: Mapping[str, int]) -> int:
    """Return the bytes of the file that is installed: a compiled wheel is larger than the one for every platform."""
    return max(sizes[checksum] for checksum in package.checksums)


def total(requirements: str, sizes_of: Callable[[str], Mapping[str, int]]) -> int:
    """Return the bytes of all files of a requirements file; ``sizes_of`` asks the index for a name."""
    return sum(size(package, sizes_of(package.name)) for package in locked(requirements))


def index() -> Callable[[str], Mapping[str, int]]:
    """Return what answers with the size of each file of a package by its SHA-256, at the index that uv asks.

    What it returns raises :class:`requests.RequestException`.
    """
    address = ask_defaults(["pip"], "3")["pip"]
    session = requests.Session()
    session.mount("https://", HTTPAdapter(max_retries=Retry(5, backoff_factor=0.5)))

    @cache
    def sizes(name: str) -> Mapping[str, int]:
        answer = session.get(f"{address}/{name}/", headers=SIMPLE, timeout=30)
        answer.raise_for_status()
        files: list[dict[str, Any]] = answer.json()["files"]
        return {file["hashes"]["sha256"]: file["size"] for file in files}

    return sizes
