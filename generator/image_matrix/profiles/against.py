"""Finds profiles and choices of an earlier revision that users may have stored and that no longer exist."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.profiles import Listed, ListedChoice
from image_matrix.config.variants import by_image
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.profiles.at_sites import at_every_site
from image_matrix.profiles.offer import (
    FIELDS,
    IMAGE_OPTION,
    SIZE_OPTION,
    image_choices,
    offers,
    size_choices,
)
from image_matrix.profiles.successors import profile_in_place_of, size_in_place_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.profiles.offer import Offer


def vanished(old: Loaded, new: Loaded, revision: str) -> Iterator[Finding]:
    """Yield the slugs and choice keys of ``old`` that ``new`` neither has nor replaces, at each site of both.

    A former name may be removed on purpose. It is a finding if it was lost because its profile or replacement was
    renamed.
    """

    def at_one(view: Matrix) -> Iterator[Finding]:
        site = view.catalog.site.name
        if site in old.matrix.catalogs:
            before = replace(old, matrix=replace(old.matrix, seen_from=site))
            yield from _vanished(before, replace(new, matrix=view), revision)

    return at_every_site(new.matrix, at_one)


def _vanished(old: Loaded, new: Loaded, revision: str) -> Iterator[Finding]:
    current = {offer.slug: offer for offer in offers(new.matrix, new.variants)}
    known = current | {alias: offer for offer in current.values() for alias in offer.profile.aliases}
    every = offers(old.matrix, old.variants)
    before = {offer.slug for offer in every}
    for offer in every:
        names = [offer.slug] if offer.slug in current else [offer.slug, *offer.profile.aliases]
        for slug in names:
            if slug not in known and not _announced(offer, current):
                advice = _advice(slug, offer, current, before)
                yield rules.SLUG_VANISHED.at(
                    ("profiles",), "key", slug=slug, revision=revision, advice=advice
                )
        if offer.slug in known:
            yield from _keys(offer, known[offer.slug], new, revision)


def _announced(offer: Offer, current: Mapping[str, Offer]) -> bool:
    """Say whether users were warned: a deprecated profile may be removed if its successor exists."""
    return offer.profile.deprecated is not None and offer.profile.deprecated.successor in current


def _advice(slug: str, lost: Offer, current: Mapping[str, Offer], before: Collection[str]) -> str:
    if not current:
        return "keep at least one profile"
    successor = profile_in_place_of(slug, lost, current, before)
    example = f", for example `{successor}`" if successor else ""
    return (
        f"if it was renamed, add `aliases: [{slug}]` to the new profile{example}; "
        "else keep it with `deprecated:` for one release"
    )


def _keys(offer: Offer, current: Offer, new: Loaded, revision: str) -> Iterator[Finding]:
    for option, field in FIELDS.items():
        before, today = _choices(offer, option), _choices(current, option)
        if len(before) < 2 or len(today) < 2:
            continue  # with a single choice there is no option: nothing was stored, or KubeSpawner ignores it
        known = {*today, *current.profile.retired.get(field, {})}
        former = offer.profile.retired.get(field, {})
        lost = [key for key in before if key not in known]
        lost += [key for key, replacement in former.items() if key not in known and replacement not in today]
        edit = _kept_by(offer, current, field, new, lost) if lost else ""
        for keys in [lost] if edit else [[key] for key in lost]:
            advice = edit or _retired(keys[0], offer, current, option)
            fields = {"slug": current.slug, "keys": "`, `".join(keys), "option": field, "revision": revision}
            yield rules.CHOICE_VANISHED.at(_place(current, field, new), "key", advice=advice, **fields)


def _retired(key: str, offer: Offer, current: Offer, option: str) -> str:
    """Return the line that has a lost key, or a former one whose key is lost, start another choice."""
    field = FIELDS[option]
    sizes = {choice.key: choice for choice in offer.sizes}
    lost = sizes.get(offer.profile.retired.get(field, {}).get(key, key))
    if option == SIZE_OPTION and lost is not None:
        successor = size_in_place_of(lost, current.sizes)
    else:
        successor = _similar(key, _choices(current, option))
    return f"keep the key, or add `retired: {{{field}: {{{key}: {successor}}}}}`"


def _similar(key: str, today: list[str]) -> str:
    near = did_you_mean(key, today)
    return near.split("`")[1] if near.startswith("did you mean") else today[0]


def _kept_by(offer: Offer, current: Offer, field: str, new: Loaded, lost: list[str]) -> str:
    """Return the one line that keeps all lost keys; empty if there is none."""
    listed: Listed = getattr(current.profile, field)
    if any(choice.place for choice in listed.choices.values()):
        return ""  # a line of names would lose what is said about them
    names = _renamed(getattr(offer.profile, field).names, list(listed.names.values()))
    if names is None:
        return ""
    choices = {key: ListedChoice(name) for key, name in names.items()}
    profile = replace(current.profile, **{field: Listed(choices, keyed=True)})  # type: ignore[arg-type]
    grouped = by_image(new.variants.values())
    kept = {choice.key for choice in image_choices(profile, grouped, new.matrix.sources)}
    kept |= {choice.key for choice in size_choices(profile, new.matrix.catalog.sizes)}
    if not kept.issuperset(lost):
        return ""
    written = ", ".join(f"{key}: {name}" for key, name in names.items())
    return f"write `{field}: {{{written}}}`, which keeps the keys"


def _renamed(before: Mapping[str, str], today: list[str]) -> dict[str, str] | None:
    """Return today's names under the keys of before, ``None`` if it is not clear which name replaces which."""
    removed = [key for key, name in before.items() if name not in today]
    added = [name for name in today if name not in before.values()]
    if len(removed) > 1 or len(removed) > len(added):
        return None
    replaced = dict(zip(removed, added, strict=False))
    keys = {name: key for key, name in before.items()} | {name: key for key, name in replaced.items()}
    return {keys.get(name, name): name for name in today}


def _choices(offer: Offer, option: str) -> list[str]:
    return [choice.key for choice in (offer.images if option == IMAGE_OPTION else offer.sizes)]


def _place(offer: Offer, field: str, new: Loaded) -> Path:
    path: Path = ("profiles", offer.slug, field)
    return path if new.documents.has(path) else path[:2]
