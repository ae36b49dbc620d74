"""Finds the images of a release that the registry no longer has: somebody, or `prune`, has deleted them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.publish.indexes import by_digest
from image_matrix.registry.answers import CHECK, Absent, Denied, Unreachable, words
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.registry.client import Registry


def offered_images(entries: Mapping[str, ReleaseEntry], texts: Collection[str]) -> list[str]:
    """Return the images of a release as ``repository@digest``, each once.

    ``texts`` are its other files. What was released before counts if one of them names it: a profile offers it then.
    """
    now = [by_digest(str(entry["reference"]), str(entry["digest"])) for entry in entries.values()]
    before = [str(entry["previous"]) for entry in entries.values() if "previous" in entry]
    named = [one for one in before if any(one in text for text in texts)]
    return list(dict.fromkeys([*now, *(by_digest(one, str(parse_reference(one).digest)) for one in named)]))


def gone(registry: Registry, images: Iterable[str]) -> list[str]:
    """Return the images that the registry no longer has.

    Raises :class:`EnvironmentFailure` if it does not say so of one: denied access does not mean that it is absent.
    """
    absent = []
    for image, answer in registry.digests(images).items():
        match answer:
            case Absent():
                absent.append(image)
            case Denied():
                raise EnvironmentFailure(f"{image}: {words(answer)}", CHECK)
            case Unreachable(reason, remedy):
                raise EnvironmentFailure(f"{image}: {reason}", remedy)
    return absent
