"""Reads what is installed in the built images of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.config.lineage import from_base_up
from image_matrix.config.platforms import architecture
from image_matrix.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.inventory.cyclonedx import BuiltImage
    from image_matrix.inventory.model import Inventory
    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry


def read_built(
    session: Session, project: Project, expected: Mapping[str, Inventory], platform: str | None
) -> dict[str, BuiltImage]:
    """Return the images of variants for one platform, the first by default, with what is installed in them.

    ``expected`` is what matrix and lock say of them. Raises :class:`Failure` for an image that is not built, and
    :class:`CallError` for one that is not built for the platform.
    """
    from image_matrix.cli.network_files import registry_of
    from image_matrix.cli.plan import state_of
    from image_matrix.config.variant_selectors import select_for

    first = project.loaded.variants[next(iter(expected))]
    chosen = platform or first.platforms[0]
    select_for(project.loaded.variants, [*expected], chosen)
    state, registry = state_of(project), registry_of(session, project.loaded)
    return {name: _read(session, state, registry, one, name, chosen) for name, one in expected.items()}


def _read(
    session: Session, state: State, registry: Registry, expected: Inventory, name: str, platform: str
) -> BuiltImage:
    from image_matrix.inventory.cyclonedx import BuiltImage
    from image_matrix.inventory.in_image import as_built
    from image_matrix.planning.image_contents import platform_image, read_chain
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
    images_read, arch = read_chain(registry, known, platform, log), architecture(platform)
    repository, _, digest = platform_image(registry, known[name], platform).at.partition("@")
    inventory = as_built(expected, {arch: images_read})
    return BuiltImage(repository, digest, arch, inventory, images_read[-1].files)
