"""``accept``: gives tested images the immutable tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.options import not_empty
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.planning.plan import State
    from image_matrix.publish.accept import Candidate
    from image_matrix.publish.trust import Trust
    from image_matrix.registry.client import Registry


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
    """Tag tested candidate images for use by children and releases.

    Fails if an image is larger than its `max_size`. On the default branch, it signs each image before it tags it.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.signatures import trust_of
    from image_matrix.config.release import size_bytes
    from image_matrix.config.variant_selectors import select_for
    from image_matrix.errors import CallError
    from image_matrix.planning.registry_locations import registry_locations
    from image_matrix.publish.accept import belongs, candidate, repository

    state = state_of(open_locked(session))
    registry = registry_of(session, state.loaded)
    target = registry_locations(state, staging=staging).target
    trust = trust_of(session, state.loaded, staging=staging)
    chosen = select_for(state.loaded.variants, names, platform)
    if image and len(chosen) != 1:
        raise CallError("--image needs exactly one VARIANT", f"name one of {', '.join(chosen)}")
    for name in chosen:
        if image and not belongs(target, name, image):
            if not belongs(state, name, image):
                example = f"{repository(target, name)}@sha256:…"
                raise CallError(f"{image} is not an image of {name}", f"name it by digest: {example}")
            # images of the default branch are tested, and a staging run uses them
            say(session, f"{name}: {image} is already accepted")
            continue
        accepted = candidate(target, name, platform, registry, image)
        limit = size_bytes(state.loaded.variants[name].max_size)
        size = _check_size(session, limit, accepted)
        if trust:
            _sign(session, state, (name, platform), accepted, trust)
        _tag(session, registry, accepted)
        _summarize(registry, state, accepted, platform, size)
    return 0


def _check_size(session: Session, limit: int | None, image: Candidate) -> int:
    """Return the compressed size of an image in bytes; raises :class:`Failure` if it is over the limit."""
    from image_matrix.build.imagetools import compressed_bytes
    from image_matrix.errors import Failure
    from image_matrix.publish.accept import over_budget

    size = compressed_bytes(image.reference)
    problem = over_budget(size, limit)
    if problem:
        raise Failure(
            f"{image.variant} is too large: {problem}",
            f"remove packages, or raise `max_size` of image `{image.image}` in matrix.yaml",
        )
    say(session, f"{image.variant}: {size / 1e6:.0f} MB compressed")
    return size


def _summarize(registry: Registry, state: State, image: Candidate, platform: str, size: int) -> None:
    """Write the size to the summary of a run, and the difference to the image that users have."""
    import os

    from image_matrix.github.files import SUMMARY, append
    from image_matrix.github.leg_summary import size_line
    from image_matrix.planning.last_builds import image_size
    from image_matrix.publish.accept import repository

    if os.environ.get(SUMMARY):
        label = state.loaded.variants[image.variant].label
        released = image_size(registry, f"{repository(state, image.variant)}:{label}", platform)
        append(SUMMARY, size_line(image.variant, platform, size, released))


def _sign(session: Session, state: State, leg: LegId, image: Candidate, trust: Trust) -> None:
    """Sign an image as tested, unless it has that signature."""
    from image_matrix.cli.signatures import workflow_claim
    from image_matrix.publish.signing import sign
    from image_matrix.publish.trust import tested_claims

    claims = {**tested_claims(state, leg), **workflow_claim(state.loaded)}
    if trust.signature(image.reference, claims):
        signing = state.loaded.matrix.release.sign
        sign(
            signing,
            image.reference,
            claims,
            "manifest",
            remedy="run the job again: the image is not accepted",
        )
        say(session, f"{image.variant}: signed as tested")


def _tag(session: Session, registry: Registry, image: Candidate) -> None:
    """Point the immutable tag to the tested image itself: buildx might put it into an index, which nobody signed."""
    from image_matrix.registry.reference import parse_reference
    from image_matrix.registry.upload import point_tag

    immutable = parse_reference(image.immutable)
    point_tag(registry, immutable.name, image.digest, immutable.tag)
    say(session, f"{image.immutable} is {image.digest}")
