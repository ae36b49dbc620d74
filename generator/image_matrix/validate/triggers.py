"""Warns of images with a generated Dockerfile whose build runs what an own Dockerfile below has for other builds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.layer_order import start_path
from image_matrix.config.variant_ids import image_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic
from image_matrix.dockerfiles.triggers import copies_from_context, triggers
from image_matrix.validate.dockerfiles import whole_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Diagnostic, Locator
    from image_matrix.dockerfiles.instructions import Dockerfile

_COPIES = "takes files of a folder that a generated Dockerfile does not have"


def triggers_of_generated(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    dockerfiles: Mapping[str, Dockerfile],
    locator: Locator,
) -> Iterator[Diagnostic]:
    """Yield images without a Dockerfile of their own that are built on one with ``ONBUILD``.

    ``dockerfiles`` are those of variants that have their own, by variant.
    """
    for item in variants.values():
        parent = variants.get(item.parent or "")
        if item.build or parent is None or parent.build is None or parent.id not in dockerfiles:
            continue
        dockerfile = dockerfiles[parent.id]
        every = triggers(dockerfile, parent.build, item.platforms[0])
        if not every:
            continue
        taking = [one for one in every if copies_from_context(one, dockerfile.escape)]
        worst = [*taking, *every][0]
        what = _COPIES if taking else "runs in its build"
        problem = diagnostic(
            rules.TRIGGERS,
            locator.place(start_path(matrix.images[item.image], item.values)),
            image=item.image,
            instruction=f"ONBUILD {worst.name}",
            parent=image_of(parent.id),
            what=what,
        )
        place = whole_line(parent.build.dockerfile, dockerfile, worst.line)
        yield replace(problem, related=((place, "the trigger"),))
