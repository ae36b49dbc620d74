"""Reads the mounts of a RUN instruction."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.dockerfiles.instructions import Instruction


def mounts(item: Instruction) -> Iterator[dict[str, str]]:
    """Yield the fields of each ``--mount`` of an instruction, a line of CSV each.

    Source: docs.docker.com/reference/dockerfile/#run---mount.
    """
    for name, value in item.flags:
        if name == "mount":
            pairs = (field.partition("=") for row in csv.reader([value]) for field in row)
            yield {key.strip().lower(): text for key, _, text in pairs}
