"""Reads the entries of a lock; whatever is not of the expected form is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from image_matrix.config.extensions import ENGINE, EVERYWHERE, IDENTIFIER, TARGETS, VERSION
from image_matrix.lock.model import (
    ARCHITECTURES,
    FORMAT,
    Lock,
    LockedExtension,
    LockedPackages,
    LockedR,
    LockedSource,
    SourceConfig,
)
from image_matrix.registry.reference import DIGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json


_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECKSUM = re.compile(r"[0-9a-f]{64}|[0-9a-f]{128}")
_PACKAGE = re.compile(
    r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?==[A-Za-z0-9.+!_-]+"
    r"( @ (https?://[A-Za-z0-9._~:/@+%-]+"
    r"|https?://[A-Za-z0-9._~:/?@!&+,=%-]+#sha256=[0-9a-f]{64}(&subdirectory=[A-Za-z0-9._/-]+)?"
    r"|git\+https?://[A-Za-z0-9._~:/?@!&+,=%-]+@[0-9a-f]{40}(#subdirectory=[A-Za-z0-9._/-]+)?))?"
)
"""A package, and the index, file or commit that it is from, where that is not the default index."""
_TAG = re.compile(r"sdist|[\w.]+(-[\w.]+){2,3}")
"""A source distribution, or a wheel's Python, ABI and platform, perhaps with its build before them."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!&+,;=%{}-]+")
_EXTENSION = re.compile(rf"{IDENTIFIER.pattern}@{VERSION.pattern}")
_SNAPSHOT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DISTRIBUTION = re.compile(r"(debian|ubuntu)-[0-9.]+")
_R_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9.]+")
_DEBIAN_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_ARCHITECTURE = re.compile(r"amd64|arm64")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_RELEASE = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?==[A-Za-z0-9.+!_-]+")
_LICENCE = re.compile(r"[A-Za-z0-9.+() -]{1,200}")
_ANY = re.compile(r"[^\x00-\x20\x7f]+")
_PLATFORM = re.compile(r"[^\x00-\x20\x7f]+/[^\x00-\x20\x7f]+")
_TEXT = re.compile(r"[^\x00]+")
_INSTALLER = re.compile(r"pip|npm|python")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+")
_APT_ADDRESS = re.compile(r"https?://[^\x00-\x20\x7f@]+")
CONFIG = ("user", "entrypoint", "cmd", "workdir", "env")
"""Fields of a source's configuration; opencontainers/image-spec calls them User, Entrypoint, Cmd, WorkingDir, Env."""
SECTIONS = (
    "version",
    "sources",
    "downloads",
    "extensions",
    "apt",
    "cran",
    "refreshed",
    "r",
    "conda",
    "python",
    "files",
    "defaults",
    "hosts",
    "licences",
)


