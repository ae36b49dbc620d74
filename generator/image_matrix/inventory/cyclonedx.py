"""Writes what is in an image as a bill of materials that scanners read: CycloneDX, as JSON.

Sources: cyclonedx.org, "Specification" 1.6, JSON; github.com/aquasecurity/trivy, pkg/sbom/io/decode.go: it looks for
Debian's packages only where a component is the operating system, and by the name of their source package.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.inventory.in_image import RECORDED, installed_versions
from image_matrix.inventory.installed_files import DpkgNames, InstalledConda, OsRelease
from image_matrix.inventory.package_urls import image_url, package_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.inventory.installed_files import Files
    from image_matrix.inventory.model import Inventory, PackageName
    from image_matrix.json_data import Json

SPECIFICATION = "1.6"
DEBIAN = OsRelease("debian", "")
"""Of a system that does not say what it is."""
_SOURCE = re.compile(r"(\S+)(?:\s+\(([^)]+)\))?")
"""deb-src-control(5): a name, and the version where it is another one."""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image of one platform, with what is in it."""

    repository: str
    digest: str
    arch: str
    inventory: Inventory
    files: Files = field(default_factory=dict)


def bill_of_materials(image: BuiltImage, program: str) -> str:
    """Return the bill of an image; of the same image always the same, but for the version of this ``program``.

    Downloads and editor extensions are in it as matrix and lock say.
    """
    system = next((one for one in image.files.values() if isinstance(one, OsRelease)), None)
    about = {
        "type": "container",
        "bom-ref": "image",
        "name": image.repository,
        "version": image.digest,
        "purl": image_url(image.repository, image.digest, image.arch),
    }
    tool = {"type": "application", "name": "image-matrix", "version": program}
    components = [*([_component(system)] if system else []), *_packages(image, system or DEBIAN)]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{image.repository}@{image.digest}')}",
        "version": 1,
        "metadata": {"tools": {"components": [tool]}, "component": about},
        "components": components,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _component(system: OsRelease) -> dict[str, Json]:
    version = {"version": system.version} if system.version else {}
    return {"type": "operating-system", "bom-ref": "system", "name": system.id, **version}


def _packages(image: BuiltImage, system: OsRelease) -> Iterator[dict[str, Json]]:
    """Yield the packages, in the order of installers and names; of several versions, each is one."""
    details = _details(system, image.files)
    versions: dict[PackageName, set[str]] = {
        package: {content.versions.get(image.arch, "")}
        for package, content in image.inventory.contents.items()
        if package.manager not in RECORDED
    }
    versions |= installed_versions(image.files)
    for package in sorted(versions, key=lambda one: (one.manager, one.name)):
        for version in sorted(versions[package]):
            url = package_url(package, version, system.id, details.qualifiers(package, version))
            if url:
                component = {"type": "library", "bom-ref": url, "name": package.name, "version": version}
                yield {**component, "purl": url, **details.properties(package, version)}


@dataclass(frozen=True, slots=True)
class _Details:
    """What files say of packages beside their versions, by the names of packages."""

    distribution: str
    """``debian-13``."""
    architectures: Mapping[str, str]
    sources: Mapping[str, str]
    channels: Mapping[str, str]

    def qualifiers(self, package: PackageName, version: str) -> Mapping[str, str]:
        """Return what a URL says of a package beside its name and version."""
        if package.manager == "conda":
            return {"channel": self.channels.get(package.name, "")}
        if package.manager != "apt":
            return {}
        source, of_source = self._source(package, version)
        upstream = source if of_source == version else f"{source}@{of_source}"
        return {
            "arch": self.architectures.get(package.name, ""),
            "distro": self.distribution,
            "upstream": "" if upstream == package.name else upstream,
        }

    def properties(self, package: PackageName, version: str) -> dict[str, Json]:
        """Return from which source package one of Debian's was built, as Trivy reads it."""
        if package.manager != "apt":
            return {}
        names = ("SrcName", "SrcVersion")
        stated = zip(names, self._source(package, version), strict=True)
        return {
            "properties": [{"name": f"aquasecurity:trivy:{name}", "value": value} for name, value in stated]
        }

    def _source(self, package: PackageName, version: str) -> tuple[str, str]:
        match = _SOURCE.fullmatch(self.sources.get(package.name, ""))
        return (match[1], match[2] or version) if match else (package.name, version)


def _details(system: OsRelease, files: Files) -> _Details:
    of_dpkg = [one for one in files.values() if isinstance(one, DpkgNames)]
    return _Details(
        f"{system.id}-{system.version}" if system.version else "",
        {name: arch for one in of_dpkg for name, arch in one.architectures.items()},
        {name: text for one in of_dpkg for name, text in one.sources.items()},
        {one.name: one.channel for one in files.values() if isinstance(one, InstalledConda)},
    )
