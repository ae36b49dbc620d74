"""Names the sources that images from outside become."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import did_you_mean
from image_matrix.diagnostics.redact import conceal
from image_matrix.dockerfiles.links import same_image
from image_matrix.errors import CallError
from image_matrix.registry.reference import has_tag, parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_REFERENCE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._/-]*(:[0-9]+/[A-Za-z0-9._/-]+)?(:[\w.-]+)?(@sha256:[0-9a-f]{64})?"
)
"""What looks like a reference: it has a `/`, a tag or a digest, too."""
_SHORT = 8
"""Digits of a digest in names and messages."""


def image_name(path: str) -> str:
    """Return the name of an image for a folder: ``tensorflow-notebook/cuda`` is ``tensorflow-notebook-cuda``."""
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "image"


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
    exact = _equal_source(reference, sources)
    if exact or parse_reference(reference).digest:
        return exact
    return next((name for name, other in sources.items() if same_image(reference, other)), None)


def source_name(reference: str, sources: Mapping[str, str], images: Collection[str]) -> str:
    """Return the name of the source for an image from outside: one that is there, or a new one."""
    if (equal := _equal_source(reference, sources)) is not None:
        return equal
    parsed = parse_reference(reference)
    last = image_name(parsed.repository.rpartition("/")[2])
    version = parsed.tag if has_tag(reference) else str(parsed.digest).partition(":")[2][:_SHORT]
    tagged = image_name(f"{last}-{version}")
    taken = {*sources, *images}
    return last if last not in taken else free_name(tagged, taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name, or the first with a number behind it that is not taken."""
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _equal_source(reference: str, sources: Mapping[str, str]) -> str | None:
    """Return the first source that stays the same image as a reference."""
    return next((name for name, other in sources.items() if _is_equal(reference, other)), None)


def _is_equal(one: str, other: str) -> bool:
    """Say whether two references stay the same image: by their digest, which only one of them may not have."""
    first, second = parse_reference(one), parse_reference(other)
    return (first.name, first.version) == (second.name, second.version)


def whole_reference(name: str) -> str:
    """Return a reference as a source has it: with host and tag, also where only the digest counts."""
    return str(parse_reference(name))


def untagged(reference: str) -> str | None:
    """Return what is to be said of a reference without a tag that becomes a source, which has one."""
    if has_tag(reference):
        return None
    parsed = parse_reference(reference)
    short = f"{parsed.name}@{str(parsed.digest)[: len('sha256:') + _SHORT]}…"
    return f"`{short}` has no tag; the source has `{parsed.tag}`, and its digest counts: write the tag that it had"
