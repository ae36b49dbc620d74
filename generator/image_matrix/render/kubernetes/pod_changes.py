"""Compares the pods of two states as ``profiles show`` prints them: what differs, with + and - in front."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from image_matrix.profiles.offer import offers
from image_matrix.profiles.pod import offered_pods
from image_matrix.profiles.pod_text import profile_cells
from image_matrix.render.kubernetes.whole_lists import compared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant

    Item = tuple[tuple[str, str], ...]
    Items = tuple[Item, ...]
    Profiles = Mapping[str, Items]


def pod_changes(old: Loaded, new: Loaded) -> str:
    """Return the profiles whose pods differ, each with its heading; images by the ids of their variants.

    What is the same at several sites is printed once; sites are named if there are several.
    """
    before, after = _sites(old), _sites(new)
    if len(before) == len(after) == 1:
        return "".join(_changes(next(iter(before.values())), next(iter(after.values()))))
    sites: dict[str, list[str]] = {}
    for site in {**before, **after}:
        for text in _changes(before.get(site, {}), after.get(site, {})):
            sites.setdefault(text, []).append(site)
    places: dict[str, list[str]] = {}
    for text, names in sites.items():
        places.setdefault(", ".join(names), []).append(text)
    return "".join(f"@@ {names} @@\n{''.join(texts)}" for names, texts in places.items())


def _sites(loaded: Loaded) -> dict[str, Profiles]:
    return {view.catalog.site.name: _profiles(view, loaded.variants) for view in loaded.matrix.at_sites()}


def _profiles(matrix: Matrix, variants: Mapping[str, Variant]) -> Profiles:
    """Return the rows of each profile by its slug."""
    pods = offered_pods(matrix, offers(matrix, variants), compared(matrix, variants))
    return {profile.slug: tuple(tuple(item) for item in profile.items) for profile in profile_cells(pods, "")}


def _changes(before: Profiles, after: Profiles) -> Iterator[str]:
    """Yield a text for each profile whose pods differ."""
    rows = [row for side in (before, after) for items in side.values() for item in items for row in item]
    width = max((len(left) for left, _ in rows), default=0)
    for slug in {**before, **after}:
        if before.get(slug) != after.get(slug):
            lines = _lines(before.get(slug, ()), after.get(slug, ()))
            yield "".join(
                f"{mark}{left.ljust(width)}  {right}".rstrip() + "\n" for mark, left, right in lines
            )


def _lines(before: Items, after: Items) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of choices that differ, under the profile's heading."""
    for kind, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from _rows(" ", before[:1] if first == 0 else ())
        elif last - first == end - start:
            for old, new in zip(before[first:last], after[start:end], strict=True):
                yield from _differing(old, new)
        else:
            yield from _rows("-", before[first:last])
            yield from _rows("+", after[start:end])


def _differing(old: Item, new: Item) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of one choice: what stays of it, what it had, and what it has."""
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield from _rows(" " if kind == "equal" else "-", (old[first:last],))
        yield from _rows("+", (new[start:end],) if kind != "equal" else ())


def _rows(mark: str, items: Items) -> Iterator[tuple[str, str, str]]:
    for item in items:
        yield from ((mark, left, right) for left, right in item)
