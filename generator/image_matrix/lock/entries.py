"""Reads a lock section by section; whatever is not of the expected form is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.extensions import IDENTIFIER, VERSION
from image_matrix.lock.entry_forms import (
    ANY,
    BadEntryError,
    mapping_of,
    section,
    strings,
    text_of,
    texts,
    times,
    words,
)
from image_matrix.lock.model import FORMAT, Lock
from image_matrix.lock.package_entries import ADDRESS, extension_of, packages_of, r_of
from image_matrix.lock.source_entries import source_of

if TYPE_CHECKING:
    from image_matrix.json_data import Json

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECKSUM = re.compile(r"[0-9a-f]{64}|[0-9a-f]{128}")
_PACKAGE = re.compile(
    r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?==[A-Za-z0-9.+!_-]+"
    r"( @ (https?://[A-Za-z0-9._~:/@+%-]+"
    r"|https?://[A-Za-z0-9._~:/?@!&+,=%-]+#sha256=[0-9a-f]{64}(&subdirectory=[A-Za-z0-9._/-]+)?"
    r"|git\+https?://[A-Za-z0-9._~:/?@!&+,=%-]+@[0-9a-f]{40}(#subdirectory=[A-Za-z0-9._/-]+)?))?"
)
"""A package, and the index, file or commit that it is from, where that is not the default index."""
_TAG = re.compile(r"sdist|[\w.]+(-[\w.]+){2,3}")
"""A source distribution, or a wheel's Python, ABI and platform, perhaps with its build before them."""
_EXTENSION = re.compile(rf"{IDENTIFIER.pattern}@{VERSION.pattern}")
_SNAPSHOT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DISTRIBUTION = re.compile(r"(debian|ubuntu)-[0-9.]+")
_RELEASE = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?==[A-Za-z0-9.+!_-]+")
_LICENCE = re.compile(r"[A-Za-z0-9.+() -]{1,200}")
_INSTALLER = re.compile(r"pip|npm|python")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+")
SECTIONS = (
    "version",
    "sources",
    "downloads",
    "extensions",
    "apt",
    "cran",
    "refreshed",
    "r",
    "conda",
    "python",
    "files",
    "defaults",
    "hosts",
    "licences",
)


def lock_of(data: Json) -> Lock:
    """Return the lock that the data of its file say; raises :class:`BadEntryError`."""
    top = mapping_of(data, ())
    for key in top:
        if key not in SECTIONS:
            raise BadEntryError((key,), f"unknown section `{key}`")
    if top.get("version") != str(FORMAT):
        raise BadEntryError(("version",), f"format {top.get('version')} is not known, only {FORMAT}")
    return Lock(
        sources={key: source_of(item, ("sources", key)) for key, item in section(top, "sources", ANY)},
        downloads=texts(top, "downloads", ADDRESS, _CHECKSUM),
        extensions={
            key: extension_of(item, ("extensions", key))
            for key, item in section(top, "extensions", _EXTENSION)
        },
        apt=times(top, "apt", _SNAPSHOT, "%Y%m%dT%H%M%SZ"),
        cran=text_of(top["cran"], _DAY, ("cran",)) if top.get("cran") is not None else None,
        refreshed=times(top, "refreshed", _DAY, "%Y-%m-%d"),
        r={key: r_of(item, ("r", key)) for key, item in section(top, "r", _DISTRIBUTION)},
        python={key: packages_of(i, ("python", key), _PACKAGE) for key, i in section(top, "python", ANY)},
        conda={key: packages_of(i, ("conda", key), ADDRESS) for key, i in section(top, "conda", ANY)},
        files={
            key: strings(item, ("files", key), _TAG, _SHA256) for key, item in section(top, "files", _PACKAGE)
        },
        defaults=texts(top, "defaults", _INSTALLER, ADDRESS),
        hosts={key: words(item, ("hosts", key), _ORIGIN) for key, item in section(top, "hosts", _ORIGIN)},
        licences=texts(top, "licences", _RELEASE, _LICENCE),
    )
