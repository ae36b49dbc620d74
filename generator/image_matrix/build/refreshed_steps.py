"""Has the steps of a user's Dockerfile run again: an argument with the day is in the cache key of each of them.

The argument stands at the beginning of each stage that runs something. Every frontend and buildah know it, and no layer
has it. COPY, ADD and FROM do not depend on it. Source: docs.docker.com/reference/dockerfile, "Impact on build caching".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import parse, split_lines
from image_matrix.dockerfiles.stages import bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

ARGUMENT = "IMAGE_MATRIX_REFRESHED"


def with_day(dockerfile: bytes, day: str) -> bytes:
    """Return a Dockerfile whose steps are those of a day: ``2026-11-30``."""
    text = dockerfile.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    for instruction in reversed([*_first_of_stages(parse(text))]):
        lines.insert(instruction.line - 1, f"ARG {ARGUMENT}={day}")
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _first_of_stages(dockerfile: Dockerfile) -> Iterator[Instruction]:
    """Yield what follows FROM in each stage that runs something."""
    for body in bodies(dockerfile):
        if any(item.name == "RUN" for item in body):
            yield body[0]


def line_of_user(dockerfile: str, number: int) -> int:
    """Return the number of a line in the user's own text, by its number in the text with the day."""
    return number - sum(line.startswith(f"ARG {ARGUMENT}=") for line in split_lines(dockerfile)[:number])
