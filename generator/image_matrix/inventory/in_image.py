"""Says which packages are in an image by the files in which installers record them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.inventory.installed_files import (
    APT_PYTHON,
    APT_R,
    DpkgNames,
    InstalledConda,
    InstalledNpm,
    InstalledPython,
    InstalledR,
    files_of_conda,
    is_unpacked_only,
)
from image_matrix.inventory.model import Content, Inventory, PackageName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.inventory.installed_files import Files, Record

RECORDED = ("apt", "conda", "pip", "cran", "npm")
"""The installers whose records are read."""
Installed = dict[PackageName, str]
"""Packages to their versions; several, with ``/`` between them, where they are installed more than once."""


@dataclass(frozen=True, slots=True)
class ReadImage:
    """An image of the chain of a variant, as far as it is built: its id, and the files that tell about packages."""

    variant: str
    files: Files


def installed_packages(files: Files) -> Installed:
    """Return what is installed; what conda or apt has installed is not a package of pip, npm or CRAN as well."""
    return {package: "/".join(sorted(several)) for package, several in installed_versions(files).items()}


def installed_versions(files: Files) -> dict[PackageName, set[str]]:
    """Return what is installed, in all its versions."""
    of_conda = files_of_conda(files)
    versions: dict[PackageName, set[str]] = {}
    for path, record in files.items():
        if path not in of_conda and not is_unpacked_only(path):
            for package, version in _packages(path, record).items():
                versions.setdefault(package, set()).add(version)
    return versions


def _packages(path: str, record: Record | None) -> Installed:
    match record:
        case DpkgNames():
            return {PackageName("apt", name): version for name, version in record.versions.items()}
        case InstalledConda():
            return {PackageName("conda", record.name): record.version}
        case InstalledPython() if not path.startswith(APT_PYTHON):
            return {PackageName("pip", record.name): record.version}
        case InstalledNpm():
            return {PackageName("npm", record.name): record.version}
        case InstalledR() if not record.is_part_of_r and not path.startswith(APT_R):
            return {PackageName("cran", record.name): record.version}
    return {}


def as_built(expected: Inventory, chains: Mapping[str, Sequence[ReadImage]]) -> Inventory:
    """Return what is in an image for some architectures.

    ``chains`` have the image for each of them, and in front of it the images that it is built on, from the base up, as
    far as they are known: the first that has a version brings it. What matrix and lock expect says who asks for a
    package, and what no installer records: downloads, extensions, what ``provides`` states.
    """
    contents = {
        package: replace(content, versions=versions)
        for package, content in expected.contents.items()
        if package.manager not in RECORDED
        if (versions := {arch: one for arch, one in content.versions.items() if arch in chains})
    }
    for arch, chain in chains.items():
        for package, (version, brought_by) in _brought(chain).items():
            known, present = expected.contents.get(package), contents.get(package)
            contents[package] = Content(
                {**(present.versions if present else {}), arch: version},
                present.brought_by if present else brought_by,
                known.listed_by if known else (),
                locked=True,
                unexpected=known is None,
            )
    return Inventory(contents, expected.unknown - {*RECORDED}, from_image=True)


def _brought(chain: Sequence[ReadImage]) -> dict[PackageName, tuple[str, str]]:
    """Return the packages of the last image to their versions, and to the first of the images that has that."""
    below = [(one.variant, installed_packages(one.files)) for one in chain]
    return {
        package: (version, next(name for name, installed in below if installed.get(package) == version))
        for package, version in below[-1][1].items()
    }
