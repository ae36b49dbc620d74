"""Looks up the licences of locked Python packages: the metadata of one wheel of each.

Source: packaging.python.org, "Simple repository API" (`.metadata`) and "Core metadata" (License-Expression, License,
Classifier). A source distribution and a package from git have no licence that is known.
"""

from __future__ import annotations

import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from image_matrix.lock.distributions import glibc_of, python_of
from image_matrix.lock.fingerprint import inherited_packages
from image_matrix.lock.requirements import INDEX_MARK, is_direct
from image_matrix.lock.resolver_api import ResolveRequest
from image_matrix.registry.exchange import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.model import Lock

AT_ONCE = 8
MOST = 80
"""Characters of a text that is not understood."""
TAIL = 256 * 1024
"""Bytes at the end of a wheel in which its metadata is looked for."""
CLASSIFIED = {
    "Academic Free License (AFL)": "AFL-3.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License (GPL)": "GPL",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Zope Public License": "ZPL",
    "zlib/libpng License": "Zlib",
}
"""Classifiers, behind `License :: OSI Approved ::`, to identifiers of SPDX; `BSD`, `GPL`, `LGPL`, `ZPL`: which one is
not said."""
_SPELLINGS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD",
    "bsd license": "BSD",
    "mit license": "MIT",
    "the mit license": "MIT",
}
"""What people write into `License`, in lower case."""
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class MetadataSource:
    """Reads from package indexes; both raise :class:`ConnectionFailed`."""

    stream: Callable[[str], Iterator[bytes]]
    """Yields the bytes of a file."""
    tail: Callable[[str, int], bytes]
    """Returns as many bytes of the end of a file."""


def licences(
    loaded: Loaded,
    lock: Lock,
    old: Mapping[str, str],
    wheels: Callable[[ResolveRequest], Mapping[str, str]],
    source: MetadataSource,
) -> dict[str, str]:
    """Return the licences of all locked Python packages as far as they are known, as ``name==version`` to SPDX.

    Those of the old lock are not looked up again. ``wheels`` tells the address of a wheel of each package of a request.
    """
    used = {name for entry in lock.python.values() for item in entry.items if (name := _bare(item))}
    known = {name: text for name, text in old.items() if name in used}
    addresses: dict[str, str] = {}
    for variant in loaded.variants.values():
        request = _request(loaded, lock, variant, known.keys() | addresses.keys())
        addresses |= wheels(request) if request else {}
    unknown = {name: address for name, address in addresses.items() if name in used - known.keys()}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        texts = pool.map(lambda address: _metadata(address, source), unknown.values())
        read = {name: licence_of(text) for name, text in zip(unknown, texts, strict=True)}
    return known | {name: text for name, text in read.items() if text}


def _bare(item: str) -> str:
    """Return ``name==version`` of a package of an index; empty for one from an address."""
    return "" if is_direct(item) else item.partition(INDEX_MARK)[0]


def _request(loaded: Loaded, lock: Lock, variant: Variant, known: Iterable[str]) -> ResolveRequest | None:
    """Return what asks for the packages of a variant whose wheels are not known, on its first architecture."""
    entry, python = lock.python.get(variant.id), python_of(loaded.matrix, variant)
    if entry is None or python is None:
        return None
    arch = variant.archs[0]
    pinned = {name for item in entry.packages[arch] if (name := _bare(item))}
    if not pinned - {*known}:
        return None
    return ResolveRequest(
        requirements=tuple(sorted(pinned)),
        python=python,
        arch=arch,
        glibc=glibc_of(loaded.matrix, variant),
        constraints=tuple(sorted(inherited_packages(loaded.variants, lock.python, variant)[arch])),
        index=variant.index_url,
        indexes=variant.extra_index_urls,
    )


def _metadata(address: str, source: MetadataSource) -> str:
    """Return the metadata of a wheel: the file beside it, else out of its end; empty if it can be had from neither."""
    try:
        content = b"".join(source.stream(f"{address}.metadata"))
    except ConnectionFailed:
        content = _out_of_wheel(address, source)
    return content.decode("utf-8", "replace")


def _out_of_wheel(address: str, source: MetadataSource) -> bytes:
    """Return the metadata in a wheel, whose directory and metadata are at its end.

    Source: packaging.python.org, "Binary distribution format": archivers place the .dist-info files at the end.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source.tail(address, TAIL))) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return wheel.read(name)
    except (ConnectionFailed, OSError, StopIteration, ValueError, zipfile.BadZipFile):
        return b""


def licence_of(metadata: str) -> str:
    """Return the licence that core metadata names, as an expression of SPDX; empty if it names none.

    Several classifiers count as all of them: the metadata does not say that one may choose.
    """
    fields = HeaderParser().parsestr(metadata)
    stated = _expression(fields.get("License-Expression", ""))
    if stated:
        return stated
    classifiers = (text.removeprefix(_CLASSIFIER) for text in fields.get_all("Classifier", ()))
    classified = sorted({CLASSIFIED[text] for text in classifiers if text in CLASSIFIED})
    if classified:
        return " AND ".join(classified)
    text = " ".join(fields.get("License", "").strip().partition("\n")[0].split())
    return _SPELLINGS.get(text.lower()) or _expression(text) or _reference(text)


def _reference(text: str) -> str:
    """Return a text that is no expression as what SPDX calls a licence that is not on its list."""
    named = re.sub(r"[^A-Za-z0-9.]+", "-", text)[:MOST].strip("-")
    return f"LicenseRef-{named}" if named and text != "UNKNOWN" else ""


def _expression(text: str) -> str:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if not text or not re.fullmatch(r"[A-Za-z0-9.+() -]{1,200}", text):
        return ""
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return ""
