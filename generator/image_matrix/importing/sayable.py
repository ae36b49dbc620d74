"""Knows which entries of package lists a matrix can have."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.config import requirement
from image_matrix.config.schema import schema
from image_matrix.diagnostics.redact import has_user

if TYPE_CHECKING:
    from image_matrix.config.model import Manager


def is_sayable(installer: Manager, text: str) -> bool:
    """Say whether a list of an installer takes an entry: names and versions, no options."""
    fits = _entry(installer).search(text) is not None
    return fits and (installer != "pip" or requirement.problem(text) is None)


def sayable(installer: Manager, text: str) -> str | None:
    """Return an entry as a matrix takes it, without needless spaces; ``None`` for one that it cannot have."""
    if installer == "pip" and "://" in text:
        return _with_address(text)
    versions, semicolon, marker = text.partition(";")
    narrow = re.sub(r"\s+", "", versions) + (f"; {marker.strip()}" if semicolon else "")
    # a name behind a space is another package, not a part of the first one
    has_words = re.search(r"[A-Za-z0-9.\]]\s+[A-Za-z0-9]", versions) is not None
    if has_words:
        # except in an entry of conda: NAME VERSION BUILD
        text = " ".join(text.split())
        return text if installer == "conda" and is_sayable(installer, text) else None
    return narrow if is_sayable(installer, narrow) else None


def is_channel(text: str) -> bool:
    """Say whether a matrix can name a channel of conda: by its name, or its address without a login."""
    items = schema()["$defs"]["condaSettings"]["properties"]["channels"]["items"]
    return re.search(items["x-filled"], text) is not None


def _with_address(text: str) -> str | None:
    """Return a requirement with an address; spaces end an address, so those around it stay."""
    name, at, rest = text.partition("@")
    entry = f"{name.strip()} @ {rest.strip()}"
    return entry if at and "://" not in name and is_sayable("pip", entry) and not has_user(entry) else None


@cache
def _entry(installer: Manager) -> re.Pattern[str]:
    """Return the expression that the schema has for entries without placeholders."""
    entry = schema()["$defs"][f"{installer}Package"]
    return re.compile(entry.get("x-filled", entry["pattern"]))  # some lists have no placeholders
