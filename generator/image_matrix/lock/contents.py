"""Lists the packages that are in a variant with their versions: those of the lock, and of lists for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.model import MANAGERS
from image_matrix.config.package_names import package_name
from image_matrix.lock.locked_versions import canonical, locked_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager, Variant
    from image_matrix.lock.pins import Pins

DOWNLOAD = "download"
"""What installs a file that a Dockerfile fetches."""
_REST = re.compile(r"^[^\[\s=<>!~;@]+(?:\[[^\]]*\])?\s*")
"""What of an entry is before its version: a name with extras; the `@` of an npm scope is cut off before."""


@dataclass(frozen=True, slots=True)
class PackageName:
    """A package of an image."""

    manager: str
    """What installs it: ``pip``, ``apt``, …, or ``download``."""
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """How a package is in an image."""

    version: str
    """Several with ``/`` between them if platforms differ; empty if neither lock nor list states one."""
    listed: bool
    """Whether the matrix names the package; the others are only needed by those."""
    locked: bool = False
    """Whether the version is the one of the lock, and not what a list states."""


def contents(loaded: Loaded, pins: Pins, item: Variant) -> dict[PackageName, Content]:
    """Return all packages of a variant and its ancestors; what is nearest to the variant counts."""
    result: dict[PackageName, Content] = {}
    for above in lineage(loaded.variants, item):
        for package, content in _of_one(loaded, pins, above).items():
            result.setdefault(package, content)
    return result


def _of_one(loaded: Loaded, pins: Pins, item: Variant) -> dict[PackageName, Content]:
    """Return what a variant adds to its parent."""
    listed = {_package(manager, line): line for manager, line in _lines(item)}
    stated = {
        name: stated_version(name.manager, line) for name, line in listed.items() if not _is_conditional(line)
    }
    locked = _locked(pins, item)
    managers = {package.manager for package in locked}
    downloads = {
        PackageName(DOWNLOAD, name): loaded.matrix.downloads[name].version for name in item.downloads
    }
    return {
        **{key: Content(version, True) for key, version in stated.items() if key.manager not in managers},
        **{key: Content("/".join(sorted(versions)), key in listed, True) for key, versions in locked.items()},
        **{key: Content(version, True) for key, version in downloads.items()},
    }


def not_locked(loaded: Loaded, pins: Pins, item: Variant) -> set[str]:
    """Return the managers whose packages the lock does not have for a variant, or for one of its ancestors."""
    complete = {name for name, entry in pins.extensions.items() if not entry.floating}
    locked = {"pip": pins.requirements.keys(), "conda": pins.explicit.keys(), "extensions": complete}
    return {
        manager
        for above in lineage(loaded.variants, item)
        for manager, _ in _lines(above)
        if manager in locked and above.id not in locked[manager]
    }


def _lines(item: Variant) -> Iterator[tuple[Manager, str]]:
    return ((manager, line) for manager in MANAGERS for line in item.packages.get(manager, ()))


def _is_conditional(line: str) -> bool:
    """Say whether an entry has a marker, so that it is not in every image."""
    return ";" in line


def _package(manager: Manager, line: str) -> PackageName:
    name = package_name(manager, line)
    return PackageName(manager, canonical(name) if manager in ("pip", "conda") else name)


def _locked(pins: Pins, item: Variant) -> dict[PackageName, set[str]]:
    result: dict[PackageName, set[str]] = {}
    for manager, name, version in locked_packages(pins, item):
        result.setdefault(PackageName(manager, name), set()).add(version)
    extensions = pins.extensions.get(item.id)
    for extension in extensions.files if extensions else ():
        name, _, version = extension.rpartition("@")
        result.setdefault(PackageName("extensions", name.lower()), set()).add(version)
    return result


def stated_version(manager: str, line: str) -> str:
    """Return the version or the bounds that an entry of a list states; empty if it states none."""
    text = line.rpartition("::")[2] if manager in ("conda", "cran") else line
    scope, text = (text[:1], text[1:]) if manager == "npm" else ("", text)
    rest = _REST.sub("", scope.lstrip("@") + text, count=1).partition(";")[0].strip()
    return rest.lstrip("=@ ")
