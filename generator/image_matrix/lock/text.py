"""Reads and writes the lock file: sorted, one value per line, with the comments of entries that stay."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.config.document import Documents
from image_matrix.config.yaml_loader import parse
from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.comments import WIDTH, with_comments
from image_matrix.lock.entries import lock_of
from image_matrix.lock.entry_forms import BadEntryError
from image_matrix.lock.model import (
    FORMAT,
    Lock,
    LockedExtension,
    LockedPackages,
    LockedR,
    LockedSource,
    SourceConfig,
)
from image_matrix.lock.source_entries import CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json

FILE = "matrix.lock.yaml"
HEADER = "# What image-matrix locked; `image-matrix lock` writes this file and keeps its comments.\n"


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
        return lock_of(document.value)
    except BadEntryError as error:
        place = Documents(document.value, (document,)).place(error.path)
        raise MatrixError([diagnostic(rules.BAD_LOCK, place, problem=error.problem)]) from error


def _written(text: str, *, plain: bool) -> str | None:  # noqa: ARG001 - what the parser asks for
    """Return a scalar as it is written: a digest may look like a number."""
    return text or None


def write(lock: Lock, before: str | None = None) -> str:
    """Return the file's text, with the comments of the text that it replaces."""
    text = HEADER + _dump(sections(lock))
    return with_comments(text, before, HEADER) if before else text


def sections(lock: Lock) -> dict[str, Any]:
    """Return what the file says, by section: two locks with the same sections are the same file but for comments."""
    every = {
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
    return {key: _sorted(value) for key, value in every.items() if value}


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
