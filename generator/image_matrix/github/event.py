"""Reads the parts of a run's event that its plan depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPENDABOT = "dependabot[bot]"
BRANCHES = "refs/heads/"
NO_COMMIT = "0" * 40
"""``before`` of a push that created its branch; docs.github.com/webhooks, "push"."""


@dataclass(frozen=True, slots=True)
class Event:
    """The event that started the run."""

    name: str
    base: str | None = None
    """The commit that the plan's reasons compare with."""
    fork: bool = False
    """Whether the token can only read, so that the run cannot push."""
    names: tuple[str, ...] = ()
    """The requested images or variants; empty for all."""
    platforms: tuple[str, ...] = ()
    """The requested platforms; empty for all."""
    force: bool = False
    allow_older: bool = False
    """Whether the release may be of a commit that is older than the last release."""
    pull_request: int | None = None
    head: str | None = None
    """The last commit of the pull request; the checkout is its merge with the base."""
    target: str | None = None
    """The branch that the pull request is merged into."""
    branch: str | None = None
    """The branch that somebody started the run on."""
    repository: str | None = None
    """``OWNER/NAME``"""
    repository_branch: str | None = None
    """The default branch of the repository."""

    def proposes(self, default_branch: str) -> bool:
        """Say whether the run is about a change that is proposed for the default branch, or could be."""
        return self.pull_request is not None or self.branch not in (None, default_branch)


def read_event(name: str, payload: Mapping[str, Any]) -> Event:
    """Read an event's payload; docs.github.com/actions/reference/events-that-trigger-workflows."""
    repository = payload.get("repository") or {}
    return replace(
        _event(name, payload),
        repository=repository.get("full_name"),
        repository_branch=repository.get("default_branch"),
    )


def _event(name: str, payload: Mapping[str, Any]) -> Event:
    match name:
        case "pull_request":
            return _pull_request(payload["pull_request"])
        case "push":
            before = payload.get("before")
            return Event(name, before if before != NO_COMMIT else None)
        case "merge_group":
            return Event(name, payload["merge_group"]["base_sha"])
        case "workflow_dispatch":
            return replace(_manual(name, payload.get("inputs") or {}), branch=_branch(payload.get("ref")))
        case "repository_dispatch":
            return _manual(name, payload.get("client_payload") or {})
        case _:
            return Event(name)


def _pull_request(item: Mapping[str, Any]) -> Event:
    head, base = item["head"].get("repo") or {}, item["base"]["repo"]
    from_fork = head.get("full_name") != base["full_name"]
    read_only = from_fork or (item.get("user") or {}).get("login") == DEPENDABOT
    return Event(
        "pull_request",
        item["base"]["sha"],
        fork=read_only,
        pull_request=item["number"],
        head=item["head"].get("sha"),
        target=item["base"].get("ref"),
    )


def _manual(name: str, given: Mapping[str, Any]) -> Event:
    return Event(
        name,
        names=_names(given.get("images")),
        platforms=_names(given.get("platforms")),
        force=_is_true(given.get("force")),
        allow_older=_is_true(given.get("allow_older")),
    )


def _branch(ref: str | None) -> str | None:
    """Return the branch of a reference; ``None`` for a tag."""
    return ref.removeprefix(BRANCHES) if ref and ref.startswith(BRANCHES) else None


def _names(given: object) -> tuple[str, ...]:
    """Return names, which are a text with spaces or a list."""
    return tuple(str(one) for one in given) if isinstance(given, list) else tuple(str(given or "").split())


def _is_true(given: object) -> bool:
    return str(given).lower() == "true"
