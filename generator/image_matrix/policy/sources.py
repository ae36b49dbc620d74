"""Finds images from outside that a policy does not allow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.policy.references import fits_reference, has_moving_tag, without_digest
from image_matrix.policy.violation import Violation, refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.policy import Policy
    from image_matrix.diagnostics import Path, Place


@dataclass(frozen=True, slots=True)
class OutsideImage:
    """An image from outside, and where it is named."""

    reference: str
    what: str
    place: Place


def outside_images(loaded: Loaded) -> list[OutsideImage]:
    """Return the sources, what Dockerfiles and templates name beside them, the frontend, and the scanner's image."""
    documents, matrix = loaded.documents, loaded.matrix

    def at(path: Path, what: str, reference: str) -> OutsideImage:
        return OutsideImage(reference, what, documents.place(path))

    images = [
        at((*path, "image") if documents.has((*path, "image")) else path, f"the source `{name}`", reference)
        for name, reference in matrix.sources.items()
        for path in (("sources", name),)
    ]
    if documents.has(("network", "frontend")):
        images.append(at(("network", "frontend"), "the frontend", matrix.network.frontend))
    if matrix.release.scan.image:
        images.append(at(("release", "scan", "image"), "the scanner", matrix.release.scan.image))
    named = [one for files in loaded.context_files.values() for one in files.named]
    images += [
        OutsideImage(one.name, f"`{one.what}`", one.place)
        for one in dict.fromkeys((*named, *loaded.named_in_templates()))
    ]
    return images


def refused_sources(policy: Policy, loaded: Loaded, today: str) -> Iterator[Violation]:
    """Yield the images from outside that are denied, or that are not among the allowed ones."""
    for image in outside_images(loaded):
        name = without_digest(image.reference)
        what = f"{image.what} is {name}, which"
        for refusal in refusals(policy.sources, partial(fits_reference, image.reference), today):
            advice = "take another image"
            yield Violation(rules.REFUSED_SOURCE, image.place, f"source:{name}", what, refusal, advice)


def moving_sources(policy: Policy, loaded: Loaded, today: str) -> Iterator[Violation]:
    """Yield the images from outside whose tag is known to move, where a policy denies that."""
    for image in outside_images(loaded):
        if not has_moving_tag(image.reference):
            continue
        name = without_digest(image.reference)
        what = f"{image.what} is {name}, whose tag moves, which"
        for refusal in refusals(policy.floating, "moving_tags".__eq__, today):
            advice = "write the tag of one release"
            yield Violation(rules.FLOATS, image.place, f"moving_tags:{name}", what, refusal, advice)
