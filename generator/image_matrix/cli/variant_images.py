"""Finds the images of variants, and brings them into the engine's store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.model import Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.verify.engine import Engine

BUILD = "build it first: `image-matrix build {id}`; or check the login of its registry"
"""The remedy if the image of a variant does not exist."""
REFERENCE = "check the reference and the login of its registry"
"""The remedy if an image that the call names does not exist."""


def images_of(project: Project, names: Sequence[str], platform: str | None) -> dict[str, str]:
    """Return the image with each variant's key: an image under a moving tag may belong to another matrix."""
    from image_matrix.cli.plan import state_of
    from image_matrix.planning.plan import reference

    state = state_of(project)
    items = (state.loaded.variants[name] for name in names)
    return {item.id: reference(state, item, platform_of(item, platform)) for item in items}


def platform_of(item: Variant, platform: str | None) -> Platform:
    """Return the platform whose image is used: the one that is asked for, this machine's, or the first."""
    from image_matrix.pinned.tools import native_arch

    preferred = platform or f"linux/{native_arch()}"
    return next((one for one in item.platforms if one == preferred), item.platforms[0])


def get_images(
    session: Session, engine: Engine, images: Mapping[str, str], platform: str | None, remedy: str
) -> None:
    """Pull the missing images of variants before any container starts; ``remedy`` is printed if that fails."""
    for identifier, image in images.items():
        if not engine.has(image):
            say(session, f"{identifier}: pulling {image}")
            engine.pull(image, platform, remedy.format(id=identifier))
