"""Looks at code-server's settings and extensions. Runs inside as ``python3 -I - REQUESTS``; standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = ".local/share/code-server/Machine/settings.json"
BUILTIN = "/opt/code-server/lib/vscode/extensions"
"""Where code-server has its own extensions, and finds those of the image."""


def editor() -> dict[str, Any]:
    """Return the interpreter that the settings name, the first one on PATH, and the extensions with their versions."""
    return {
        "interpreter": interpreter(Path(os.environ.get("HOME", "/"), SETTINGS)),
        "python": shutil.which("python") or "",
        "extensions": dict(extensions(Path(BUILTIN))),
    }


def interpreter(settings: Path) -> str:
    """Return the interpreter that a file of settings names; nothing if it names none."""
    try:
        content = json.loads(settings.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    return str(content.get("python.defaultInterpreterPath", "")) if isinstance(content, dict) else ""


def extensions(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the names, in small letters, and the versions of the extensions below a folder."""
    for manifest in sorted(folder.glob("*/package.json")):
        with contextlib.suppress(OSError, ValueError, RecursionError, KeyError, TypeError):
            about = json.loads(manifest.read_text(encoding="utf-8"))
            yield f"{about['publisher']}.{about['name']}".lower(), str(about["version"])


def main() -> None:
    """Answer the requests."""
    print(json.dumps([editor() for _ in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()
