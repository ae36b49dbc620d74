"""Defines a change of what a spawner offers, as data: for comments, the terminal and JSON."""

from __future__ import annotations

from dataclasses import dataclass

NO_LIMIT = "none"
"""The value of a limit that is switched off, as the matrix writes it."""


@dataclass(frozen=True, slots=True)
class TitledProfile:
    """A profile: its slug, and the title that users know it by."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting of pods that differs; a side is ``None`` if nothing is set."""

    what: str
    """The kind of setting: ``memory_limit``, ``device``, ``environment``; ``setting`` for one without a word."""
    name: str
    """Which one of this kind: a device, a variable, the path of a setting; empty if there can only be one."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class OfferChange:
    """One change, for all profiles and sites that it is the same for."""

    option: str
    """The option that the subject is a choice of: ``image``, ``size``; empty for profiles."""
    subject: str | None
    """The title of the choice that changes; ``None`` if it is the profiles themselves, or their list."""
    change: SettingChange
    profiles: tuple[TitledProfile, ...]
    """The profiles that it concerns; empty for a change of the list."""
    sites: tuple[str, ...] = ()
    """Where it happens; empty if it happens at all sites."""
