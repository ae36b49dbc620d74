"""Sets environment variables of this process for a while: some libraries and programs have no other settings."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def variables_set(given: Mapping[str, str | None]) -> Iterator[None]:
    """Set variables, and put back afterwards what they were; one without a value stays as it is."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update({name: value for name, value in given.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})
