"""Writes endpoints for people, and as JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from image_matrix.endpoints.reasons import in_order, reasons

if TYPE_CHECKING:
    from image_matrix.endpoints.model import Endpoints, UnknownHosts
    from image_matrix.endpoints.reasons import Placed, Reason

SHOWN = 3
"""Reasons of an endpoint that are printed, where not all of them are asked for."""


def as_text(endpoints: Endpoints, place: Placed, shown: int | None = SHOWN) -> str:
    """Return each endpoint with its reasons, at most ``shown`` of them, and then what is not known."""
    blocks = [
        "\n".join([endpoint.address, *_lines(listed, shown)])
        for endpoint, listed in reasons(endpoints, place).items()
    ]
    if endpoints.unknown:
        blocks.append("\n".join(["Not known:", *(_unknown(item, place) for item in endpoints.unknown)]))
    return "".join(f"{block}\n" for block in blocks)


def _lines(listed: list[Reason], shown: int | None) -> list[str]:
    lines = [f"  {', '.join(item.steps)}: {item.what}{_where(item)}" for item in listed]
    rest = len(lines) - shown if shown is not None else 0
    return lines if rest <= 1 else [*lines[:shown], f"  and {rest} more reasons (-v shows them)"]


def _where(reason: Reason) -> str:
    if not reason.places:
        return ""
    more = f" and {len(reason.places) - 1} more" if len(reason.places) > 1 else ""
    return f" ({reason.places[0]}{more})"


def _unknown(item: UnknownHosts, place: Placed) -> str:
    where = f" ({place(item.path)})" if item.path else ""
    return f"  {', '.join(in_order(item.steps))}: {item.what}{where}\n    {item.advice}"


def as_json(endpoints: Endpoints, place: Placed) -> str:
    """Return the same as JSON; docs/endpoints.md says what each field means."""
    data = {
        "endpoints": [
            {
                "address": endpoint.address,
                "scheme": endpoint.scheme,
                "host": endpoint.host,
                "port": endpoint.port,
                "for": in_order(step for item in listed for step in item.steps),
                "why": [_reason(item) for item in listed],
            }
            for endpoint, listed in reasons(endpoints, place).items()
        ],
        "unknown": [
            {
                "for": in_order(item.steps),
                "what": item.what,
                "places": [place(item.path)] if item.path else [],
                "help": item.advice,
            }
            for item in endpoints.unknown
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _reason(item: Reason) -> dict[str, object]:
    source = {"source": item.source} if item.source else {}
    return {"what": item.what, "for": item.steps, "places": item.places, **source}
