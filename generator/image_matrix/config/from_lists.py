"""Expands entries of ``images:`` whose key has ``{from}``: one image for each name that ``from`` lists."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from image_matrix.config.placeholders import fill
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

PLACEHOLDER = "{from}"


@dataclass(frozen=True, slots=True)
class SharedEntry:
    """Where an image is declared that has no entry of its own: under a key, at a position of ``from``."""

    key: str
    position: int | None
    """``None`` where ``from`` is one name."""


NO_ENTRIES: Mapping[str, SharedEntry] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Expanded:
    """A matrix in which every image has its own entry."""

    value: Json
    entries: Mapping[str, SharedEntry]
    """Name of an image to the entry that it comes from, for those that do not have their own."""
    findings: tuple[Finding, ...] = ()


def expand_from_lists(value: Json) -> Expanded:
    """Return a matrix with an image for each parent of an entry that lists several, in the place of that entry.

    Entries of another shape stay as they are: the schema reports them.
    """
    images = value.get("images") if isinstance(value, dict) else None
    if not isinstance(images, dict) or not any(_is_shared(key, item) for key, item in images.items()):
        return Expanded(value, {})
    result: dict[str, Any] = {}
    entries: dict[str, SharedEntry] = {}
    findings: list[Finding] = []
    for key, item in images.items():
        if not _is_shared(key, item):
            result.setdefault(key, item)
            continue
        findings += _without_placeholder(key, item["from"])
        for name, entry, image in _images(key, item):
            if name in entries or (name in images and name != key):
                findings.append(_twice(name, entry, entries))
            else:
                result[name], entries[name] = image, entry
    return Expanded({**value, "images": result}, entries, tuple(findings))


def _is_shared(key: str, item: Json) -> bool:
    """Say whether an entry is of several images, and has the shape of one."""
    start = item.get("from") if isinstance(item, dict) else None
    if isinstance(start, list):
        return bool(start) and all(isinstance(name, str) for name in start)
    return isinstance(start, str) and PLACEHOLDER in key


def _images(key: str, item: dict[str, Any]) -> Iterator[tuple[str, SharedEntry, dict[str, Any]]]:
    start = item["from"]
    if PLACEHOLDER not in key:
        yield key, SharedEntry(key, 0), {**item, "from": start[0]}
        return
    names = [start] if isinstance(start, str) else start
    for position, name in enumerate(names):
        entry = SharedEntry(key, None if isinstance(start, str) else position)
        yield fill(key, {"from": name}), entry, {**item, "from": name}


def _without_placeholder(key: str, names: Json) -> Iterator[Finding]:
    if PLACEHOLDER not in key:
        problem = "`from` has a list, and the name of the image has no `{from}`"
        several = f'write the name as `"{{from}}-{key}"`: it is one image for each entry of the list'
        advice = several if len(names) > 1 else f"write `from: {names[0]}`"
        yield rules.BAD_VALUE.at(("images", key, "from"), problem=problem, advice=advice)


def _twice(name: str, entry: SharedEntry, entries: Mapping[str, SharedEntry]) -> Finding:
    """Return the finding of an image that has an entry of its own, or comes from another list, too."""
    path = ("images", entry.key, "from", *(() if entry.position is None else (entry.position,)))
    advice = f"keep one of them; `match: {{from: NAME}}` below `overrides` changes one image of `{entry.key}`"
    finding = rules.BAD_VALUE.at(path, problem=f"the image `{name}` is declared twice", advice=advice)
    other = entries[name].key if name in entries else name
    return finding.beside((("images", other), "declared here, too"))


def may_be_of(name: str, keys: Iterable[str]) -> bool:
    """Say whether a name may be that of an image of an entry whose list is not known."""
    patterns = (".+".join(map(re.escape, key.split(PLACEHOLDER))) for key in keys if PLACEHOLDER in key)
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def in_images(paths: Iterable[Path], entries: Mapping[str, SharedEntry]) -> list[Path]:
    """Return paths in entries for several images as paths in each of these images."""
    images: dict[str, list[str]] = {}
    for name, entry in entries.items():
        images.setdefault(entry.key, []).append(name)
    return [
        ("images", name, *path[2:]) if len(path) > 1 and path[0] == "images" else path
        for path in paths
        for name in (images.get(str(path[1]), [path[1]]) if len(path) > 1 and path[0] == "images" else [""])
    ]


def without_those_of_others(findings: Iterable[Finding], entries: Mapping[str, SharedEntry]) -> list[Finding]:
    """Return findings without those about a match in an entry for several images that fits another of these images."""
    every = list(findings)
    sizes = Counter(entry.key for entry in entries.values())
    times = Counter(_fault(finding, entries) for finding in every)
    return [
        finding
        for finding in every
        if not _is_of_match(finding, entries)
        or times[_fault(finding, entries)] == sizes[entries[str(finding.path[1])].key]
    ]


def once_an_entry(findings: Iterable[Finding], entries: Mapping[str, SharedEntry]) -> list[Finding]:
    """Return findings with one for each fault in an entry for several images, which each of them may have."""
    first: dict[object, Finding] = {}
    for finding in findings:
        is_shared = _entry(finding.path, entries) is not None and len(finding.path) > 2
        first.setdefault(_fault(finding, entries) if is_shared else id(finding), finding)
    return list(first.values())


def _fault(finding: Finding, entries: Mapping[str, SharedEntry]) -> tuple[object, ...]:
    return finding.rule, in_entry(finding.path, entries), finding.target


def _is_of_match(finding: Finding, entries: Mapping[str, SharedEntry]) -> bool:
    path = finding.path
    return _entry(path, entries) is not None and (path[2:3] == ("exclude",) or "match" in path[2:])


def _entry(path: Path, entries: Mapping[str, SharedEntry]) -> SharedEntry | None:
    return entries.get(str(path[1])) if path[:1] == ("images",) and len(path) > 1 else None


def in_entry(path: Path, entries: Mapping[str, SharedEntry]) -> Path:
    """Return the path in an entry for several images of a path in one of these images; other paths stay."""
    entry = _entry(path, entries)
    if entry is None:
        return path
    position = () if entry.position is None or path[2:] != ("from",) else (entry.position,)
    return ("images", entry.key, *path[2:], *position)
