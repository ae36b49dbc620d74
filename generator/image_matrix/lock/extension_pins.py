"""Tells by the lock which extensions a variant installs: those that it lists, and the members of their packs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.extensions import identifier_of
from image_matrix.lock.pins import ExtensionPins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.model import Lock, LockedExtension


def listed_extensions(loaded: Loaded) -> dict[str, str]:
    """Return the extensions that the matrix lists, by identifier: the first version of each."""
    listed: dict[str, str] = {}
    for variant in loaded.variants.values():
        for entry in variant.packages.get("extensions", ()):
            listed.setdefault(identifier_of(entry), entry)
    return listed


def extension_pins(lock: Lock, loaded: Loaded) -> dict[str, ExtensionPins]:
    """Return the extensions of each variant that lists some; what its ancestors have is not installed again."""
    versions = {
        **{identifier_of(entry): entry for entry in lock.extensions},
        **listed_extensions(loaded),
    }
    pins: dict[str, ExtensionPins] = {}
    installed: dict[str, frozenset[str]] = {}
    for variant in loaded.variants.values():
        above = installed.get(variant.parent or "", frozenset())
        entries, unknown = _with_members(variant, lock.extensions, versions, above)
        installed[variant.id] = above | {identifier_of(entry) for entry in entries}
        if entries:
            pins[variant.id] = _pins(variant, lock, entries, unknown)
    return pins


def _with_members(
    variant: Variant,
    locked: Mapping[str, LockedExtension],
    versions: Mapping[str, str],
    above: frozenset[str],
) -> tuple[list[str], list[str]]:
    """Return the extensions of a variant, and the names of members that the lock does not know."""
    entries = list(variant.packages.get("extensions", ()))
    unknown: list[str] = []
    seen = above | {identifier_of(entry) for entry in entries}
    for entry in entries:  # it grows
        needs = locked[entry].needs if entry in locked else ()
        for name in (need for need in needs if need.lower() not in seen):
            seen |= {name.lower()}
            member = versions.get(name.lower())
            if member:
                entries.append(member)
            else:
                unknown.append(name)
    return entries, unknown


def _pins(variant: Variant, lock: Lock, entries: list[str], unknown: list[str]) -> ExtensionPins:
    files: dict[str, dict[str, str]] = {}
    floating = []
    for entry in entries:
        fact = lock.extensions.get(entry)
        addresses = {arch: fact.address(arch) for arch in variant.archs} if fact else {}
        known = {arch: address for arch, address in addresses.items() if address in lock.downloads}
        if fact and len(known) == len(variant.archs):
            files[entry] = {arch: address for arch, address in known.items() if address}
        else:
            floating.append(entry)
    return ExtensionPins(files, (*floating, *unknown))


def needed_extensions(lock: Lock, loaded: Loaded) -> set[str]:
    """Return every entry that some variant installs or lists."""
    pins = extension_pins(lock, loaded).values()
    return {entry for item in pins for entry in (*item.files, *item.floating)}
