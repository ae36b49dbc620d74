"""Prints how large each step of built images is: ``status --layers``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import note
from image_matrix.text import megabytes, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from image_matrix.cli.session import Session
    from image_matrix.config.platforms import Platform
    from image_matrix.planning.image_steps import ImageStep
    from image_matrix.planning.plan import State
    from image_matrix.registry.answers import Manifest
    from image_matrix.registry.client import Registry

LONGEST = 120
"""Characters of a step where no terminal says how wide it is."""
SMALL = 0.01
"""The share of an image below which its steps are only counted."""


@dataclass(frozen=True, slots=True)
class SizedImage:
    """A built variant on one platform, with its steps from the lowest up."""

    variant: str
    platform: Platform
    steps: tuple[ImageStep, ...]

    @property
    def size(self) -> int:
        """Bytes, compressed."""
        return sum(one.size for one in self.steps)


def print_layers(
    session: Session, state: State, names: Sequence[str], registry: Registry, format_: str
) -> int:
    """Print the steps of these variants, each on its first platform that is in the registry; return the exit code."""
    images = [one for name in names if (one := sized(state, name, registry))]
    click.echo(as_json(images) if format_ == "json" else as_text(images), nl=False)
    missing = [name for name in names if name not in {one.variant for one in images}]
    if missing:
        note(
            session,
            f"the registry has no image of {', '.join(missing)} as the matrix is now; `docker history` says it of a "
            "local one",
        )
    return 0 if images else 1


def sized(state: State, name: str, registry: Registry) -> SizedImage | None:
    """Return a variant on the first platform that the registry has; ``None`` if it has none.

    Raises :class:`EnvironmentFailure` if the registry does not answer.
    """
    from image_matrix.config.lineage import ancestors
    from image_matrix.planning.image_steps import image_steps
    from image_matrix.registry.answers import ImageConfig

    item = state.loaded.variants[name]
    for platform in item.platforms:
        if image := _image(state, name, platform, registry):
            at, manifest = image
            config = registry.config(at)
            below = {
                one.id: parent[1].layers
                for one in reversed([*ancestors(state.loaded.variants, item)])
                if (parent := _image(state, one.id, platform, registry))
            }
            steps = config.steps if isinstance(config, ImageConfig) else ()
            return SizedImage(name, platform, tuple(image_steps(manifest.layers, steps, below, name)))
    return None


def _image(state: State, name: str, platform: Platform, registry: Registry) -> tuple[str, Manifest] | None:
    """Return the image of one platform by digest, with its manifest: of the tested image, or of the candidate."""
    from image_matrix.planning.plan import reference
    from image_matrix.planning.registry_locations import CANDIDATE
    from image_matrix.registry.answers import manifest_or_none
    from image_matrix.registry.reference import parse_reference

    tested = reference(state, state.loaded.variants[name], platform)
    for tag in (tested, f"{tested}{CANDIDATE}"):
        if tagged := manifest_or_none(tag, registry.manifest(tag)):
            at = parse_reference(tag).at(tagged.platforms.get(platform, tagged.digest))
            image = manifest_or_none(at, registry.manifest(at))
            return (at, image) if image and image.layers else None
    return None


def as_text(images: Iterable[SizedImage]) -> str:
    """Return a table for each image; small steps are counted."""
    return "\n".join(map(_table, images))


def _table(image: SizedImage) -> str:
    from image_matrix.cli.table import NARROWEST, table
    from image_matrix.cli.terminal import terminal_width

    shown = [one for one in image.steps if one.size >= image.size * SMALL]
    small = [one for one in image.steps if one.size < image.size * SMALL]
    width = terminal_width()
    sizes = [(megabytes(one.size), one.image, one.step) for one in shown]
    beside = max((len(size) + len(name) for size, name, _ in sizes), default=0) + len("  " * 2)
    room = max(width - beside, NARROWEST) if width else LONGEST
    rows = [(size, name, _cut(step, room)) for size, name, step in sizes]
    head = f"{image.variant} on {image.platform}: {megabytes(image.size)}, compressed\n"
    rest = (
        f"and {plural(len(small), 'step')} with {megabytes(sum(one.size for one in small))}\n"
        if small
        else ""
    )
    return head + table(("size", "image", "step"), rows, width) + rest


def _cut(step: str, room: int) -> str:
    """Return a step without its long options, cut to the room that there is."""
    step = re.sub(r" --[a-z][a-z-]*(?= )", "", step)
    return step if len(step) <= room else f"{step[: room - 1]}…"


def as_json(images: Iterable[SizedImage]) -> str:
    """Return every step of each image, the lowest first."""
    import json

    data = [
        {
            "variant": image.variant,
            "platform": image.platform,
            "size": image.size,
            "layers": [{"size": one.size, "image": one.image, "step": one.step} for one in image.steps],
        }
        for image in images
    ]
    return json.dumps(data, indent=2) + "\n"
