"""Looks whether a user's packages come before the image's. Runs inside as ``python3 -I - REQUESTS``.

It uses the standard library only. Each Python of the image gets a module in its user site, as a home may have one from
an earlier image (docs.python.org/3/library/site.html). Where it can be imported, packages there shadow the image's.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "image_matrix_user_site"
PLACES = ("/usr/bin/python3", "/opt/venv/bin/python", "/opt/conda/bin/python")
"""Pythons that an image may have beside those on PATH."""
SECONDS = 30


def user_site() -> dict[str, list[str]]:
    """Return the Pythons that were tried, and those that import from their user site."""
    tried = pythons()
    return {"tried": tried, "shadowed": [one for one in tried if imports(one)]}


def pythons() -> list[str]:
    """Return the Pythons of the image, each once."""
    on_path = (shutil.which(name) for name in ("python", "python3"))
    return [*dict.fromkeys(str(one) for one in (*on_path, *PLACES) if one and Path(one).exists())]


def imports(python: str) -> bool:
    """Say whether a Python imports the module from its user site."""
    where = run(python, "import site; print(site.getusersitepackages())")
    folder = Path(os.fsdecode(where.stdout).strip() or "/nonexistent")
    with module_in(folder):
        return run(python, f"import {MODULE}").returncode == 0


@contextlib.contextmanager
def module_in(folder: Path) -> Iterator[None]:
    """Put the module into a folder for the time of the ``with``; folders that are new stay, and are empty."""
    file = folder / f"{MODULE}.py"
    folder.mkdir(parents=True, exist_ok=True)
    file.touch()
    try:
        yield
    finally:
        file.unlink()


def run(python: str, code: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of Python in the environment of the container; it writes no caches."""
    return subprocess.run([python, "-B", "-c", code], capture_output=True, check=False, timeout=SECONDS)


def main() -> None:
    """Answer the requests."""
    answers: list[Any] = [user_site() for _ in json.loads(sys.argv[1])]
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
