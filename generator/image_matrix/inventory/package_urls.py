"""Names packages by package URLs, as scanners for vulnerabilities know them.

Source: github.com/package-url/purl-spec, "purl specification" and the definitions of types. ``upstream`` is what Syft
and Grype call the source package of one of Debian's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from image_matrix.inventory.model import DOWNLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.inventory.model import PackageName

_TYPES = {"pip": "pypi", "conda": "conda", "npm": "npm", "cran": "cran", DOWNLOAD: "generic"}
EXTENSION = "vscode-extension"


def package_url(package: PackageName, version: str, system: str, qualifiers: Mapping[str, str]) -> str | None:
    """Return the URL of a package; ``None`` for what has none, such as what ``provides`` states.

    ``system`` is the distribution, whose packages have it in front: ``debian``.
    """
    match package.manager:
        case "apt":
            return _url("deb", (system, package.name), version, qualifiers)
        case "extensions":
            return _url(EXTENSION, tuple(package.name.split(".", 1)), version, qualifiers)
        case manager if manager in _TYPES:
            return _url(_TYPES[manager], tuple(package.name.split("/")), version, qualifiers)
    return None


def image_url(repository: str, digest: str, arch: str) -> str:
    """Return the URL of an image of one platform."""
    name = repository.rpartition("/")[2]
    return _url("oci", (name,), digest, {"arch": arch, "repository_url": repository})


def _url(kind: str, names: tuple[str, ...], version: str, qualifiers: Mapping[str, str]) -> str:
    path = "/".join(quote(name, safe="") for name in names)
    at = f"@{quote(version, safe=':')}" if version else ""
    query = "&".join(f"{key}={quote(value, safe=':/')}" for key, value in sorted(qualifiers.items()) if value)
    return f"pkg:{kind}/{path}{at}" + (f"?{query}" if query else "")
