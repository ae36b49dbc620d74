"""What users' stored choices name at an earlier revision and would not find any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import catalogue as rules
from generator.diagnostics import did_you_mean
from generator.profiles.offer import IMAGE_OPTION, SIZE_OPTION, offers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.diagnostics import Finding, Path
    from generator.matrix.load import Loaded
    from generator.profiles.offer import Offer

_FIELDS = {IMAGE_OPTION: "images", SIZE_OPTION: "resources"}


def vanished(old: Loaded, new: Loaded, revision: str) -> Iterator[Finding]:
    """Yield the slugs and choice keys of ``old`` that ``new`` does not have, and that nothing stands for."""
    before = {offer.slug: offer for offer in offers(old.matrix, old.variants)}
    now = {offer.slug: offer for offer in offers(new.matrix, new.variants)}
    for slug, offer in before.items():
        if slug in now:
            yield from _keys(offer, now[slug], new, revision)
        elif not _announced(offer, now):
            yield rules.SLUG_VANISHED.at(
                ("profiles",), "key", slug=slug, revision=revision, advice=_advice(slug, now)
            )


def _announced(offer: Offer, now: Mapping[str, Offer]) -> bool:
    """Say whether users were told: a profile that was deprecated may go when its successor is there."""
    return offer.profile.deprecated is not None and offer.profile.deprecated.successor in now


def _advice(slug: str, now: Mapping[str, Offer]) -> str:
    if not now:
        return "keep at least one profile"
    near = did_you_mean(slug, now)
    heir = near.split("`")[1] if near.startswith("did you mean") else next(iter(now))
    return f"renamed? add `aliases: [{slug}]` to `{heir}`, say; else keep it with `deprecated:` for a release"


def _keys(offer: Offer, now: Offer, new: Loaded, revision: str) -> Iterator[Finding]:
    for option in (IMAGE_OPTION, SIZE_OPTION):
        before, today = _choices(offer, option), _choices(now, option)
        if len(before) < 2 or len(today) < 2:
            continue  # an option that was not there left nothing behind, and one that is gone is not looked at
        for key in before:
            if key not in today:
                near = did_you_mean(key, today)
                heir = near.split("`")[1] if near.startswith("did you mean") else today[0]
                field = _FIELDS[option]
                fields = {"slug": now.profile.slug, "key": key, "option": option, "revision": revision}
                advice = f"keep the key, or add `retired: {{{field}: {{{key}: {heir}}}}}`"
                yield rules.CHOICE_VANISHED.at(_place(now, field, new), "key", advice=advice, **fields)


def _choices(offer: Offer, option: str) -> list[str]:
    if option == IMAGE_OPTION:
        return [choice.key for choice in offer.images]
    return [choice.key for choice in offer.sizes]


def _place(offer: Offer, field: str, new: Loaded) -> Path:
    path: Path = ("profiles", offer.profile.slug, field)
    return path if new.documents.has(path) else path[:2]
