"""Attaches to images that were pushed what is installed in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import note, say
from image_matrix.errors import Failure
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.build.bake import Built
    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry


def record_packages(
    session: Session, state: State, registry: Registry, built: Iterable[Built], existing: Mapping[LegId, str]
) -> None:
    """Attach its packages to each image that was pushed, parents first; what fails is noted, and fails no build.

    ``existing`` are the images that were not built. Of a parent, no layer is read again whose packages are known.
    """
    images = dict(existing)
    for one in built:
        leg = one.leg.id
        try:
            images[leg] = one.image
            with span("record packages", image_matrix__variant=leg[0]):
                _record(session, registry, one.image, leg[1], _relatives(state, leg, images))
        except (Failure, OSError, ValueError, KeyError) as error:
            reason = f"{error.message}; {error.help}" if isinstance(error, Failure) else str(error)
            note(session, f"{leg[0]} {leg[1]}: its packages are not recorded: {reason}")


def _relatives(state: State, leg: LegId, images: Mapping[LegId, str]) -> Iterator[str]:
    """Yield images that the lowest layers may be known from: ancestors, the nearest first, then the released image."""
    from image_matrix.config.lineage import ancestors

    item, (_, platform) = state.loaded.variants[leg[0]], leg
    for one in ancestors(state.loaded.variants, item):
        if image := images.get((one.id, platform)):
            yield image
    yield f"{state.loaded.matrix.repository(item)}:{item.label}"


def _record(
    session: Session, registry: Registry, image: str, platform: str, relatives: Iterable[str]
) -> None:
    from image_matrix.inventory.by_layer import PackagesByLayer
    from image_matrix.planning.attached_packages import attach_packages, packages_attached
    from image_matrix.planning.image_contents import packages_by_layer, platform_image
    from image_matrix.registry.answers import Manifest

    def log(text: str) -> None:
        say(session, text, level=1)

    built = platform_image(registry, image, platform)
    digests = [layer.digest for layer in built.manifest.layers]
    known = PackagesByLayer()
    for name in relatives:
        answer = registry.manifest(name)
        if isinstance(answer, Manifest) and platform in (answer.platforms or (platform,)):
            relative = platform_image(registry, name, platform)
            packages_below = packages_attached(registry, relative.at, log)
            known = packages_below.shared_with(digests) if packages_below else known
        if known.layers:
            break
    packages = packages_by_layer(registry, built, known, log)
    attach_packages(registry, built.at, packages)
    log(
        f"{image}: packages of {len(digests)} image layers recorded, {len(known.layers)} of them known before"
    )
