"""Says of each image where it is on its way: built, tested, scanned, released; and how large it is against before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.attached_packages import is_list
from image_matrix.planning.plan import references
from image_matrix.planning.registry_locations import CANDIDATE
from image_matrix.publish.attached_reports import known_scans
from image_matrix.publish.released_images import released_images
from image_matrix.publish.scan_report import REPORT_TYPE
from image_matrix.publish.signing import PREDICATE
from image_matrix.registry.answers import CHECK, Denied, Digest, Manifest, Unreachable, words
from image_matrix.registry.attached import attached
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.config.model import LegId
    from image_matrix.config.platforms import Platform
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.registry.answers import Refusal
    from image_matrix.registry.attached import Referrer
    from image_matrix.registry.client import Registry
    from image_matrix.render.lists.released import ReleasedImage

Progress = Literal["absent", "built", "tested", "unknown"]
"""``absent``: the registry has no image of today's key. ``built``: it has a candidate, which passed no test.
``tested``: it has the immutable tag. ``unknown``: it denies access."""


@dataclass(frozen=True, slots=True)
class LegStatus:
    """A variant on one platform, by the tags of its key."""

    platform: Platform
    progress: Progress
    digest: str = ""
    size: int | None = None
    """Bytes, compressed; ``None`` if it is not known."""
    scanned: bool | None = None
    """Whether a report or an attestation of a scan is attached to it; ``None`` if there is no image, or no scanner, or
    the registry does not say it."""
    has_packages: bool | None = None
    """Whether the list of its packages is attached to it; ``None`` where nobody asks for scans, or if that is not
    known."""
    problem: str = ""
    """Why it is not known what is attached; empty if it is."""


@dataclass(frozen=True, slots=True)
class VariantStatus:
    """A variant of the matrix of today, and what users are offered of it."""

    variant: str
    legs: tuple[LegStatus, ...]
    released: ReleasedImage | None = None
    """The image that the release branch offers; ``None`` if it offers none."""
    is_current: bool = False
    """Whether that is the image of today's key."""
    gone: bool = False
    """Whether the release branch offers it, and the registry no longer has it."""
    publish: bool = True
    is_release_known: bool = True
    """Whether the release branch was read; without it, ``released`` says nothing."""
    problems: tuple[str, ...] = field(default=())
    """What the registry says that is no answer."""


def variant_statuses(
    state: State, names: Collection[str], registry: Registry, entries: Mapping[str, ReleaseEntry] | None
) -> list[VariantStatus]:
    """Return the status of the variants with these ids.

    ``entries`` is the digest file of the release branch; ``None`` if this clone does not have that branch.
    It believes tags and annotations, and verifies no signature. Raises :class:`EnvironmentFailure` if the registry does
    not answer for a released image.
    """
    legs = {leg: name for leg, name in references(state).items() if leg[0] in names}
    answers = registry.manifests([*legs.values()])
    missing = [name for name in legs.values() if not isinstance(answers[name], Manifest)]
    candidates = registry.manifests([f"{name}{CANDIDATE}" for name in missing])
    scans = state.loaded.matrix.release.scan.tool != "none"
    statuses = {
        leg: _leg(registry, leg, name, answers[name], candidates.get(f"{name}{CANDIDATE}"), scans=scans)
        for leg, name in legs.items()
    }
    offered = {name: entry for name, entry in (entries or {}).items() if name in names}
    released, unread = known_scans(
        registry, offered, released_images(registry, offered, {}), state.loaded.matrix.release.scan
    )
    return [
        VariantStatus(
            name,
            tuple(status for leg, status in statuses.items() if leg[0] == name),
            released.get(name),
            name in offered and offered[name].get("key") == state.keys[name].index,
            name in offered and name not in released,
            state.loaded.variants[name].publish,
            entries is not None,
            (
                *_problems(answers[text] for leg, text in legs.items() if leg[0] == name),
                *(status.problem for leg, status in statuses.items() if leg[0] == name and status.problem),
                *([unread[name]] if name in unread else []),
            ),
        )
        for name in names
    ]


def _problems(answers: Iterable[Manifest | Refusal]) -> Iterable[str]:
    return dict.fromkeys(words(one) for one in answers if isinstance(one, Denied | Unreachable))


def _leg(
    registry: Registry,
    leg: LegId,
    name: str,
    tested: Manifest | Refusal,
    candidate: Manifest | Refusal | None,
    *,
    scans: bool,
) -> LegStatus:
    answers: tuple[tuple[Progress, Manifest | Refusal | None], ...] = (
        ("tested", tested),
        ("built", candidate),
    )
    for progress, answer in answers:
        if isinstance(answer, Manifest):
            digest = answer.platforms.get(leg[1], answer.digest)
            at = parse_reference(name).at(digest)
            status = LegStatus(leg[1], progress, digest, _size(registry, at))
            return _with_attached(registry, at, status) if scans else status
    return LegStatus(leg[1], "unknown" if isinstance(tested, Denied | Unreachable) else "absent")


def _with_attached(registry: Registry, image: str, status: LegStatus) -> LegStatus:
    """Return the status of an image with what is attached to it, or with why that is not known."""
    try:
        referrers = attached(registry, image)
        scanned = _is_scanned(registry, image, referrers)
    except EnvironmentFailure as failure:
        return replace(status, problem=f"{failure.message}: whether it was scanned is not known")
    return replace(status, scanned=scanned, has_packages=any(map(is_list, referrers)))


def _size(registry: Registry, image: str) -> int | None:
    answer = registry.manifest(image)
    return sum(layer.size for layer in answer.layers) or None if isinstance(answer, Manifest) else None


def _is_scanned(registry: Registry, image: str, referrers: Iterable[Referrer]) -> bool:
    """Say whether what a scan leaves is among what is attached to an image: its report, or what cosign attests of it.

    A bundle of cosign names the type of its statement; in the older format, all attestations are under a tag. Sources:
    github.com/sigstore/cosign, specs/BUNDLE_SPEC.md and specs/SIGNATURE_SPEC.md.
    """
    for one in referrers:
        if one.artifact_type == REPORT_TYPE or PREDICATE in one.annotations.values():
            return True
    place = parse_reference(image)
    older = f"{place.name}:{str(place.digest).replace(':', '-')}.att"
    answer = registry.digest(older)
    if isinstance(answer, Denied | Unreachable):
        raise EnvironmentFailure(f"{older}: {words(answer)}", CHECK)
    return isinstance(answer, Digest)
