"""Guesses from the name of a Debian package's file which package it is, and in which version.

The package has the version that it has, whatever archives have. Publishers name files in many ways; a guess that is no
package of the image changes nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.lock.apt_updates import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.downloads import Download

_DPKG = re.compile(rf"(?P<name>{NAME.pattern})_(?P<version>[A-Za-z0-9.+:~-]+)_[a-z0-9-]+\.deb")
"""The name that dpkg-deb and archives give a package (dpkg-name(1)); it has no epoch."""
_OTHER = re.compile(
    rf"(?P<name>{NAME.pattern}?)([-_]v?(?P<version>[0-9][A-Za-z0-9.+:~-]*?))?"
    r"([-_.](linux|all|any|amd64|x86_64|x64|arm64|aarch64|latest|deb))*\.deb"
)
"""``quarto-1.6.39-linux-amd64.deb``, ``tool_latest.deb``"""
_UNKNOWN = "0~"
"""In place of a version that the name does not say: none in an archive is it."""


def entry_of_file(name: str) -> Iterator[str]:
    """Yield ``package=version`` for the name of a file, as a list for apt would have it."""
    match = _DPKG.fullmatch(name) or _OTHER.fullmatch(name)
    if match:
        yield f"{match['name']}={match['version'] or _UNKNOWN}"


def entry_of_download(item: Download) -> Iterator[str]:
    """Yield the same for a download that is a package: matrices often name it like that."""
    if NAME.fullmatch(item.name):
        yield f"{item.name}={item.version}"
