"""``python -m bench [NAME…]``: run the measurements and print their tables."""

from __future__ import annotations

import sys
from importlib import import_module

REPORTS = (
    "code",
    "tests",
    "start",
    "home",
    "scale",
    "pages",
    "peers",
    "edits",
    "simulate",
    "rebuild",
    "builders",
    "year",
    "images",
)


def main() -> None:
    """Print the tables that are named, or all."""
    for name in sys.argv[1:] or REPORTS:
        print(import_module(f"bench.{name}").report(), flush=True)


if __name__ == "__main__":
    main()
