"""Reads what a lock says of a source: its digests, its platforms, how its containers start, and where apt asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.lock.entry_forms import ANY, BadEntryError, mapping_of, strings, text_of, words
from image_matrix.lock.model import LockedSource, SourceConfig
from image_matrix.registry.reference import DIGEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

CONFIG = ("user", "entrypoint", "cmd", "workdir", "env")
"""Fields of a source's configuration; opencontainers/image-spec calls them User, Entrypoint, Cmd, WorkingDir, Env."""
_PLATFORM = re.compile(r"[^\x00-\x20\x7f]+/[^\x00-\x20\x7f]+")
_TEXT = re.compile(r"[^\x00]+")
_APT_ADDRESS = re.compile(r"https?://[^\x00-\x20\x7f@]+")


def source_of(value: Json, path: Path) -> LockedSource:
    """Read an entry of ``sources``; raises :class:`BadEntryError`."""
    entry = mapping_of(value, path)
    digests = {key: item for key, item in entry.items() if key not in ("config", "platforms", "apt")}
    mapping = strings(digests, path, ANY, DIGEST)
    if "digest" not in mapping:
        raise BadEntryError(path, "`digest` is missing")
    digest = mapping.pop("digest")
    offers = None
    if "platforms" in entry:
        offers = words(entry["platforms"], (*path, "platforms"), _PLATFORM)
    configs = _configs(entry["config"], (*path, "config"), mapping) if "config" in entry else {}
    apt = words(entry["apt"], (*path, "apt"), _APT_ADDRESS) if "apt" in entry else None
    return LockedSource(digest, mapping, offers, configs, apt)


def _configs(value: Json, path: Path, platforms: Iterable[str]) -> dict[str, SourceConfig]:
    """Read one configuration of all platforms, or one of each."""
    mapping = mapping_of(value, path)
    if any("/" in key for key in mapping):
        return {text_of(key, ANY, path): _config(item, (*path, key)) for key, item in mapping.items()}
    return dict.fromkeys(platforms, _config(mapping, path))


def _config(value: Json, path: Path) -> SourceConfig:
    mapping = mapping_of(value, path)
    for key in mapping:
        if key not in CONFIG:
            raise BadEntryError((*path, key), f"unknown field `{key}`")
    user, workdir = (
        text_of(mapping[key], _TEXT, (*path, key)) if key in mapping else "" for key in ("user", "workdir")
    )
    return SourceConfig(
        user,
        words(mapping.get("entrypoint"), (*path, "entrypoint"), _TEXT),
        words(mapping.get("cmd"), (*path, "cmd"), _TEXT),
        workdir,
        strings(mapping.get("env"), (*path, "env"), ANY, _TEXT),
    )
