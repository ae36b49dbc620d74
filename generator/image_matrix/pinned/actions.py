"""Reads actions.json, the table of pinned actions, tools and helper images, which Renovate updates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Action:
    """An action at a commit."""

    name: str
    version: str
    sha: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A program at a version, with the SHA-256 of its release file for each architecture."""

    name: str
    version: str
    url: str
    sha256: str


@cache
def _table() -> dict[str, Any]:
    import json

    table: dict[str, Any] = json.loads(Path(__file__).with_name("actions.json").read_text(encoding="utf-8"))
    return table


def actions() -> dict[str, Action]:
    """Return every pinned action by name."""
    return {name: Action(name, item["version"], item["sha"]) for name, item in _table()["actions"].items()}


def tool(name: str, arch: str) -> Tool:
    """Return a tool's release file for an architecture (``amd64``, ``arm64``)."""
    item = _table()["tools"][name]
    url = item["url"].replace("{version}", item["version"]).replace("{arch}", item["arch"][arch])
    return Tool(name, item["version"], url, item["sha256"][arch])


def tool_version(name: str) -> str:
    """Return the version of a tool."""
    return str(_table()["tools"][name]["version"])


def plugin(name: str, arch: str) -> tuple[str, str] | None:
    """Return address and SHA-256 of a pinned notation plugin, or ``None`` if the table does not have it."""
    item = _table()["plugins"].get(name)
    if item is None or arch not in item["sha256"]:
        return None
    return item["url"].replace("{arch}", arch), item["sha256"][arch]


def pinned_images() -> tuple[str, ...]:
    """Return the names of the pinned helper images."""
    return tuple(_table()["images"])


def image(name: str) -> str:
    """Return a helper image by tag and digest."""
    item = _table()["images"][name]
    return f"{name}:{item['version']}@{item['digest']}"
