"""Joins packages of images to rows for people: which image has which version, from whom, and who asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of
from image_matrix.inventory.requests import needed_by, requests_of
from image_matrix.inventory.summary import one_or_each

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.inventory.model import Content, Inventory, PackageName
    from image_matrix.inventory.requests import Request
    from image_matrix.json_data import Json
    from image_matrix.lock.model import Lock

FLOATS = "floats"
"""The version of a package that no lock, list or archive holds."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A package in a variant, and who asks for it."""

    variant: str
    package: PackageName
    content: Content
    archs: tuple[str, ...]
    """The architectures of the variant."""
    requests: tuple[Request, ...]
    """The entries of matrix.yaml that name it, in the variant and below it, from the base up."""
    needed_by: tuple[str, ...] = ()
    """The packages that need it, if the lock says so."""

    @property
    def image(self) -> str:
        """The image of the variant."""
        return image_of(self.variant)


def holdings(
    loaded: Loaded,
    lock: Lock,
    inventory: Mapping[str, Inventory],
    chosen: Callable[[PackageName, Content], bool],
    archs: tuple[str, ...] = (),
) -> list[Holding]:
    """Return the packages of variants that are chosen, each in each variant.

    ``archs`` are those that the inventory is of, by default all of a variant.
    """
    known: dict[str, Mapping[PackageName, Request]] = {}

    def requests(names: Iterable[str], package: PackageName) -> tuple[Request, ...]:
        for name in names:
            if name not in known:
                known[name] = requests_of(loaded, loaded.variants[name])
        return tuple(known[name][package] for name in names if package in known[name])

    return [
        Holding(
            name,
            package,
            content,
            archs or loaded.variants[name].archs,
            requests(content.listed_by, package),
            needed_by(lock, package),
        )
        for name, one in inventory.items()
        for package, content in one.contents.items()
        if chosen(package, content)
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """What is the same in one or several variants of an image."""

    variants: tuple[str, ...]
    package: PackageName
    version: str
    brought_by: str
    """The image that installs it; empty if it is this one."""
    why: str
    """Who asks for it."""


def rows(every: Iterable[Holding]) -> list[Row]:
    """Return a row for each package of each image; of variants that differ, one for each difference."""
    grouped: dict[tuple[str, PackageName, str, str, str], list[str]] = {}
    for one in every:
        key = (one.image, one.package, version_words(one), _below(one), why(one))
        grouped.setdefault(key, []).append(one.variant)
    return [Row(tuple(names), *key[1:]) for key, names in grouped.items()]


def version_words(one: Holding) -> str:
    """Return the version of a package in a variant, as people read it."""
    return versions_text(one.content, one.archs)


def versions_text(content: Content, archs: tuple[str, ...]) -> str:
    """Return a version as people read it: which platform has which, or what holds one that nothing states."""
    versions = one_or_each(content.versions, archs)
    if isinstance(versions, str):
        return versions or content.archive or FLOATS
    by_version: dict[str, list[str]] = {}
    for arch, version in versions.items():
        by_version.setdefault(version or content.archive or FLOATS, []).append(arch)
    return ", ".join(f"{version} ({', '.join(named)})" for version, named in by_version.items())


def _below(one: Holding) -> str:
    image = image_of(one.content.brought_by)
    return "" if image == one.image else image


def why(one: Holding) -> str:
    """Return the first entry that asks for a package, at its line, and how many others do; or what needs it."""
    if one.requests:
        words = list(dict.fromkeys(map(_words, one.requests)))
        return f"{words[0]} +{len(words) - 1}" if words[1:] else words[0]
    return f"needed by {', '.join(one.needed_by)}" if one.needed_by else "no list"


def _words(request: Request) -> str:
    """Return what asks; an image's own list needs no name, it is where the package comes from."""
    place = f"{request.file}:{request.line}" if request.file else ""
    if request.origin.startswith("image ") and place:
        return place
    return f"{request.origin} ({place})" if place else request.origin


def label_of(names: Sequence[str], compared: Collection[str]) -> str:
    """Return the image of variants if all of its compared variants are among them; otherwise their ids."""
    image = image_of(names[0])
    every = [name for name in compared if image_of(name) == image]
    return image if len(every) == len(names) else ", ".join(names)


def as_data(one: Holding) -> dict[str, Json]:
    """Return a package of a variant for JSON."""
    return {
        "image": one.image,
        "variant": one.variant.partition(":")[2],
        "package": one.package.name,
        "installer": one.package.manager,
        "version": one_or_each(one.content.versions, one.archs) or None,
        "locked": one.content.locked,
        "archive": one.content.archive or None,
        "from": one.content.brought_by,
        "requests": [
            {"entry": item.entry, "origin": item.origin, "file": item.file, "line": item.line}
            for item in one.requests
        ],
        "needed_by": list(one.needed_by),
    }


def counts(inventory: Mapping[str, Inventory]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return id of a variant to installer to the number of packages that the matrix names, and of all."""
    result: dict[str, dict[str, tuple[int, int]]] = {}
    for name, one in inventory.items():
        numbers = result.setdefault(name, {})
        for package, content in one.contents.items():
            listed, every = numbers.get(package.manager, (0, 0))
            numbers[package.manager] = (listed + content.listed, every + 1)
    return result
