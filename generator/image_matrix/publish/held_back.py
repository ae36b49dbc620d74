"""Decides what a release holds back: variants that are not ready, what stands on them, and choices that need them.

Everything else is released. A variant that is held back stays as it was released last: its digest, its tags, and the
choices that offer it. A variant that was never released is not offered yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dag import upwards
from image_matrix.errors import Failure
from image_matrix.profiles.offer import offers, released_offers, used_variants
from image_matrix.publish.indexes import by_digest
from image_matrix.publish.trust import UNSCANNED, UNTESTED
from image_matrix.registry.answers import manifest_or_none
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.config.model import LegId, Matrix, Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.planning.plan import State
    from image_matrix.profiles.offer import Offer
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.registry.answers import Manifest
    from image_matrix.registry.client import Registry

SHOWN = 5
"""Names that an error lists."""


def not_ready(variants: Mapping[str, Variant], parts: Mapping[LegId, Manifest | None]) -> dict[LegId, str]:
    """Return the platforms of published variants that cannot be released, with the reason.

    ``parts`` is what the registry has under their tags of *tested*.
    """
    reasons = {leg: _fault(leg, part) for leg, part in parts.items() if variants[leg[0]].publish}
    return {leg: reason for leg, reason in reasons.items() if reason}


def _fault(leg: LegId, part: Manifest | None) -> str | None:
    """Return why a part is not what an index needs."""
    name, platform = leg
    if part is None:
        return "not built and tested"
    if part.platforms and platform not in part.platforms:
        again = f"`image-matrix build --push --force --platform {platform} {name}`"
        return f"its image is for {listed(part.platforms, SHOWN)}; build it again: {again}"
    return None


def held_back(variants: Mapping[str, Variant], reasons: Mapping[LegId, str]) -> dict[str, str]:
    """Return the published variants that are not released, each with the reason: its own, or what it stands on."""
    faults: dict[str, list[str]] = {}
    for (name, platform), reason in reasons.items():
        faults.setdefault(name, []).append(f"{platform}: {reason}")
    held = {name: "; ".join(texts) for name, texts in faults.items()}
    for name in (name for name, item in variants.items() if item.publish and name not in faults):
        above = next((one for one in upwards(name, lambda one: variants[one].parents) if one in faults), None)
        held |= {name: f"stands on {above}"} if above else {}
    return {name: held[name] for name in variants if name in held}


WITH_WORKFLOW = "run the workflow for all images: leave its input `images` empty"
BY_HAND = (
    "`image-matrix build --push` builds what the registry does not have, and `image-matrix verify` tests it"
)
"""What a project without a workflow does for images that are not ready."""


def advice_by_hand(reasons: Mapping[LegId, str]) -> str:
    """Return what a project without a workflow does: it builds, tests, signs and scans by commands."""
    kinds = {leg: reason.partition(":")[0] for leg, reason in reasons.items()}
    steps = [BY_HAND] if {*kinds.values()} - {UNTESTED, UNSCANNED} else []
    for platform, names in _by_platform(leg for leg, kind in kinds.items() if kind == UNTESTED):
        accept = f"`image-matrix accept --platform {platform} {names}` signs what"
        steps.append(f"{accept} `image-matrix verify --platform {platform} {names}` has tested")
    for platform, names in _by_platform(leg for leg, kind in kinds.items() if kind == UNSCANNED):
        scan = f"`image-matrix scan --platform {platform} --result scanned.json {names}` has scanned"
        steps.append(f"`image-matrix ci attest --platform {platform} scanned.json` attests what {scan}")
    return "; ".join(steps)


def _by_platform(legs: Iterable[LegId]) -> Iterator[tuple[Platform, str]]:
    """Yield each platform with the names of its variants, as a command takes them."""
    names_by_platform: dict[Platform, list[str]] = {}
    for name, platform in legs:
        names_by_platform.setdefault(platform, []).append(name)
    yield from ((platform, " ".join(names)) for platform, names in names_by_platform.items())


def refuse_to_release_nothing(held: Mapping[str, str], ready: Collection[object], advice: str) -> None:
    """Raise :class:`Failure` with advice if variants are held back and none is left to release."""
    if held and not ready:
        names = (f"{name} ({reason})" for name, reason in held.items())
        raise Failure(f"nothing was released: {listed(names, SHOWN)}", advice)


def kept_entries(
    held: Collection[str], offered: Mapping[str, ReleaseEntry], registry: Registry
) -> dict[str, ReleaseEntry]:
    """Return the entries that variants keep from the release branch, if the registry still has their images.

    Raises :class:`EnvironmentFailure` if the registry does not answer.
    """
    images = {
        name: by_digest(offered[name]["reference"].partition("@")[0], offered[name]["digest"])
        for name in held
        if name in offered
    }
    answers = registry.manifests(images.values())
    return {name: offered[name] for name, image in images.items() if manifest_or_none(image, answers[image])}


def not_offered(matrix: Matrix, variants: Mapping[str, Variant], released: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each profile, and for each of its choices, that waits for a first release."""
    for view in matrix.at_sites():
        site = view.catalog.site.name
        now = {offer.slug: offer for offer in released_offers(view, variants, released)}
        for offer in offers(view, variants):
            yield from _waiting(site, offer, now.get(offer.slug))


def _waiting(site: str, declared: Offer, now: Offer | None) -> Iterator[str]:
    if now is None:
        yield f"profile `{declared.slug}` of `{site}` is left out: none of its images has been released"
        return
    released = used_variants([now])
    for name in (name for name in used_variants([declared]) if name not in released):
        yield f"profile `{declared.slug}` of `{site}` does not offer `{name}`, which has never been released"


def refuse_to_lose_a_site(state: State, released: Collection[str], sites: Collection[str]) -> None:
    """Raise :class:`Failure` if a site of the release branch would have no profile left; ``sites`` are its folders."""
    matrix, variants = state.loaded.matrix, state.loaded.variants
    for view in matrix.at_sites():
        name = view.catalog.site.name
        if name in sites and view.catalog.profiles and not released_offers(view, variants, released):
            raise Failure(
                f"nothing was released: no profile of `{name}` has an image that is released",
                "repair what is held back, and run the workflow again; the last release stays as it is",
            )
