"""What to build, and why: two states of a matrix against each other, and against what the registry has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from image_matrix.config.lineage import ancestors
from image_matrix.dag import children
from image_matrix.planning.key_inputs import differences, ingredients
from image_matrix.text import listed

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Platform, Variant
    from image_matrix.lock.pins import Pins
    from image_matrix.output_tree.files import File
    from image_matrix.planning.keys import Keys
    from image_matrix.render.templates import Templates

Presence = Literal["present", "absent", "unknown"]
"""What the registry says of a tag; ``unknown`` where it did not let us look."""


NEW, NEW_PLATFORM = ("new",), ("new platform",)
"""Reasons of what has no key in the old state."""


@dataclass(frozen=True, slots=True)
class State:
    """A matrix with everything that follows from it."""

    loaded: Loaded
    pins: Pins
    templates: Templates
    rendered: Mapping[str, File]
    keys: Mapping[str, Keys]


@dataclass(frozen=True, slots=True)
class Entry:
    """One variant on one platform."""

    variant: str
    platform: Platform
    layer: int
    key: str
    tag: str
    build: bool
    presence: Presence | None
    """What the registry says, where it was asked."""
    reasons: tuple[str, ...]
    """What of the variant's own inputs differs."""
    cause: str | None
    """The ancestor whose inputs differ, where it is not only the variant's own."""
    cause_reasons: tuple[str, ...]
    children: tuple[str, ...]
    """Variants directly on top that follow."""

    @property
    def differs(self) -> bool:
        """Whether its key is another one than in the state that it was compared with."""
        return bool(self.reasons or self.cause)

    @property
    def why(self) -> str:
        """The reasons in one line; an ancestor's own are with the ancestor."""
        return self._said(listed(self.reasons, 2), f"parent {self.cause}")

    @property
    def whole_why(self) -> str:
        """All reasons in one line, an ancestor's too."""
        return self._said(", ".join(self.reasons), f"parent {self.cause}: {', '.join(self.cause_reasons)}")

    def _said(self, own: str, above: str) -> str:
        """Put both together; what is new needs no other reason."""
        told = self.cause and self.reasons not in (NEW, NEW_PLATFORM)
        parts = [part for part in (own, above if told else "") if part]
        return "; ".join(parts) or _PRESENCE_WORDS.get(self.presence or "", "")


_PRESENCE_WORDS = {
    "absent": "not in the registry",
    "unknown": "the registry did not let us look",
    "present": "in the registry",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was compared; ``entries`` that are to be built say so."""

    entries: tuple[Entry, ...]
    removed: tuple[str, ...] = ()
    """Variants of the old state that are not in the new one."""

    @property
    def build(self) -> tuple[Entry, ...]:
        """The entries to build, parents before children."""
        return tuple(entry for entry in self.entries if entry.build)


def empty(state: State) -> State:
    """Return the same state with no variant: what a revision without a matrix is compared as."""
    return replace(state, loaded=replace(state.loaded, variants={}), keys={})


def make_plan(new: State, old: State | None, presence: Mapping[str, Presence] | None) -> Plan:
    """Plan the variants of ``new``.

    With ``old``, what has another key than there is built; with ``presence`` (by full reference of the platform's tag),
    what the registry does not have; with both, what the registry does not have, and the reasons come from ``old``.
    With neither, everything.
    """
    layers = new.loaded.matrix.order.layers
    reasons = _reasons(new, old)
    entries = []
    for item in new.loaded.variants.values():
        for platform in item.platforms:
            asked = presence.get(reference(new, item, platform), "absent") if presence is not None else None
            entries.append(_entry(new, old, item, platform, layers[item.image], asked, reasons))
    gone = tuple(name for name in (old.loaded.variants if old else ()) if name not in new.loaded.variants)
    return Plan(_with_children(new, entries), gone)


def reference(state: State, item: Variant, platform: Platform) -> str:
    """Return the full reference of the immutable tag for one platform."""
    return f"{state.loaded.matrix.registry}/{item.image}:{state.keys[item.id].platform_tag(platform)}"


def references(state: State) -> dict[tuple[str, Platform], str]:
    """Return the full reference of every variant's immutable tag on every platform."""
    return {
        (item.id, platform): reference(state, item, platform)
        for item in state.loaded.variants.values()
        for platform in item.platforms
    }


Reasons = Mapping[tuple[str, "Platform"], tuple[str, ...]]


def _reasons(new: State, old: State | None) -> dict[tuple[str, Platform], tuple[str, ...]]:
    """Return what of each variant's own inputs differs, for those whose key differs."""
    if old is None:
        return {}
    return {
        (item.id, platform): tuple(_own_reasons(new, old, item, platform))
        for item in new.loaded.variants.values()
        for platform in item.platforms
        if changed(new, old, item.id, platform)
    }


def changed(new: State, old: State, variant: str, platform: Platform) -> bool:
    """Say whether a variant's key is another one than in the old state."""
    before = old.keys.get(variant)
    return before is None or before.platforms.get(platform) != new.keys[variant].platforms[platform]


def _own_reasons(new: State, old: State, item: Variant, platform: Platform) -> list[str]:
    before = old.loaded.variants.get(item.id)
    if before is None:
        return [*NEW]
    if platform not in before.platforms:
        return [*NEW_PLATFORM]
    if before.parent != item.parent:
        return [f"parent {before.parent or before.source} → {item.parent or item.source}"]
    return differences(_ingredients(old, before, platform), _ingredients(new, item, platform))


def _ingredients(state: State, item: Variant, platform: Platform) -> dict[str, tuple[str, ...]]:
    return ingredients(state.loaded.matrix, state.pins, state.templates, state.rendered, item, platform)


def _entry(
    new: State,
    old: State | None,
    item: Variant,
    platform: Platform,
    layer: int,
    asked: Presence | None,
    reasons: Reasons,
) -> Entry:
    keys = new.keys[item.id]
    cause = _cause(new, item, platform, reasons)
    differs = old is None or (item.id, platform) in reasons
    return Entry(
        variant=item.id,
        platform=platform,
        layer=layer,
        key=keys.platforms[platform],
        tag=keys.platform_tag(platform),
        build=asked != "present" if asked else differs,
        presence=asked,
        reasons=reasons.get((item.id, platform), ()),
        cause=cause,
        cause_reasons=reasons.get((cause, platform), ()) if cause else (),
        children=(),
    )


def _cause(new: State, item: Variant, platform: Platform, reasons: Reasons) -> str | None:
    """Return the nearest ancestor with reasons of its own, where the variant's key differs."""
    if (item.id, platform) not in reasons:
        return None
    above = ancestors(new.loaded.variants, item)
    return next((here.id for here in above if reasons.get((here.id, platform))), None)


def _with_children(new: State, entries: list[Entry]) -> tuple[Entry, ...]:
    built = dict.fromkeys((entry.variant, entry.platform) for entry in entries if entry.build)
    parents = {leg: (new.loaded.variants[leg[0]].parent or "", leg[1]) for leg in built}
    below = children({leg: parent for leg, parent in parents.items() if parent in built})
    return tuple(
        replace(entry, children=tuple(name for name, _ in below.get((entry.variant, entry.platform), ())))
        for entry in entries
    )
