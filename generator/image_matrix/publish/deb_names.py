"""Reads from the name of a Debian package's file which package it is, and in which version, or guesses it.

The package has the version that it has, whatever archives have. Publishers name files in many ways. A guess that is no
package of the image changes nothing; one that is another package of it would hide the updates of that. So a guess does
not count for what the matrix lists for apt, nor for what the image below has
(:func:`image_matrix.lock.apt_updates.counting`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.apt_pins import UNKNOWN_VERSION
from image_matrix.lock.apt_updates import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.downloads import Download

_DPKG = re.compile(rf"(?P<name>{NAME.pattern})_(?P<version>[A-Za-z0-9.+:~-]+)_[a-z0-9-]+\.deb")
"""The name that dpkg-deb and archives give a package (dpkg-name(1)); it has no epoch."""
_VERSION = r"[0-9]+([.+~:][A-Za-z0-9]+)*(-[0-9]+([+~][A-Za-z0-9.]+)*|-(alpha|beta|rc)[0-9.]*)*"
"""A version of numbers: in ``git-2fa-1.0.deb`` it is ``1.0``, and ``perl-5.40-modules.deb`` has none at its end."""
_GUESS = re.compile(
    rf"(?P<name>{NAME.pattern}?)([-_]v?(?P<version>{_VERSION}))?"
    r"([-_.](linux|all|any|amd64|x86_64|x64|arm64|aarch64|latest|deb|(debian|ubuntu)[0-9.]*"
    r"|bookworm|trixie|jammy|noble))*\.deb"
)
"""``quarto-1.6.39-linux-amd64.deb``, ``tool_latest.deb``"""


def entry_of_file(name: str) -> Iterator[str]:
    """Yield ``package=version``, as a list for apt would have it, for a file that is named as dpkg-deb names it."""
    if match := _DPKG.fullmatch(name):
        yield f"{match['name']}={match['version']}"


def guess_of_file(name: str) -> Iterator[str]:
    """Yield the same for a file that is named in another way: it may be another package."""
    match = None if _DPKG.fullmatch(name) else _GUESS.fullmatch(name)
    if match:
        yield f"{match['name']}={match['version'] or UNKNOWN_VERSION}"


def guess_of_download(item: Download) -> Iterator[str]:
    """Yield the same for a download that is a package: matrices often name it like that."""
    if NAME.fullmatch(item.name):
        yield f"{item.name}={item.version}"
