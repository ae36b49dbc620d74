"""Checks whether the code-server of a matrix takes the extensions of the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.extensions import CODE_SERVER, code_version, runs_on
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.lines import requirement_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.lock.model import Lock
    from image_matrix.lock.pins import Pins

LISTED = "name an older version of the extension, or a newer one of the download `code-server`"
MEMBER = "run `image-matrix lock`, which takes another release of it"


def not_for(engine: str, code_server: str) -> dict[str, str] | None:
    """Return what is said of an extension that a code-server refuses; ``None`` if it takes it, or nobody knows."""
    code = code_version(code_server)
    if code is None or runs_on(engine, code):
        return None
    return {"engine": engine, "code_server": code_server, "code": ".".join(map(str, code))}


def version_of_code_server(loaded: Loaded) -> str:
    """Return the version of the download, or nothing."""
    download = loaded.matrix.downloads.get(CODE_SERVER)
    return download.version if download else ""


def extension_findings(loaded: Loaded, lock: Lock, pins: Pins) -> Iterator[Finding]:
    """Yield the extensions of the lock that the code-server of today refuses, once for a line."""
    code_server = version_of_code_server(loaded)
    seen: set[tuple[str, Path]] = set()
    for name, item in pins.extensions.items():
        lines = dict(requirement_lines(loaded, loaded.variants[name], "extensions"))
        for entry in item.files:
            path = lines.get(entry) or next(iter(lines.values()))
            refused = not_for(lock.extensions[entry].engine, code_server)
            if refused and (entry, path) not in seen:
                seen.add((entry, path))
                advice = LISTED if entry in lines else MEMBER
                yield rules.EXTENSION_ENGINE.at(path, what=entry, advice=advice, **refused)
