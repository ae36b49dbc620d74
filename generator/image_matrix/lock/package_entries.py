"""Reads what a lock says of packages: of pip and conda, of R, and extensions of editors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.extensions import ENGINE, EVERYWHERE, IDENTIFIER, TARGETS
from image_matrix.lock.entry_forms import ANY, BadEntryError, list_of, mapping_of, strings, text_of, words
from image_matrix.lock.model import ARCHITECTURES, LockedExtension, LockedPackages, LockedR

if TYPE_CHECKING:
    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!&+,;=%{}-]+")
"""Where a file is."""
_R_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9.]+")
_DEBIAN_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_ARCHITECTURE = re.compile(r"amd64|arm64")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def extension_of(value: Json, path: Path) -> LockedExtension:
    """Read an entry of ``extensions``; raises :class:`BadEntryError`."""
    mapping = mapping_of(value, path)
    files = {key: item for key, item in mapping.items() if key not in ("engine", "needs")}
    for key in files:
        if key not in (EVERYWHERE, *TARGETS):
            raise BadEntryError((*path, key), f"unknown architecture `{key}`")
    if not files:
        raise BadEntryError(path, "the address of its file is missing")
    return LockedExtension(
        strings(files, path, ANY, ADDRESS),
        text_of(mapping["engine"], ENGINE, (*path, "engine")) if "engine" in mapping else "",
        words(mapping.get("needs"), (*path, "needs"), IDENTIFIER),
    )


def r_of(value: Json, path: Path) -> LockedR:
    """Read what R of a distribution has; raises :class:`BadEntryError`."""
    mapping = mapping_of(value, path)
    for key in mapping:
        if key not in ("binaries", "needs"):
            raise BadEntryError((*path, key), f"unknown field `{key}`")
    needs = mapping_of(mapping.get("needs"), (*path, "needs"))
    return LockedR(
        words(mapping.get("binaries"), (*path, "binaries"), _ARCHITECTURE),
        {
            text_of(name, _R_PACKAGE, (*path, "needs", name)): words(
                item, (*path, "needs", name), _DEBIAN_PACKAGE
            )
            for name, item in needs.items()
        },
    )


def packages_of(value: Json, path: Path, form: re.Pattern[str]) -> LockedPackages:
    """Read the packages of an image, each of a form; raises :class:`BadEntryError`."""
    mapping = mapping_of(value, path)
    lists = {
        key: tuple(
            text_of(item, form, (*path, key, at))
            for at, item in enumerate(list_of(mapping[key], (*path, key)))
        )
        for key in mapping
        if key != "inputs"
    }
    for key in lists:
        if key not in ("all", *ARCHITECTURES):
            raise BadEntryError((*path, key), f"unknown architecture `{key}`")
    inputs = text_of(mapping.get("inputs"), _FINGERPRINT, (*path, "inputs"))
    both = lists.get("all", ())
    return LockedPackages(
        inputs, {arch: (*both, *lists[arch]) if lists.get(arch) else both for arch in ARCHITECTURES}
    )
