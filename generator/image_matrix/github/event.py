"""The event that started a run, as far as a plan depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPENDABOT = "dependabot[bot]"
NO_COMMIT = "0" * 40
"""``before`` of a push that made its branch; docs.github.com/webhooks, "push"."""


@dataclass(frozen=True, slots=True)
class Event:
    """What started the run."""

    name: str
    base: str | None = None
    """The commit that the plan's reasons compare with."""
    fork: bool = False
    """The token can only read: nothing can be pushed."""
    names: tuple[str, ...] = ()
    """Images or variants that were asked for; none: all."""
    force: bool = False
    pull_request: int | None = None
    head: str | None = None
    """The pull request's own last commit; what is checked out is its merge with the base."""


def read_event(name: str, payload: Mapping[str, Any]) -> Event:
    """Read an event's payload; docs.github.com/actions/reference/events-that-trigger-workflows."""
    match name:
        case "pull_request":
            return _pull_request(payload["pull_request"])
        case "push":
            before = payload.get("before")
            return Event(name, before if before != NO_COMMIT else None)
        case "merge_group":
            return Event(name, payload["merge_group"]["base_sha"])
        case "workflow_dispatch":
            return _asked(name, payload.get("inputs") or {})
        case "repository_dispatch":
            return _asked(name, payload.get("client_payload") or {})
        case _:
            return Event(name)


def _pull_request(item: Mapping[str, Any]) -> Event:
    head, base = item["head"].get("repo") or {}, item["base"]["repo"]
    foreign = head.get("full_name") != base["full_name"]
    read_only = foreign or (item.get("user") or {}).get("login") == DEPENDABOT
    return Event(
        "pull_request",
        item["base"]["sha"],
        fork=read_only,
        pull_request=item["number"],
        head=item["head"].get("sha"),
    )


def _asked(name: str, given: Mapping[str, Any]) -> Event:
    images = given.get("images") or ""
    names = images.split() if isinstance(images, str) else [str(one) for one in images]
    return Event(name, names=tuple(names), force=str(given.get("force", False)).lower() == "true")
