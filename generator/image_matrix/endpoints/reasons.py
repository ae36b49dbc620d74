"""Groups the needs of an endpoint by their reason, with the places in the matrix that ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.endpoints.model import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.diagnostics import Path
    from image_matrix.endpoints.model import Endpoint, EndpointNeed, Endpoints, Step

    Placed = Callable[[Path], str]
    """Returns the place of a path in the matrix: ``matrix.yaml:12``."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to reach an endpoint."""

    what: str
    steps: tuple[Step, ...]
    places: tuple[str, ...]
    source: str = ""


def reasons(endpoints: Endpoints, place: Placed) -> dict[Endpoint, list[Reason]]:
    """Return each endpoint, by name, with its reasons."""
    return {
        endpoint: _joined([need for need in endpoints.needs if need.endpoint == endpoint], place)
        for endpoint in endpoints.all
    }


def _joined(needs: list[EndpointNeed], place: Placed) -> list[Reason]:
    by_reason: dict[str, list[EndpointNeed]] = {}
    for need in needs:
        by_reason.setdefault(need.what, []).append(need)
    return [
        Reason(
            what,
            in_order(step for need in same for step in need.steps),
            tuple(dict.fromkeys(place(need.path) for need in same if need.path)),
            same[0].source,
        )
        for what, same in by_reason.items()
    ]


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return steps, each once, in the order of an image's life."""
    chosen = set(steps)
    return tuple(step for step in STEPS if step in chosen)
