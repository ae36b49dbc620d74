"""Tables of measured images: sizes, start times, and the layers of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.measure import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.computed import Bytes
    from bench.layers import Layer


@dataclass(frozen=True, slots=True)
class Side:
    """One image: its layers, and the median seconds to its first page if it has one."""

    layers: tuple[Layer, ...]
    seconds: float | None

    @property
    def bytes(self) -> int:
        """What a node without any of its layers pulls."""
        return sum(layer.bytes for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of one variant and its counterpart."""

    id: str
    ours: Side
    theirs: Side


def tables(found: Sequence[Measured], further: Mapping[str, Bytes]) -> str:
    """Return sizes and start times, what all images take together, what was computed, and the layers of each."""
    rows = [(one.id, *compared(one.ours.bytes, one.theirs.bytes), *starts(one)) for one in found]
    family = [total(one.ours for one in found), total(one.theirs for one in found)]
    header = ("image", "MB", "Kubeflow's list MB", "ratio", "s to 200", "theirs s", "ratio")
    return "\n".join(
        [
            table("Images, compressed", header, rows),
            table("All of them on one node", ("MB", "Kubeflow's lists MB", "ratio"), [compared(*family)]),
            table(
                "Computed: the parent, and wheels as the index has them",
                header[:4],
                [(name, *compared(*both)) for name, both in further.items()],
            ),
            table("Layers of 1 MB and more", ("image", "MB", "step"), steps(found)),
        ]
    )


def total(sides: Iterable[Side]) -> int:
    """Return the bytes of images that share layers."""
    return sum(layer.bytes for layer in {layer for side in sides for layer in side.layers})


def steps(found: Sequence[Measured]) -> list[tuple[str, str, str]]:
    """Return the layers of every image and of its counterpart; what an image has from another is said once."""
    rows, seen = [], set()
    for one in found:
        for name, side in ((one.id, one.ours), (f"{one.id}, Kubeflow's list", one.theirs)):
            rows += [
                (name, megabytes(layer.bytes), layer.step)
                for layer in side.layers
                if layer.digest not in seen and layer.bytes >= 1e6
            ]
            seen |= {layer.digest for layer in side.layers}
    return rows


def compared(ours: int, theirs: int) -> tuple[str, str, str]:
    return megabytes(ours), megabytes(theirs), f"{ours / theirs:.2f}"


def megabytes(count: int) -> str:
    return f"{count / 1e6:.0f}"


def starts(one: Measured) -> tuple[str, str, str]:
    """Return the seconds of both sides and their ratio."""
    ours, theirs = one.ours.seconds, one.theirs.seconds
    if ours is None or theirs is None:
        return "–", "–", "–"
    return f"{ours:.1f}", f"{theirs:.1f}", f"{ours / theirs:.2f}"
