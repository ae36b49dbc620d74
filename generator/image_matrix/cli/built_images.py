"""Reads what is installed in the built images of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.config.lineage import from_base_up
from image_matrix.config.model import architecture
from image_matrix.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.inventory.model import Inventory
    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry


def read_built(
    session: Session, project: Project, expected: Mapping[str, Inventory], platform: str | None
) -> tuple[dict[str, Inventory], tuple[str, ...]]:
    """Return what is installed in the images of variants, and the architecture that was read.

    ``expected`` is what matrix and lock say of them. Raises :class:`Failure` for an image that is not built, and
    :class:`CallError` for one that is not built for the platform.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.site_files import registry_of
    from image_matrix.config.variant_selectors import select_for

    first = project.loaded.variants[next(iter(expected))]
    chosen = platform or first.platforms[0]
    select_for(project.loaded.variants, [*expected], chosen)
    state, registry = state_of(project), registry_of(session, project.loaded)
    read = {name: _read(session, state, registry, one, name, chosen) for name, one in expected.items()}
    return read, (architecture(chosen),)


def _read(
    session: Session, state: State, registry: Registry, expected: Inventory, name: str, platform: str
) -> Inventory:
    from image_matrix.inventory.in_image import as_built
    from image_matrix.planning.image_contents import read_chain
    from image_matrix.planning.registry_locations import existing_images

    variants = state.loaded.variants
    chain = [item.id for item in from_base_up(variants, variants[name]) if platform in item.platforms]

    def log(text: str) -> None:
        say(session, text)

    images = existing_images((state,), [(one, platform) for one in chain], registry, log)
    if (name, platform) not in images:
        raise Failure(
            f"{name} is not in the registry for {platform}",
            "build and push it first, or leave out --from-image: the matrix and its lock say what it will have",
        )
    known = {one: images[one, platform] for one in chain if (one, platform) in images}
    return as_built(expected, {architecture(platform): read_chain(registry, known, platform, log)})
