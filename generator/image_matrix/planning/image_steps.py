"""Says how large each step of an image is, and which image of its chain has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.registry.answers import ImageLayer

_ARGUMENTS = re.compile(r"\|\d+ (?:\w+=\S* )*")
"""What BuildKit writes before a command that arguments of the build reach: their number, and their values."""
_SHELL = re.compile(r"/bin/(?:ba|da)?sh (?:-[a-z]+ (?:pipefail )?)*-?c? ?(?:#\(nop\) +)?")
_SETTING = re.compile(r"(?:umask|export|set|rm -f) |apt-get update$")
"""Lines of a script that install nothing."""


@dataclass(frozen=True, slots=True)
class ImageStep:
    """An image layer: how large it is, and what made it."""

    image: str
    """The id of the lowest variant of the chain that has it; the layers of a source are in the lowest one."""
    size: int
    """Bytes, compressed."""
    step: str
    """The instruction, in one line, with control characters escaped: anybody may have written it; empty if the image
    does not say."""


def image_steps(
    layers: Sequence[ImageLayer], steps: Sequence[str], below: Mapping[str, Sequence[ImageLayer]], name: str
) -> list[ImageStep]:
    """Return the image layers of a variant from the lowest up.

    ``steps`` are the instructions that made them; ``below`` has the layers of what it is built on by id, from the base
    up. A parent that was built again since is in the registry with other layers, and then counts for nothing.
    """
    owners = {
        image: len(parts)
        for image, parts in below.items()
        if [one.digest for one in parts] == [one.digest for one in layers[: len(parts)]]
    }
    named = [*steps, *[""] * len(layers)][: len(layers)]
    return [
        ImageStep(
            next((image for image, count in owners.items() if at < count), name),
            layer.size,
            printable(in_one_line(step)),
        )
        for at, (layer, step) in enumerate(zip(layers, named, strict=True))
    ]


def in_one_line(step: str) -> str:
    """Return an instruction as its author wrote it, in one line: without the shell, arguments and settings.

    Source of the form: github.com/moby/buildkit, frontend/dockerfile/dockerfile2llb (``commitToHistory``).
    """
    text = step.removesuffix(" # buildkit").replace("\\\n", " ")
    word, _, rest = text.partition(" ")
    if word != "RUN" and not text.startswith("/bin/"):
        return " ".join(text.split())
    script = _SHELL.sub("", _ARGUMENTS.sub("", rest if word == "RUN" else text, count=1), count=1)
    lines = [" ".join(line.split()) for line in script.splitlines() if line.strip()]
    telling = [line for line in lines if not _SETTING.match(line)]
    return "; ".join(telling or lines)
