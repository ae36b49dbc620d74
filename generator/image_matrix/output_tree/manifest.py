"""Records what was generated: path to the SHA-256 of the file that was written there.

The record distinguishes generated files from others, and unchanged files from those edited by hand. During a render,
a path may have two digests, the old and the new one, so that a crash between two writes does not look like an edit.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from image_matrix.json_data import Json
    from image_matrix.output_tree.files import File

MANIFEST = ".image-matrix.json"
OutputManifest = Mapping[str, tuple[str, ...]]


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def manifest_of(rendered: Mapping[str, File]) -> dict[str, tuple[str, ...]]:
    """Return the manifest of a rendering."""
    return {path: (digest(file.content),) for path, file in rendered.items()}


def read(text: str | None) -> dict[str, tuple[str, ...]]:
    """Read a manifest; a missing or damaged one is empty, so no file counts as generated.

    A manifest that git has merged, with conflict markers or duplicate lines, has the digests of both sides.
    """
    try:
        data = read_json(text, pairs=_merged) if text else {}
        return {
            path: (digests,) if isinstance(digests, str) else tuple(digests)
            for path, digests in data["files"].items()
        }
    except (KeyError, TypeError, AttributeError):
        return {}
    except ValueError:
        return _salvaged(text or "")


def _merged(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object from pairs with duplicate paths: a union merge keeps the lines of both sides."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        result[key] = [*_listed(result[key]), *_listed(value)] if key in result else value
    return result


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


_ENTRY = re.compile(
    r'^ *("(?:[^"\\]|\\.)+"): (\[?"[0-9a-f]{64}"(?:, "[0-9a-f]{64}")*\]?),?\r?$', re.MULTILINE
)


def _salvaged(text: str) -> dict[str, tuple[str, ...]]:
    """Return the entries of a text that is not valid JSON, line by line."""
    entries = [f"{path}: {digests}" for path, digests in _ENTRY.findall(text)]
    try:
        data = read_json(f"{{{','.join(entries)}}}", pairs=_merged)
    except ValueError:
        return {}
    return {path: tuple(dict.fromkeys(_listed(digests))) for path, digests in data.items()}


def write(manifest: OutputManifest) -> bytes:
    """Return a manifest as text with one line per path, so that changes of two branches merge line by line."""
    entries = {
        path: digests[0] if len(digests) == 1 else list(digests) for path, digests in sorted(manifest.items())
    }
    body = ",\n".join(f"    {json.dumps(path)}: {json.dumps(digests)}" for path, digests in entries.items())
    note = "Written by image-matrix render: what it generated. Do not edit; when it conflicts, run it again."
    return f'{{\n  "about": {json.dumps(note)},\n  "files": {{\n{body}\n  }}\n}}\n'.encode()
