"""Writes the part of the comment that says how to run the images of a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.platforms import architecture
from image_matrix.config.served_app import served_by
from image_matrix.planning.plan import reference
from image_matrix.text import fitting, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.planning.plan import PlanEntry, State

LIMIT = 15_000
"""The maximum length of the commands in characters; GitHub's limit for a comment is 65,536."""
SERVED = "docker run --rm -p 127.0.0.1:8888:8888"
"""The port of notebook images; 127.0.0.1 keeps other machines out: the connection is not encrypted."""
INTRODUCTION = (
    "An image is there when its job has passed. Private packages need `docker login` first. The log of an image with a "
    "page names its address, with the login."
)
PLAIN = "docker run --rm -it"


@dataclass(frozen=True, slots=True)
class StagedImage:
    """An image that a pull request has, or will have when its job has passed."""

    variant: str
    platform: str
    reference: str
    """Repository and tag, or digest."""
    serves: bool
    """Whether it has a page on port 8888."""

    @property
    def command(self) -> str:
        """Two lines: a comment with its name, and the command that runs it."""
        name = f"# {self.variant} ({architecture(self.platform)})"
        return f"{name}\n{SERVED if self.serves else PLAIN} {self.reference}\n"


def staged_images(
    entries: Iterable[PlanEntry],
    target: State,
    existing: Mapping[tuple[str, str], str],
    serving: Collection[str],
) -> tuple[StagedImage, ...]:
    """Return the images that a pull request changes.

    ``existing`` has the digests of those that are built already; the others get their tag below ``target``.
    """
    variants = target.loaded.variants
    return tuple(
        StagedImage(
            entry.variant,
            entry.platform,
            reference(target, variants[entry.variant], entry.platform)
            if entry.build
            else existing[entry.variant, entry.platform],
            served_by(variants, entry.variant, serving) is not None,
        )
        for entry in entries
        if entry.build or (entry.differs and (entry.variant, entry.platform) in existing)
    )


def run_section(images: Iterable[StagedImage]) -> str:
    """Return a fold with the line that runs each image; empty without images."""
    commands = [image.command for image in images]
    if not commands:
        return ""
    kept = fitting(commands, LIMIT)
    rest = len(commands) - len(kept)
    cut = [f"… and {plural(rest, 'image')} more: the log of a job names its image."] if rest else []
    return "\n".join(
        [
            "",
            "<details><summary>Run an image of this pull request</summary>",
            "",
            INTRODUCTION,
            "",
            "```sh",
            *(command.rstrip("\n") for command in kept),
            "```",
            "",
            *cut,
            "</details>",
            "",
        ]
    )
