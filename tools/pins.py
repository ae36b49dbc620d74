"""Writes the pins of pyproject.toml: the extra `locked`, and what builds the package.

    python -m tools.pins LOCKED BACKEND    files of pinned requirements without hashes, one a line, as uv writes them

The workflow installs `image-matrix[locked]`, and builds it where it comes from git or a checkout: another release of a
dependency must not turn a run red, or get into a job that can write, without a commit.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.reference import REPOSITORY

LOCKED, BACKEND = "locked", "requires"
"""Lists of pyproject.toml: an extra, and `build-system.requires`."""


def pinned(pyproject: str, name: str, requirements: list[str]) -> str:
    """Return pyproject.toml with these requirements as its list of that name."""
    lines = "".join(f'  "{line}",\n' for line in requirements)
    block = re.compile(rf"^{name} = \[\n(?:  .*\n)*\]\n", re.MULTILINE)
    text, count = block.subn(f"{name} = [\n{lines}]\n", pyproject)
    if count != 1:
        raise SystemExit(f"pyproject.toml has no `{name} = [`")
    return text


def main() -> None:
    """Read the files that are named, and write pyproject.toml."""
    path = REPOSITORY / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    for name, file in zip((LOCKED, BACKEND), sys.argv[1:], strict=True):
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        text = pinned(text, name, [line for line in lines if line.strip()])
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
