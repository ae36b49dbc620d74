"""The record of what was generated: path to the SHA-256 of what was written there.

It tells files that are ours from files that are not, and ours as written from ours edited by hand. While a render is
under way a path may have two digests, the old and the new one, so that a crash between two writes is no hand edit.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from image_matrix.json_data import Json

MANIFEST = ".image-matrix.json"
Manifest = Mapping[str, tuple[str, ...]]


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read(text: str | None) -> dict[str, tuple[str, ...]]:
    """Read a manifest; one that is missing or was damaged is empty, and nothing is ours.

    One that git has merged, with conflict markers or a line twice, has the digests of both sides.
    """
    try:
        data = json.loads(text, object_pairs_hook=_merged) if text else {}
        return {
            path: (found,) if isinstance(found, str) else tuple(found)
            for path, found in data["files"].items()
        }
    except (KeyError, TypeError, AttributeError):
        return {}
    except ValueError:
        return _salvaged(text or "")


def _merged(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of pairs in which a path may stand twice: a union merge keeps both sides' lines."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = [*_listed(found[key]), *_listed(value)] if key in found else value
    return found


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


_ENTRY = re.compile(
    r'^ *("(?:[^"\\]|\\.)+"): (\[?"[0-9a-f]{64}"(?:, "[0-9a-f]{64}")*\]?),?\r?$', re.MULTILINE
)


def _salvaged(text: str) -> dict[str, tuple[str, ...]]:
    """Return the entries of a text that is no JSON any more, line by line."""
    entries = [f"{path}: {found}" for path, found in _ENTRY.findall(text)]
    try:
        data = json.loads(f"{{{','.join(entries)}}}", object_pairs_hook=_merged)
    except ValueError:
        return {}
    return {path: tuple(dict.fromkeys(_listed(found))) for path, found in data.items()}


def write(manifest: Manifest) -> bytes:
    """Return a manifest as text, one line a path, so that two branches' changes merge line by line."""
    entries = {path: found[0] if len(found) == 1 else list(found) for path, found in sorted(manifest.items())}
    body = ",\n".join(f"    {json.dumps(path)}: {json.dumps(found)}" for path, found in entries.items())
    note = "Written by image-matrix render: what it generated. Do not edit; when it conflicts, run it again."
    return f'{{\n  "about": {json.dumps(note)},\n  "files": {{\n{body}\n  }}\n}}\n'.encode()
