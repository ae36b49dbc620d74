"""Plans what to build and why: compares two states of a matrix, and a state with the registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from image_matrix.dag import chain, upwards, with_ancestors
from image_matrix.planning.key_inputs import differences, dockerfile_key_inputs, key_inputs
from image_matrix.text import listed

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.lock.pins import Pins
    from image_matrix.output_tree.files import File
    from image_matrix.planning.keys import Keys
    from image_matrix.render.templates import Templates

Presence = Literal["present", "absent", "unknown", "unsigned", "other tests"]
"""Whether the registry has a tag.

``unknown``: it denies access. ``unsigned``: no run has signed its image. ``other tests``: a run has, but its tests were
not those of today.
"""


NEW, NEW_PLATFORM = ("new",), ("new platform",)
"""Reasons for variants without a key in the old state."""


@dataclass(frozen=True, slots=True)
class State:
    """A matrix with its pins, templates, rendered files and keys."""

    loaded: Loaded
    pins: Pins
    templates: Templates
    rendered: Mapping[str, File]
    keys: Mapping[str, Keys]


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One variant on one platform."""

    variant: str
    platform: Platform
    layer: int
    key: str
    tag: str
    build: bool
    presence: Presence | None
    """The status in the registry, or ``None`` if the plan does not depend on it."""
    reasons: tuple[str, ...]
    """The inputs of the variant that differ, without those of its ancestors."""
    cause: str | None
    """The nearest ancestor whose inputs differ."""
    cause_reasons: tuple[str, ...]
    children: tuple[str, ...]
    """The children that are built as well."""
    promises: tuple[str, ...] = ()
    """What `verify` checks otherwise than in the old state: ``contract``, ``provides``, ``tests``."""

    @property
    def is_leg(self) -> bool:
        """Whether the workflow has something to do for it: to build it, or to test it."""
        return self.build or self.test_only

    @property
    def test_only(self) -> bool:
        """Whether the image that exists is tested again: it is what it was, but promises something else."""
        return bool(self.promises) and not self.build

    @property
    def differs(self) -> bool:
        """Whether its key differs from the one in the old state."""
        return bool(self.reasons or self.cause)

    @property
    def why(self) -> str:
        """The reasons in one line, without the reasons of the ancestor."""
        if self.test_only:
            return f"test only: {listed(self.promises, 3)}"
        return self._joined(listed(self.reasons, 2), f"parent {self.cause}")

    @property
    def whole_why(self) -> str:
        """The reasons in one line, with the reasons of the ancestor."""
        return self._joined(", ".join(self.reasons), f"parent {self.cause}: {', '.join(self.cause_reasons)}")

    def _joined(self, declared: str, inherited: str) -> str:
        """Join both; a new variant needs no other reason."""
        shows_cause = self.cause and self.reasons not in (NEW, NEW_PLATFORM)
        parts = [part for part in (declared, inherited if shows_cause else "") if part]
        return "; ".join(parts) or _PRESENCE_WORDS.get(self.presence or "", "")


