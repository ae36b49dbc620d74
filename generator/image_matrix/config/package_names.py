"""Tells which package an entry of a list is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.config.model import Manager

_NAME_END = re.compile(r"[\[\s=<>!~;@]")


def package_name(manager: Manager, item: str) -> str:
    """Return the name by which two entries are the same package (PEP 503 for Python)."""
    from packaging.utils import canonicalize_name

    if manager == "npm":
        return item[0] + item[1:].partition("@")[0]
    if manager == "extensions":
        return item.partition("@")[0].lower()
    text = item.rpartition("::")[2] if manager == "conda" else item  # channel::name
    name = _NAME_END.split(text, maxsplit=1)[0]
    if manager == "cran":
        return name.rpartition("::")[2].rpartition("/")[2]
    return canonicalize_name(name) if manager == "pip" else name


def folded(name: str) -> str:
    """Return a name, or a pattern of names, in lower case with ``-`` for runs of ``-``, ``_`` and ``.``, as PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
