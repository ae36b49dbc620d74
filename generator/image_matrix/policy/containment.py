"""Says whether an entry of a list means nothing that another one does not mean."""

from __future__ import annotations

import re

from image_matrix.policy.wildcards import matches

_BEHIND = re.compile(r"[ <>=!~:]")
"""What begins the versions behind the name of a package, or the tag behind a repository."""


def is_within(entry: str, wider: str) -> bool:
    """Say whether an entry certainly means only what a wider one means.

    ``*`` in the wider one is any text, ``*`` of the entry included. Without a slash, it is a whole registry.
    """
    if matches(wider, entry):
        return True
    behind = entry.removeprefix(wider)[:1] if entry.startswith(wider) else ""
    return bool(behind and _BEHIND.match(behind)) or (behind == "/" and "/" not in wider)
