"""Reads and writes the lock file: sorted, one value per line, with the comments of entries that stay."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.config.document import Documents
from image_matrix.config.extensions import ENGINE, EVERYWHERE, IDENTIFIER, TARGETS, VERSION
from image_matrix.config.yaml_loader import parse
from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.comments import WIDTH, with_comments
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

FILE = "matrix.lock.yaml"
HEADER = "# What image-matrix locked; `image-matrix lock` writes this file and keeps its comments.\n"
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


def read(text: str | None) -> Lock:
    """Read a lock; raises :class:`MatrixError` with its line where it says what no lock says.

    A lock comes with pull requests: whatever is not of the expected form is refused before it reaches any file.
    """
    if text is None:
        return Lock()
    document, problems = parse(text, FILE, _written)
    if problems or document is None:
        raise MatrixError(problems)
    if not document.value:
        raise MatrixError([diagnostic(rules.BAD_LOCK, Place(FILE, 0, 0), problem="it is empty")])
    try:
        return _lock(document.value)
    except _BadEntryError as error:
        place = Documents(document.value, (document,)).place(error.path)
        raise MatrixError([diagnostic(rules.BAD_LOCK, place, problem=error.problem)]) from error


class _BadEntryError(Exception):
    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(problem)


def _written(text: str, *, plain: bool) -> str | None:  # noqa: ARG001 - what the parser asks for
    """Return a scalar as it is written: a digest may look like a number."""
    return text or None


def _lock(data: Json) -> Lock:
    top = _mapping(data, ())
    for key in top:
        if key not in SECTIONS:
            raise _BadEntryError((key,), f"unknown section `{key}`")
    if top.get("version") != str(FORMAT):
        raise _BadEntryError(("version",), f"format {top.get('version')} is not known, only {FORMAT}")
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
        raise _BadEntryError(path, "a mapping is expected here")
    return value


def _section(top: Mapping[str, Any], name: str, keys: re.Pattern[str]) -> Iterator[tuple[str, Any]]:
    for key, value in _mapping(top.get(name), (name,)).items():
        yield _text(key, keys, (name, key)), value


def _text(value: Json, form: re.Pattern[str], path: Path) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _BadEntryError(path, f"`{value}` is not what is expected here")
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
            raise _BadEntryError((name, key), f"no calendar has `{text}`") from None
    return times


def _source(value: Json, path: Path) -> LockedSource:
    entry = _mapping(value, path)
    digests = {key: item for key, item in entry.items() if key not in ("config", "platforms", "apt")}
    mapping = _strings(digests, path, _ANY, DIGEST)
    if "digest" not in mapping:
        raise _BadEntryError(path, "`digest` is missing")
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
            raise _BadEntryError((*path, key), f"unknown field `{key}`")
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
            raise _BadEntryError((*path, key), f"unknown architecture `{key}`")
    if not files:
        raise _BadEntryError(path, "the address of its file is missing")
    return LockedExtension(
        _strings(files, path, _ANY, _ADDRESS),
        _text(mapping["engine"], ENGINE, (*path, "engine")) if "engine" in mapping else "",
        _words(mapping.get("needs"), (*path, "needs"), IDENTIFIER),
    )


def _r(value: Json, path: Path) -> LockedR:
    mapping = _mapping(value, path)
    for key in mapping:
        if key not in ("binaries", "needs"):
            raise _BadEntryError((*path, key), f"unknown field `{key}`")
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
            raise _BadEntryError((*path, key), f"unknown architecture `{key}`")
    inputs = _text(mapping.get("inputs"), _FINGERPRINT, (*path, "inputs"))
    both = lists.get("all", ())
    return LockedPackages(
        inputs, {arch: (*both, *lists[arch]) if lists.get(arch) else both for arch in ARCHITECTURES}
    )


def _list(value: Json, path: Path) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _BadEntryError(path, "a list is expected here")
    return value


def write(lock: Lock, before: str | None = None) -> str:
    """Return the file's text, with the comments of the text that it replaces."""
    text = HEADER + _dump(_data(lock))
    return with_comments(text, before, HEADER) if before else text


def _data(lock: Lock) -> dict[str, Any]:
    sections = {
        "version": FORMAT,
        "sources": {key: _source_data(item) for key, item in lock.sources.items()},
        "downloads": dict(lock.downloads),
        "extensions": {key: _extension_data(item) for key, item in lock.extensions.items()},
        "apt": dict(lock.apt),
        "cran": lock.cran,
        "refreshed": dict(lock.refreshed),
        "r": {key: _r_data(item) for key, item in lock.r.items()},
        "conda": {key: _packages_data(item) for key, item in lock.conda.items()},
        "python": {key: _packages_data(item) for key, item in lock.python.items()},
        "files": {key: dict(item) for key, item in lock.files.items()},
        "defaults": dict(lock.defaults),
        "hosts": {key: list(item) for key, item in lock.hosts.items()},
        "licences": dict(lock.licences),
    }
    return {key: _sorted(value) for key, value in sections.items() if value}


def _source_data(item: LockedSource) -> dict[str, Any]:
    """Return a source's entry; a configuration that all platforms have is written once."""
    data: dict[str, Any] = {"digest": item.digest, **item.platforms}
    if item.offers is not None:
        data["platforms"] = sorted(item.offers)
    if item.apt is not None:
        data["apt"] = list(item.apt)
    texts = {platform: _config_data(config) for platform, config in item.configs.items()}
    alike = item.configs.keys() == item.platforms.keys() and len({str(one) for one in texts.values()}) == 1
    if texts:
        data["config"] = next(iter(texts.values())) if alike else texts
    return data


def _config_data(item: SourceConfig) -> dict[str, Any]:
    values = (item.user, list(item.entrypoint), list(item.command), item.workdir, dict(item.environment))
    return {key: value for key, value in zip(CONFIG, values, strict=True) if value}


def _extension_data(item: LockedExtension) -> dict[str, Any]:
    optional = {"engine": item.engine, "needs": sorted(item.needs)}
    return {**item.files, **{key: value for key, value in optional.items() if value}}


def _r_data(item: LockedR) -> dict[str, Any]:
    return {
        "binaries": sorted(item.binaries),
        "needs": {name: sorted(needs) for name, needs in item.needs.items()},
    }


def _packages_data(item: LockedPackages) -> dict[str, Any]:
    """What all architectures have stands once; ``inputs`` says which ones they are."""
    lists = [set(items) for items in item.packages.values()]
    everywhere = set.intersection(*lists) if lists else set()
    named = {"all": everywhere, **{arch: {*items} - everywhere for arch, items in item.packages.items()}}
    return {"inputs": item.inputs, **{name: sorted(items) for name, items in named.items() if items}}


def _sorted(value: Json) -> Json:
    """Sort mappings by key, with what an entry is first: its ``digest``, ``inputs`` and what is for ``all``."""
    if not isinstance(value, dict):
        return value
    first = ("digest", "inputs", "all")
    keys = sorted(value, key=lambda key: (first.index(key) if key in first else len(first), key))
    return {key: _sorted(value[key]) for key in keys}


@cache
def _dumper() -> type[Any]:
    """Return a dumper that writes every text on one line."""

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the base is not known
        pass

    def represent(dumper: yaml.representer.SafeRepresenter, value: str) -> yaml.Node:
        style = '"' if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, represent)
    return Dumper


def _dump(data: Mapping[str, Any]) -> str:
    """Dump in block style; a section each, with an empty line between them."""
    return "\n".join(
        yaml.dump({key: value}, Dumper=_dumper(), sort_keys=False, width=WIDTH, allow_unicode=True)
        for key, value in data.items()
    )
