"""Writes the extra `locked` of pyproject.toml: what image-matrix needs to run, at the versions that it is tested with.

    python -m tools.pins REQUIREMENTS    pinned requirements without hashes, one a line, as uv writes them

The workflow installs `image-matrix[locked]`: another release of a dependency must not turn a run red, or get into a job
that can write, without a commit.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.reference import REPOSITORY

EXTRA = re.compile(r"^locked = \[\n(?:  .*\n)*\]\n", re.MULTILINE)


def locked(pyproject: str, requirements: list[str]) -> str:
    """Return pyproject.toml with these requirements as the extra."""
    lines = "".join(f'  "{line}",\n' for line in requirements)
    made, count = EXTRA.subn(f"locked = [\n{lines}]\n", pyproject)
    if count != 1:
        raise SystemExit("pyproject.toml has no `locked = [`")
    return made


def main() -> None:
    """Read the file that is named, and write pyproject.toml."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    requirements = [line for line in text.splitlines() if line.strip()]
    path = REPOSITORY / "pyproject.toml"
    path.write_text(locked(path.read_text(encoding="utf-8"), requirements), encoding="utf-8")


if __name__ == "__main__":
    main()
