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


def contents(loaded: Loaded, pins: Pins, item: Variant) -> dict[PackageName, Content]:
    """Return all packages of a variant and its ancestors; what is nearest to the variant counts."""
    result: dict[PackageName, Content] = {}
    for above in lineage(loaded.variants, item):
        for package, content in _of_one(loaded, pins, above).items():
            result.setdefault(package, content)
    return result


def _of_one(loaded: Loaded, pins: Pins, item: Variant) -> dict[PackageName, Content]:
    """Return what a variant adds to its parent."""
    listed = _listed(item)
    locked = _locked(pins, item)
    managers = {package.manager for package in locked}
    downloads = {
        PackageName(DOWNLOAD, name): loaded.matrix.downloads[name].version for name in item.downloads
    }
    return {
        **{key: Content(version, True) for key, version in listed.items() if key.manager not in managers},
        **{key: Content("/".join(sorted(versions)), key in listed) for key, versions in locked.items()},
        **{key: Content(version, True) for key, version in downloads.items()},
    }


def _listed(item: Variant) -> dict[PackageName, str]:
    lines = ((manager, line) for manager in MANAGERS for line in item.packages.get(manager, ()))
    return {_package(manager, line): stated_version(manager, line) for manager, line in lines}


def _package(manager: Manager, line: str) -> PackageName:
    name = package_name(manager, line)
    return PackageName(manager, canonical(name) if manager in ("pip", "conda") else name)


def _locked(pins: Pins, item: Variant) -> dict[PackageName, set[str]]:
    result: dict[PackageName, set[str]] = {}
    for manager, name, version in locked_packages(pins, item):
        result.setdefault(PackageName(manager, name), set()).add(version)
    return result


def stated_version(manager: Manager, line: str) -> str:
    """Return the version or the bounds that an entry of a list states; empty if it states none."""
    text = line.rpartition("::")[2] if manager in ("conda", "cran") else line
    scope, text = (text[:1], text[1:]) if manager == "npm" else ("", text)
    rest = _REST.sub("", scope.lstrip("@") + text, count=1).partition(";")[0].strip()
    return rest.lstrip("=@ ")
