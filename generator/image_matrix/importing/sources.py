"""Tells what images are built from, and which sources a matrix lacks for that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import did_you_mean
from image_matrix.diagnostics.redact import conceal
from image_matrix.dockerfiles.links import same_image
from image_matrix.dockerfiles.source_names import SHORT, equal_source, source_name, whole_reference
from image_matrix.errors import CallError
from image_matrix.registry.reference import has_tag, parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_REFERENCE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._/-]*(:[0-9]+/[A-Za-z0-9._/-]+)?(:[\w.-]+)?(@sha256:[0-9a-f]{64})?"
)
"""What looks like a reference: it has a `/`, a tag or a digest, too."""


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a matrix has."""

    registry: str
    images: Collection[str]
    sources: Mapping[str, str]
    """Name to reference."""


def parent(text: str, image: str, known: Known) -> tuple[str, dict[str, str]]:
    """Return what an image is built ``from``, for the name of an image or source or for a reference.

    The second value is the source that the matrix lacks for it. Raises :class:`CallError` for a text that is neither.
    """
    if text in known.images or text in known.sources:
        return text, {}
    if not _REFERENCE.fullmatch(text) or not set(text) & {"/", ":", "@"}:
        raise _unknown(text, [*known.images, *known.sources])
    return source_or_image(text, image, known)


def _unknown(text: str, names: Collection[str]) -> CallError:
    """Return the error for what is neither a name of the matrix nor a reference."""
    advice = "write a reference with a tag, such as `quay.io/jupyter/scipy-notebook:TAG`"
    advice = f"{did_you_mean(text, names)} Else {advice}".replace("` Else", "`. Else") if names else advice
    return CallError(f"`{conceal(text)}` is neither an image nor a source of the matrix", advice)


def source_or_image(
    reference: str, image: str, known: Known, added: Mapping[str, str] | None = None
) -> tuple[str, dict[str, str]]:
    """Return what ``from`` says for a reference: the image that is published there, or a source.

    ``image`` is the name of the image that is built, ``added`` has sources of the same import. The second value is the
    source that neither has.
    """
    for name in known.images:
        if is_published(reference, known.registry, name):
            return name, {}
    return source_for(reference, known.sources, added or {}, {*known.images, image})


def source_for(
    reference: str, known: Mapping[str, str], added: Mapping[str, str], images: Collection[str]
) -> tuple[str, dict[str, str]]:
    """Return the source for a reference, and what is new: among those of a matrix, or of the same import.

    ``images`` are names that no source can have.
    """
    sources = {**known, **added}
    name = known_source(reference, known) or source_name(reference, sources, images)
    return name, {} if name in sources else {name: whole_reference(reference)}


def is_published(reference: str, registry: str, image: str) -> bool:
    """Say whether a reference is an image of the matrix, in some version."""
    return parse_reference(reference).name == parse_reference(f"{registry}/{image}").name


def known_source(reference: str, sources: Mapping[str, str]) -> str | None:
    """Return the source of a matrix for a reference; one without a digest is for the source that has one, too."""
    exact = equal_source(reference, sources)
    if exact or parse_reference(reference).digest:
        return exact
    return next((name for name, other in sources.items() if same_image(reference, other)), None)


def untagged(reference: str) -> str | None:
    """Return what is to be said of a reference without a tag that becomes a source, which has one."""
    if has_tag(reference):
        return None
    parsed = parse_reference(reference)
    short = f"{parsed.name}@{str(parsed.digest)[: len('sha256:') + SHORT]}…"
    return f"`{short}` has no tag; the source has `{parsed.tag}`, and its digest counts: write the tag that it had"
