"""Finds variants whose locked packages would float, and the line of the matrix that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.layer_order import start_path
from image_matrix.config.lineage import lineage
from image_matrix.config.package_names import package_name
from image_matrix.config.package_versions import READERS
from image_matrix.config.variant_ids import image_of
from image_matrix.config.variants import label_of, resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.changes import name_and_version
from image_matrix.lock.distributions import KNOWN
from image_matrix.lock.fingerprint import inherited_packages, packages_request, requested
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.model import ARCHITECTURES
from image_matrix.lock.read import fresh
from image_matrix.lock.requirements import INDEX_MARK, is_direct
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager, Variant
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.lock.fingerprint import PackagesRequest
    from image_matrix.lock.model import LockedPackages

MOST_SHOWN = 3
WORDS: dict[Manager, str] = {"pip": "Python packages", "conda": "conda packages"}
Cause = tuple["Path", str]
"""A line of the matrix, and what is said of it."""


def moved_packages(
    entries: Mapping[str, LockedPackages],
    loaded: Loaded,
    pinned: Collection[str],
    alone: Loaded | None,
    manager: Manager,
) -> Iterator[Finding]:
    """Say once for each line that moved which variants would float by it.

    ``entries`` is the lock's section, ``pinned`` the variants that it answers whole, ``alone`` the matrix without
    overlays.
    """
    good = fresh(entries, loaded, manager)
    kept = fresh(entries, alone, manager) if alone else {}
    unused = [name for name in entries if name not in good and name not in kept]
    affected: dict[Cause, list[str]] = {}
    for variant in loaded.variants.values():
        if requested(variant, manager) and variant.id not in pinned and variant.id not in kept:
            for cause in _causes(entries, loaded, good, unused, variant, manager):
                affected.setdefault(cause, []).append(variant.id)
    for (path, problem), variants in affected.items():
        floating = f"{listed(variants, MOST_SHOWN)} would float"
        of_an_image = len(path) == 2 and path[0] == "images"
        yield rules.PIN_MOVED.at(path, "key" if of_an_image else "value", problem=f"{problem}; {floating}")


def _causes(
    entries: Mapping[str, LockedPackages],
    loaded: Loaded,
    good: Collection[str],
    unused: Collection[str],
    variant: Variant,
    manager: Manager,
) -> list[Cause]:
    """Return why a variant would float although it was locked; nothing for one that the lock never knew."""
    if variant.id in good:
        what = f"the lock has no hashes for the {WORDS[manager]} of `{variant.image}`"
        return [(("images", variant.image), what)]
    if variant.id not in entries:
        return _renamed(entries, loaded, unused, variant, manager)
    chain = [*lineage(loaded.variants, variant)][::-1]
    first = next(
        one for one in chain if bool(requested(one, manager)) != (one.id in good) or one.id in unused
    )
    if not requested(first, manager):
        what = f"the lock has {WORDS[manager]} of `{first.image}`, which lists none"
        return [(("images", first.image, manager), what)]
    if first.id in entries:
        return _moved(entries, loaded, first, manager)
    return _renamed(entries, loaded, unused, first, manager) or _new_below(loaded, first, manager)


def _new_below(loaded: Loaded, parent: Variant, manager: Manager) -> list[Cause]:
    """Say that locked variants are on top of packages that the lock does not know."""
    lines = [path for _, path in requirement_lines(loaded, parent, manager)]
    what = f"the lock has no {WORDS[manager]} of `{parent.image}`, which what is locked is built on"
    return [(lines[0] if lines else ("images", parent.image), what)]


def _renamed(
    entries: Mapping[str, LockedPackages],
    loaded: Loaded,
    unused: Collection[str],
    variant: Variant,
    manager: Manager,
) -> list[Cause]:
    """Say by which other name the lock has a variant without an entry; nothing for one that is new."""
    gone = [name for name in unused if name not in loaded.variants]
    siblings = [name.partition(":")[2] for name in gone if image_of(name) == variant.image]
    if siblings:
        return [_other_values(entries, loaded, siblings, variant)]
    parents = inherited_packages(loaded.variants, entries, variant)
    inputs = packages_request(loaded.matrix, variant, manager, parents).inputs
    former = next((name for name in gone if entries[name].inputs == inputs), None)
    if former is None:
        return []
    image = image_of(former)
    what = f"the lock has the {WORDS[manager]} of `{variant.image}` as those of `{image}`"
    return [(("images", variant.image), what)]


def _other_values(
    entries: Mapping[str, LockedPackages], loaded: Loaded, siblings: list[str], variant: Variant
) -> Cause:
    """Say which value of which axis no locked variant of the image has."""
    labels = [name.partition(":")[2] for name in entries if image_of(name) == variant.image]
    known = {part for label in labels for part in label.split("-")}
    has = listed(siblings, MOST_SHOWN)
    for axis, value in variant.values.items():
        if label_of({axis: value}) not in known:
            return _place_of_value(
                loaded, variant, axis
            ), f"the lock has nothing for {axis} {value}, but for {has}"
    return ("images", variant.image), f"the lock has nothing for {variant.label}, but for {has}"


def _place_of_value(loaded: Loaded, variant: Variant, axis: str) -> Path:
    """Return where a variant's value of an axis is listed: in the image that has the axis, or for all images."""
    value, images = variant.values[axis], loaded.matrix.images
    owner = next(one.image for one in lineage(loaded.variants, variant) if axis in images[one.image].axes)
    path: Path = ("images", owner, "axes", axis)
    if not loaded.documents.has(path):
        path = ("axes", axis)
    return loaded.documents.position((*path, value))


