"""The record of what was generated: path to the SHA-256 of what was written there.

It tells files that are ours from files that are not, and ours as written from ours edited by hand. While a render is
under way a path may have two digests, the old and the new one, so that a crash between two writes is no hand edit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

MANIFEST = ".image-matrix.json"
Manifest = Mapping[str, tuple[str, ...]]


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read(text: str | None) -> dict[str, tuple[str, ...]]:
    """Read a manifest; one that is missing or was damaged (a merge conflict, say) is empty, and nothing is ours."""
    try:
        data = json.loads(text) if text else {}
        return {
            path: (found,) if isinstance(found, str) else tuple(found)
            for path, found in data["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def write(manifest: Manifest) -> bytes:
    """Return a manifest as text, one line a path, so that two branches' changes merge line by line."""
    entries = {path: found[0] if len(found) == 1 else list(found) for path, found in sorted(manifest.items())}
    body = ",\n".join(f"    {json.dumps(path)}: {json.dumps(found)}" for path, found in entries.items())
    note = "Written by image-matrix render: what it generated. Do not edit; when it conflicts, run it again."
    return f'{{\n  "about": {json.dumps(note)},\n  "files": {{\n{body}\n  }}\n}}\n'.encode()
