"""Compares the pods of two states as ``profiles show`` prints them: what differs, with + and - in front."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from image_matrix.profiles.offer import offers
from image_matrix.profiles.pod import offered_pods
from image_matrix.profiles.pod_text import profile_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.loaded import Loaded

    Item = tuple[tuple[str, str], ...]
    Items = tuple[Item, ...]


def pod_changes(old: Loaded, new: Loaded) -> str:
    """Return the profiles whose pods differ, each with its heading; images by the ids of their variants."""
    before, after = _profiles(old), _profiles(new)
    differing = [slug for slug in {**before, **after} if before.get(slug) != after.get(slug)]
    cells = [cell for side in (before, after) for items in side.values() for item in items for cell in item]
    width = max((len(left) for left, _ in cells), default=0)
    return "".join(
        f"{mark}{left.ljust(width)}  {right}".rstrip() + "\n"
        for slug in differing
        for mark, left, right in _lines(before.get(slug, ()), after.get(slug, ()))
    )


def _profiles(loaded: Loaded) -> Mapping[str, Items]:
    names = {name: name for name in loaded.variants}
    pods = offered_pods(loaded.matrix, offers(loaded.matrix, loaded.variants), names)
    return {profile.slug: tuple(tuple(item) for item in profile.items) for profile in profile_cells(pods, "")}


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