def _moved(
    entries: Mapping[str, LockedPackages], loaded: Loaded, variant: Variant, manager: Manager
) -> list[Cause]:
    """Return the lines that the lock does not answer, or the other field that it was made with another value of."""
    lines = [*_unanswered(entries, loaded, variant, manager)]
    if lines:
        return lines
    request = packages_request(
        loaded.matrix, variant, manager, inherited_packages(loaded.variants, entries, variant)
    )
    for other, cause in _others(entries, loaded, variant, request):
        if other != request and other.inputs == entries[variant.id].inputs:
            return [cause]
    others = "conda packages or channels, or another accelerator" if manager == "conda" else WORDS[manager]
    what = f"the lock was made for other {others} of `{variant.image}`"
    return [(("images", variant.image, manager), what)]


def _unanswered(
    entries: Mapping[str, LockedPackages], loaded: Loaded, variant: Variant, manager: Manager
) -> Iterator[Cause]:
    """Yield the lines of which the lock has no version, or none that they allow."""
    locked = entries[variant.id].items
    for below in inherited_packages(loaded.variants, entries, variant).values():
        locked |= {*below}
    versions: dict[str, set[str]] = {}
    for name, version in (name_and_version(item) for item in locked):
        versions.setdefault(name, set()).add(version)
    for line, path in requirement_lines(loaded, variant, manager):
        name = package_name(manager, line)
        has = versions.get(name, set())
        asks = READERS[manager](line)
        if has and asks and not any(asks.versions.contains(one, prereleases=True) for one in has):
            yield path, f"`{line}` is not in the lock, which has {name} {'/'.join(sorted(has))}"
        elif not has and ";" not in line:
            yield path, f"`{line}` is not in the lock"


def _others(
    entries: Mapping[str, LockedPackages], loaded: Loaded, variant: Variant, request: PackagesRequest
) -> Iterator[tuple[PackagesRequest, Cause]]:
    """Yield the request with one field as it may have been before, and what is said where it was."""
    origins = resolution_of(loaded.matrix, loaded.variants, variant)
    words = WORDS[request.manager]
    for archs in (ARCHITECTURES[:1], ARCHITECTURES[1:], ARCHITECTURES):
        parents = inherited_packages(loaded.variants, entries, variant, archs)
        what = f"the lock has {words} for {', '.join(archs)}, not for {', '.join(variant.archs)}"
        yield replace(request, parents=parents), ((*origins.platforms.origin.path, "platforms"), what)
    place: Path = ("images", variant.image, "pip", "extra_index_urls")
    if origins.extra_index_urls:
        place = (*origins.extra_index_urls[0].origin.path, "pip", "extra_index_urls")
    if origins.index_url and origins.index_url.origin.kind != "parent":
        place = (*origins.index_url.origin.path, "pip", "index_url")
    now = listed(request.indexes or ("the default index alone",), MOST_SHOWN)
    for index in (None, *sorted(_indexes(entries))) if request.manager == "pip" else ():
        what = f"the lock has {words} from {index or 'the default index'}, not {now}"
        yield replace(request, indexes=(index,) if index else None), (place, what)
        if index:
            yield replace(request, indexes=(f"default {index}",)), (place, what)
    for _, known in KNOWN:
        python = variant.values.get("python") or known.python
        what = f"the lock has {words} for another distribution than `{variant.root_source}`"
        yield replace(request, python=python, glibc=known.glibc), (("sources", variant.root_source), what)
    for other in loaded.variants.values():
        below = inherited_packages(loaded.variants, entries, other, variant.archs)
        locked = entries[other.id].packages if other.id in entries else {}
        parents = {arch: (*locked.get(arch, ()), *items) for arch, items in below.items()}
        what = f"the lock has {words} of `{variant.image}` on top of `{other.image}`"
        place = start_path(loaded.matrix.images[variant.image], variant.values)
        yield replace(request, parents=parents), (place, what)


def _indexes(entries: Mapping[str, LockedPackages]) -> set[str]:
    """Return the package indexes, beside the default one, that the lock has packages of."""
    items = (item for entry in entries.values() for item in entry.items)
    return {item.partition(INDEX_MARK)[2] for item in items if not is_direct(item)} - {""}
