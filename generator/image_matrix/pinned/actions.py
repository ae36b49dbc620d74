"""Reads actions.json, the table of pinned actions, tools and helper images, which Renovate updates.

``pins`` are entries of a matrix (``workflow.pins``) that replace those of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.workflow import Pin

NO_PINS: Mapping[str, Pin] = MappingProxyType({})
CHECKSUMS = ("sha", "sha256", "digest")
"""The fields that say which content a version has: of an action, of a tool, of an image."""
_KINDS = ("actions", "tools", "images")


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


def pinned_names() -> tuple[str, ...]:
    """Return the name of every action, tool and helper image of the table."""
    return tuple(name for kind in _KINDS for name in _table()[kind])


def checksum_field(name: str) -> str | None:
    """Return the field that a pin of this name has besides its version; ``None`` for a tool that an action verifies."""
    item = next(_table()[kind][name] for kind in _KINDS if name in _table()[kind])
    return next((field for field in CHECKSUMS if field in item), None)


def _item(kind: str, name: str, pins: Mapping[str, Pin]) -> dict[str, Any]:
    return {**_table()[kind][name], **pins.get(name, {})}


def actions(pins: Mapping[str, Pin] = NO_PINS) -> dict[str, Action]:
    """Return every pinned action by name."""
    items = {name: _item("actions", name, pins) for name in _table()["actions"]}
    return {name: Action(name, item["version"], item["sha"]) for name, item in items.items()}


def tool(name: str, arch: str, pins: Mapping[str, Pin] = NO_PINS) -> Tool:
    """Return a tool's release file for an architecture (``amd64``, ``arm64``)."""
    item = _item("tools", name, pins)
    url = item["url"].replace("{version}", item["version"]).replace("{arch}", item["arch"][arch])
    return Tool(name, item["version"], url, item["sha256"][arch])


def tool_version(name: str, pins: Mapping[str, Pin] = NO_PINS) -> str:
    """Return the version of a tool."""
    return str(_item("tools", name, pins)["version"])


def plugin(name: str, arch: str) -> tuple[str, str] | None:
    """Return address and SHA-256 of a pinned notation plugin, or ``None`` if the table does not have it."""
    item = _table()["plugins"].get(name)
    if item is None or arch not in item["sha256"]:
        return None
    return item["url"].replace("{arch}", arch), item["sha256"][arch]


def pinned_images() -> tuple[str, ...]:
    """Return the names of the pinned helper images."""
    return tuple(_table()["images"])


def image(name: str, pins: Mapping[str, Pin] = NO_PINS) -> str:
    """Return a helper image by tag and digest."""
    item = _item("images", name, pins)
    return f"{name}:{item['version']}@{item['digest']}"


def rootless_image(name: str) -> str:
    """Return the variant of a helper image that runs without root, by tag and digest."""
    item = _table()["rootless"][name]
    return f"{name}:{item['version']}@{item['digest']}"
