"""Finds who asks for a package: the entry of a list of matrix.yaml, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.layers import Origin, Sourced
from image_matrix.config.model import MANAGERS
from image_matrix.config.variants import resolution_of
from image_matrix.inventory.contents import package_of
from image_matrix.inventory.model import DOWNLOAD, PROVIDED, PackageName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.diagnostics import Path
    from image_matrix.lock.model import Lock


@dataclass(frozen=True, slots=True)
class Request:
    """An entry of matrix.yaml that asks for a package."""

    entry: str
    """The text of the entry: ``scipy==1.17.1``."""
    origin: str
    """What it is an entry of: ``bundle full``, ``image jupyter``."""
    file: str = ""
    """Where it stands; empty for what is built in."""
    line: int = 0


def requests_of(loaded: Loaded, item: Variant) -> dict[PackageName, Request]:
    """Return what the entries of a variant ask for, without those of its ancestors."""
    if item.build:
        return {}
    return {
        package: _request(loaded, sourced, path, entry)
        for package, sourced, path, entry in _entries(loaded, item)
    }


def _entries(loaded: Loaded, item: Variant) -> Iterator[tuple[PackageName, Sourced[str], Path, str]]:
    """Yield package, value, the path of the entry below its origin, and its text."""
    resolution = resolution_of(loaded.matrix, loaded.variants, item)
    for manager in MANAGERS:
        for one in resolution.packages.get(manager, ()):
            yield package_of(manager, one.value), one, (manager, one.position or 0), one.value
    for one in resolution.downloads:
        yield PackageName(DOWNLOAD, one.value), one, ("downloads", one.value), one.value
    if "python" in item.values:
        axis = Sourced(item.values["python"], Origin("image", item.image, ("images", item.image)))
        yield PackageName(PROVIDED, "python"), axis, ("axes", "python"), f"python: {axis.value}"
    for name, one in resolution.provides.items():
        yield PackageName(PROVIDED, name), one, ("provides", name), f"{name}: {one.value}"


def _request(loaded: Loaded, sourced: Sourced[str], path: Path, entry: str) -> Request:
    if not sourced.origin.path:
        return Request(entry, str(sourced.origin))
    place = loaded.documents.place(loaded.documents.position((*sourced.origin.path, *path)))
    return Request(entry, str(sourced.origin), place.file, place.line)


def needed_by(lock: Lock, package: PackageName) -> tuple[str, ...]:
    """Return the locked packs and extensions that need an extension; the lock does not say that of other packages."""
    if package.manager != "extensions":
        return ()
    names = (
        entry.partition("@")[0] for entry, fact in lock.extensions.items() if _needs(fact.needs, package)
    )
    return tuple(dict.fromkeys(names))


def _needs(needs: tuple[str, ...], package: PackageName) -> bool:
    return package.name in (need.lower() for need in needs)
