"""``accept``: give images that have passed their tests the immutable tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.options import not_empty
from image_matrix.cli.session import Session, open_locked, registry_of, say

if TYPE_CHECKING:
    from image_matrix.publish.accept import Candidate


@click.command()
@click.argument("names", metavar="VARIANT...", nargs=-1, required=True)
@click.option("--platform", metavar="OS/ARCH", required=True, help="The platform that was tested.")
@click.option(
    "--image",
    metavar="NAME@DIGEST",
    callback=not_empty,
    help="The image that was tested; with one VARIANT.",
)
@click.option("--staging", is_flag=True, envvar="IMAGE_MATRIX_STAGING", help="Below the staging path.")
@click.pass_obj
def accept(session: Session, names: tuple[str, ...], platform: str, image: str | None, staging: bool) -> int:
    """Make tested candidates the images that others use.

    Children and releases use the accepted image of a variant. One that is over its size is refused.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.config.release import size_bytes
    from image_matrix.config.variant_selectors import select_for
    from image_matrix.errors import CallError
    from image_matrix.planning.registry_locations import places
    from image_matrix.publish.accept import belongs, candidate, repository

    state = state_of(open_locked(session))
    registry = registry_of(session, state.loaded)
    place = places(state, staging=staging).target
    chosen = select_for(state.loaded.variants, names, platform)
    if image and len(chosen) != 1:
        raise CallError("--image needs exactly one VARIANT", f"name one of {', '.join(chosen)}")
    for name in chosen:
        if image and not belongs(place, name, image):
            if not belongs(state, name, image):
                example = f"{repository(place, name)}@sha256:…"
                raise CallError(f"{image} is no image of {name}", f"name it by digest: {example}")
            # what the default branch has is tested, and a staged run takes it from there
            say(session, f"{name}: {image} has been accepted already")
            continue
        found = candidate(place, name, platform, registry, image)
        limit = size_bytes(state.loaded.variants[name].max_size)
        _check_size(session, limit, found)
        _tag(session, found)
    return 0


def _check_size(session: Session, limit: int | None, found: Candidate) -> None:
    from image_matrix.build.imagetools import compressed_bytes
    from image_matrix.errors import Failure
    from image_matrix.publish.accept import over_budget

    size = compressed_bytes(found.reference)
    wrong = over_budget(size, limit)
    if wrong:
        raise Failure(
            f"{found.variant} is too large: {wrong}",
            f"remove packages, or raise `max_size` of image `{found.image}` in matrix.yaml",
        )
    say(session, f"{found.variant}: {size / 1e6:.0f} MB compressed")


def _tag(session: Session, found: Candidate) -> None:
    from image_matrix.build.imagetools import create

    create(found.immutable, [found.reference])
    say(session, f"{found.immutable} is {found.digest}")