class BadEntryError(Exception):
    """An entry is not of the expected form; has its path, and the problem in words."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(problem)


def lock_of(data: Json) -> Lock:
    """Return the lock that the data of its file say; raises :class:`BadEntryError`."""
    top = _mapping(data, ())
    for key in top:
        if key not in SECTIONS:
            raise BadEntryError((key,), f"unknown section `{key}`")
    if top.get("version") != str(FORMAT):
        raise BadEntryError(("version",), f"format {top.get('version')} is not known, only {FORMAT}")
    return Lock(
        sources={key: _source(item, ("sources", key)) for key, item in _section(top, "sources", _ANY)},
        downloads=_texts(top, "downloads", _ADDRESS, _CHECKSUM),
        extensions={
            key: _extension(item, ("extensions", key))
            for key, item in _section(top, "extensions", _EXTENSION)
        },
        apt=_times(top, "apt", _SNAPSHOT, "%Y%m%dT%H%M%SZ"),
        cran=_text(top["cran"], _DAY, ("cran",)) if top.get("cran") is not None else None,
        refreshed=_times(top, "refreshed", _DAY, "%Y-%m-%d"),
        r={key: _r(item, ("r", key)) for key, item in _section(top, "r", _DISTRIBUTION)},
        python={key: _packages(i, ("python", key), _PACKAGE) for key, i in _section(top, "python", _ANY)},
        conda={key: _packages(i, ("conda", key), _ADDRESS) for key, i in _section(top, "conda", _ANY)},
        files={
            key: _strings(item, ("files", key), _TAG, _SHA256)
            for key, item in _section(top, "files", _PACKAGE)
        },
        defaults=_texts(top, "defaults", _INSTALLER, _ADDRESS),
        hosts={key: _words(item, ("hosts", key), _ORIGIN) for key, item in _section(top, "hosts", _ORIGIN)},
        licences=_texts(top, "licences", _RELEASE, _LICENCE),
    )


def _mapping(value: Json, path: Path) -> dict[str, Json]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadEntryError(path, "a mapping is expected here")
    return value


def _section(top: Mapping[str, Any], name: str, keys: re.Pattern[str]) -> Iterator[tuple[str, Any]]:
    for key, value in _mapping(top.get(name), (name,)).items():
        yield _text(key, keys, (name, key)), value


def _text(value: Json, form: re.Pattern[str], path: Path) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise BadEntryError(path, f"`{value}` is not what is expected here")
    return value


def _strings(value: Json, path: Path, keys: re.Pattern[str], values: re.Pattern[str]) -> dict[str, str]:
    return {
        _text(key, keys, (*path, key)): _text(item, values, (*path, key))
        for key, item in _mapping(value, path).items()
    }


def _texts(
    top: Mapping[str, Any], name: str, keys: re.Pattern[str], values: re.Pattern[str]
) -> dict[str, str]:
    return _strings(top.get(name), (name,), keys, values)


def _times(top: Mapping[str, Any], name: str, values: re.Pattern[str], form: str) -> dict[str, str]:
    """Return a section of days or moments, which a calendar has; ``form`` is theirs for ``strptime``."""
    times = _texts(top, name, _ANY, values)
    for key, text in times.items():
        try:
            datetime.strptime(text, form)
        except ValueError:
            raise BadEntryError((name, key), f"no calendar has `{text}`") from None
    return times


def _source(value: Json, path: Path) -> LockedSource:
    entry = _mapping(value, path)
    digests = {key: item for key, item in entry.items() if key not in ("config", "platforms", "apt")}
    mapping = _strings(digests, path, _ANY, DIGEST)
    if "digest" not in mapping:
        raise BadEntryError(path, "`digest` is missing")
    digest = mapping.pop("digest")
    offers = None
    if "platforms" in entry:
        offers = _words(entry["platforms"], (*path, "platforms"), _PLATFORM)
    configs = _configs(entry["config"], (*path, "config"), mapping) if "config" in entry else {}
    apt = _words(entry["apt"], (*path, "apt"), _APT_ADDRESS) if "apt" in entry else None
    return LockedSource(digest, mapping, offers, configs, apt)


def _configs(value: Json, path: Path, platforms: Iterable[str]) -> dict[str, SourceConfig]:
    """Read one configuration of all platforms, or one of each."""
    mapping = _mapping(value, path)
    if any("/" in key for key in mapping):
        return {_text(key, _ANY, path): _config(item, (*path, key)) for key, item in mapping.items()}
    return dict.fromkeys(platforms, _config(mapping, path))


def _config(value: Json, path: Path) -> SourceConfig:
    mapping = _mapping(value, path)
    for key in mapping:
        if key not in CONFIG:
            raise BadEntryError((*path, key), f"unknown field `{key}`")
    user, workdir = (
        _text(mapping[key], _TEXT, (*path, key)) if key in mapping else "" for key in ("user", "workdir")
    )
    return SourceConfig(
        user,
        _words(mapping.get("entrypoint"), (*path, "entrypoint"), _TEXT),
        _words(mapping.get("cmd"), (*path, "cmd"), _TEXT),
        workdir,
        _strings(mapping.get("env"), (*path, "env"), _ANY, _TEXT),
    )


def _words(value: Json, path: Path, form: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(_text(item, form, (*path, at)) for at, item in enumerate(_list(value, path)))


def _extension(value: Json, path: Path) -> LockedExtension:
    mapping = _mapping(value, path)
    files = {key: item for key, item in mapping.items() if key not in ("engine", "needs")}
    for key in files:
        if key not in (EVERYWHERE, *TARGETS):
            raise BadEntryError((*path, key), f"unknown architecture `{key}`")
    if not files:
        raise BadEntryError(path, "the address of its file is missing")
    return LockedExtension(
        _strings(files, path, _ANY, _ADDRESS),
        _text(mapping["engine"], ENGINE, (*path, "engine")) if "engine" in mapping else "",
        _words(mapping.get("needs"), (*path, "needs"), IDENTIFIER),
    )


def _r(value: Json, path: Path) -> LockedR:
    mapping = _mapping(value, path)
    for key in mapping:
        if key not in ("binaries", "needs"):
            raise BadEntryError((*path, key), f"unknown field `{key}`")
    needs = _mapping(mapping.get("needs"), (*path, "needs"))
    return LockedR(
        _words(mapping.get("binaries"), (*path, "binaries"), _ARCHITECTURE),
        {
            _text(name, _R_PACKAGE, (*path, "needs", name)): _words(
                item, (*path, "needs", name), _DEBIAN_PACKAGE
            )
            for name, item in needs.items()
        },
    )


def _packages(value: Json, path: Path, form: re.Pattern[str]) -> LockedPackages:
    mapping = _mapping(value, path)
    lists = {
        key: tuple(
            _text(item, form, (*path, key, at)) for at, item in enumerate(_list(mapping[key], (*path, key)))
        )
        for key in mapping
        if key != "inputs"
    }
    for key in lists:
        if key not in ("all", *ARCHITECTURES):
            raise BadEntryError((*path, key), f"unknown architecture `{key}`")
    inputs = _text(mapping.get("inputs"), _FINGERPRINT, (*path, "inputs"))
    both = lists.get("all", ())
    return LockedPackages(
        inputs, {arch: (*both, *lists[arch]) if lists.get(arch) else both for arch in ARCHITECTURES}
    )


def _list(value: Json, path: Path) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadEntryError(path, "a list is expected here")
    return value