_PRESENCE_WORDS = {
    "absent": "not in the registry",
    "unknown": "the registry denies access",
    "present": "in the registry",
    "unsigned": "in the registry, but not signed by this workflow",
    "other tests": "in the registry, but tested otherwise",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """All compared variants; :attr:`PlanEntry.build` marks those to build."""

    entries: tuple[PlanEntry, ...]
    removed: tuple[str, ...] = ()
    """Variants that are only in the old state."""

    @property
    def build(self) -> tuple[PlanEntry, ...]:
        """The entries to build, parents before children."""
        return tuple(entry for entry in self.entries if entry.build)

    @property
    def test_only(self) -> tuple[PlanEntry, ...]:
        """The entries whose images exist and are tested again."""
        return tuple(entry for entry in self.entries if entry.test_only)

    @property
    def legs(self) -> tuple[PlanEntry, ...]:
        """The entries to build or to test, parents before children."""
        return tuple(entry for entry in self.entries if entry.is_leg)


def empty(state: State) -> State:
    """Return the same state without variants, to compare with a revision that has no matrix."""
    return replace(state, loaded=replace(state.loaded, variants={}), keys={})


def make_plan(new: State, old: State | None, presence: Mapping[str, Presence] | None) -> Plan:
    """Plan the variants of ``new``.

    With ``old``, variants whose key differs are built. With ``presence`` (by the full reference of the platform's tag),
    those that the registry does not have are built. With both, those that the registry does not have are built, and
    ``old`` gives the reasons. With neither, all are built. What is not built, but promises something else than in
    ``old``, is tested.
    """
    layers = new.loaded.matrix.order.layers
    reasons = _reasons(new, old)
    entries = []
    for item in new.loaded.variants.values():
        for platform in item.platforms:
            status = presence.get(reference(new, item, platform), "absent") if presence is not None else None
            entries.append(_entry(new, old, item, platform, layers[item.image], status, reasons))
    removed = tuple(name for name in (old.loaded.variants if old else ()) if name not in new.loaded.variants)
    return with_children(Plan(tuple(entries), removed), new.loaded.variants)


def part(plan: Plan, state: State, names: Collection[str]) -> Plan:
    """Return what a plan says of some variants and of those that they stand on."""
    variants = state.loaded.variants
    if len(names) == len(variants):
        return plan
    needed = with_ancestors(names, lambda name: variants[name].parents)
    return Plan(tuple(entry for entry in plan.entries if entry.variant in needed))


def reference(state: State, item: Variant, platform: Platform) -> str:
    """Return the full reference of the immutable tag for one platform."""
    return f"{state.loaded.matrix.repository(item)}:{state.keys[item.id].platform_tag(platform)}"


def references(state: State) -> dict[tuple[str, Platform], str]:
    """Return the full reference of the immutable tag of each variant on each platform."""
    return {
        (item.id, platform): reference(state, item, platform)
        for item in state.loaded.variants.values()
        for platform in item.platforms
    }


Reasons = Mapping[tuple[str, "Platform"], tuple[str, ...]]


def _reasons(new: State, old: State | None) -> dict[tuple[str, Platform], tuple[str, ...]]:
    """Return the inputs that differ, for each variant whose key differs; inputs of ancestors are not among them."""
    if old is None:
        return {}
    return {
        (item.id, platform): tuple(_input_reasons(new, old, item, platform))
        for item in new.loaded.variants.values()
        for platform in item.platforms
        if changed(new, old, item.id, platform)
    }


def changed(new: State, old: State, variant: str, platform: Platform) -> bool:
    """Say whether a variant's key differs from the one in the old state."""
    before = old.keys.get(variant)
    return before is None or before.platforms.get(platform) != new.keys[variant].platforms[platform]


def _input_reasons(new: State, old: State, item: Variant, platform: Platform) -> list[str]:
    before = old.loaded.variants.get(item.id)
    if before is None:
        return [*NEW]
    if platform not in before.platforms:
        return [*NEW_PLATFORM]
    if before.parent != item.parent:
        return [f"parent {before.parent or before.source} → {item.parent or item.source}"]
    return differences(inputs_of(old, before, platform), inputs_of(new, item, platform))


def inputs_of(state: State, item: Variant, platform: Platform) -> dict[str, tuple[str, ...]]:
    """Return the inputs of a variant's key by their names, except the keys of what it is built from."""
    if item.build:
        return dockerfile_key_inputs(state.loaded, state.pins, item, item.build)
    return key_inputs(state.loaded, state.pins, state.templates, state.rendered, item, platform)


def _entry(
    new: State,
    old: State | None,
    item: Variant,
    platform: Platform,
    layer: int,
    status: Presence | None,
    reasons: Reasons,
) -> PlanEntry:
    keys = new.keys[item.id]
    cause = _cause(new, item, platform, reasons)
    differs = old is None or (item.id, platform) in reasons
    return PlanEntry(
        variant=item.id,
        platform=platform,
        layer=layer,
        key=keys.platforms[platform],
        tag=keys.platform_tag(platform),
        build=status not in ("present", "other tests") if status else differs,
        presence=status,
        reasons=reasons.get((item.id, platform), ()),
        cause=cause,
        cause_reasons=reasons.get((cause, platform), ()) if cause else (),
        children=(),
        promises=changed_promises(new, old, item) or (("tests",) if status == "other tests" else ()),
    )


def changed_promises(new: State, old: State | None, item: Variant) -> tuple[str, ...]:
    """Return what `verify` checks of a variant otherwise than in the old state; its key depends on none of it.

    A variant has its ancestors' tests and statements, too.
    """
    before = old.loaded.variants.get(item.id) if old else None
    if old is None or before is None:
        return ()
    earlier, now = _promises(old, before), _promises(new, item)
    return tuple(name for name in now if now[name] != earlier[name])


def promises_digest(state: State, item: Variant) -> str:
    """Return the SHA-256 of what `verify` checks of a variant, in hexadecimal digits."""
    text = json.dumps(_promises(state, item), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _promises(state: State, item: Variant) -> dict[str, object]:
    variants = state.loaded.variants
    chained = [variants[name] for name in chain(item.id, lambda name: variants[name].parent)]
    return {
        "contract": item.contract,
        "provides": [one.provides for one in chained if one.provides],
        "tests": [one.tests for one in chained if one.tests],
    }


def _cause(new: State, item: Variant, platform: Platform, reasons: Reasons) -> str | None:
    """Return the nearest ancestor with changed inputs, if the variant's key differs."""
    if (item.id, platform) not in reasons:
        return None
    variants = new.loaded.variants
    nearest_first = islice(upwards(item.id, lambda name: variants[name].parents), 1, None)
    return next((above for above in nearest_first if reasons.get((above, platform))), None)


def with_children(plan: Plan, variants: Mapping[str, Variant]) -> Plan:
    """Return a plan in which each entry names the children that are built as well."""
    built = dict.fromkeys((entry.variant, entry.platform) for entry in plan.build)
    below: dict[tuple[str, Platform], list[str]] = {}
    for name, platform in built:
        for parent in variants[name].parents:
            if (parent, platform) in built:
                below.setdefault((parent, platform), []).append(name)
    entries = (
        replace(entry, children=tuple(below.get((entry.variant, entry.platform), ())))
        for entry in plan.entries
    )
    return replace(plan, entries=tuple(entries))
