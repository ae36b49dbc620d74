"""Compares two profile lists and says what changes for whom, each change once for all profiles that have it.

The lists are KubeSpawner's, with every option: see :mod:`image_matrix.render.kubernetes.whole_lists`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.offer import DEPRECATED
from image_matrix.profiles.offer_change import OfferChange, SettingChange, TitledProfile
from image_matrix.profiles.option_changes import (
    Fact,
    groups_change,
    option_changes,
    others_changes,
    text_changes,
)
from image_matrix.profiles.setting_changes import setting_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Entry = Mapping[str, Any]
    ProfileList = Sequence[Entry]

COMPARED = frozenset(
    {"slug", "display_name", "description", "default", "aliases", "allowed_groups", "kubespawner_override",
     "profile_options"}
)  # fmt: skip
"""The fields of a profile that have a comparison of their own."""


def site_changes(
    before: Mapping[str, ProfileList], after: Mapping[str, ProfileList]
) -> tuple[OfferChange, ...]:
    """Return what changes at all sites; what is the same at all of them has no sites.

    The only site is the same one under another name.
    """
    if len(before) == len(after) == 1:
        return list_changes(next(iter(before.values())), next(iter(after.values())))
    by_change: dict[OfferChange, list[str]] = {}
    every = dict.fromkeys([*before, *after])
    for site in every:
        for change in list_changes(before.get(site, ()), after.get(site, ())):
            by_change.setdefault(change, []).append(site)
    return tuple(
        OfferChange(item.option, item.subject, item.change, item.profiles, _sites(sites, len(every)))
        for item, sites in by_change.items()
    )


def _sites(sites: list[str], count: int) -> tuple[str, ...]:
    return () if len(sites) == count else tuple(sites)


def list_changes(before: ProfileList, after: ProfileList) -> tuple[OfferChange, ...]:
    """Return what changes from one list to another: first of the list, then of its profiles and their choices."""
    pairs = _pairs(before, after)
    facts = [*_come_and_gone(before, after, pairs)]
    facts += [fact for old, new in pairs for fact in _profile_facts(old, new)]
    return (*_preselected(before, after, pairs), *_order(before, pairs), *_joined(facts))


def _pairs(before: ProfileList, after: ProfileList) -> list[tuple[Entry, Entry]]:
    """Return the profiles of both lists; one under a new slug has its old one among its aliases."""
    old = {entry["slug"]: entry for entry in before}
    current = {entry["slug"] for entry in after}
    pairs = []
    for entry in after:
        former = [slug for slug in entry.get("aliases", ()) if slug in old and slug not in current]
        slug = entry["slug"] if entry["slug"] in old else next(iter(former), None)
        if slug is not None:
            pairs.append((old[slug], entry))
    return pairs


def _come_and_gone(
    before: ProfileList, after: ProfileList, pairs: Sequence[tuple[Entry, Entry]]
) -> Iterator[Fact]:
    kept = {old["slug"] for old, _ in pairs}
    shared = {new["slug"] for _, new in pairs}
    for entry in after:
        if entry["slug"] not in shared:
            groups = ", ".join(entry.get("allowed_groups", ()))
            yield _of_profile(entry, SettingChange("new_profile", "", None, groups))
    for entry in before:
        if entry["slug"] not in kept:
            change = SettingChange(
                "removed_profile", "", entry["display_name"], _successor(entry["slug"], after)
            )
            yield _of_profile(entry, change)


def _of_profile(entry: Entry, change: SettingChange) -> Fact:
    return Fact("", None, change, TitledProfile(entry["slug"], entry["display_name"]))


def _of_list(what: str, before: str | None, after: str | None) -> OfferChange:
    return OfferChange("", None, SettingChange(what, "", before, after), ())


def _successor(slug: str, after: ProfileList) -> str | None:
    """Return the title of the profile that users of a removed one get."""
    return next((entry["display_name"] for entry in after if slug in entry.get("aliases", ())), None)


def _preselected(
    before: ProfileList, after: ProfileList, pairs: Sequence[tuple[Entry, Entry]]
) -> Iterator[OfferChange]:
    old = next((entry for entry in before if entry.get("default")), None)
    new = next((entry for entry in after if entry.get("default")), None)
    if old is None or new is None or (old["slug"], new["slug"]) in [(a["slug"], b["slug"]) for a, b in pairs]:
        return
    if old["display_name"] != new["display_name"]:  # another slug under the same title is said as such
        yield _of_list("preselected_profile", old["display_name"], new["display_name"])


def _order(before: ProfileList, pairs: Sequence[tuple[Entry, Entry]]) -> Iterator[OfferChange]:
    """Yield a change if profiles that are in both lists change places; deprecated ones go to the end anyway."""
    places = {entry["slug"]: place for place, entry in enumerate(before)}
    stay = [(old, new) for old, new in pairs if _is_deprecated(old) == _is_deprecated(new)]
    current = [places[old["slug"]] for old, _ in stay]
    if current != sorted(current):
        yield _of_list("order", None, ", ".join(new["display_name"] for _, new in stay))


def _is_deprecated(entry: Entry) -> bool:
    return str(entry["display_name"]).endswith(DEPRECATED)


def _profile_facts(old: Entry, new: Entry) -> Iterator[Fact]:
    profile = TitledProfile(new["slug"], old["display_name"])
    yield from (Fact("", None, change, profile) for change in _changes_of_itself(old, new))
    before, after = old.get("profile_options", {}), new.get("profile_options", {})
    for option in dict.fromkeys([*before, *after]):
        yield from option_changes(option, before.get(option, {}), after.get(option, {}), profile)


def _changes_of_itself(old: Entry, new: Entry) -> Iterator[SettingChange]:
    """Yield what changes of a profile itself."""
    if old["slug"] != new["slug"]:
        yield SettingChange("renamed_profile", new["slug"], old["display_name"], new["display_name"])
    elif _is_deprecated(new) and not _is_deprecated(old):
        yield SettingChange("deprecated", "", None, new.get("description"))
    else:
        yield from text_changes(old, new)
    yield from groups_change(old, new)
    yield from setting_changes(old.get("kubespawner_override", {}), new.get("kubespawner_override", {}))
    yield from others_changes("", old, new, COMPARED)


def _joined(facts: Iterable[Fact]) -> Iterator[OfferChange]:
    """Yield each change once, with all profiles that have it."""
    profiles: dict[tuple[str, str | None, SettingChange], list[TitledProfile]] = {}
    for fact in facts:
        profiles.setdefault((fact.option, fact.subject, fact.change), []).append(fact.profile)
    for (option, subject, change), titles in profiles.items():
        yield OfferChange(option, subject, change, tuple(titles))
