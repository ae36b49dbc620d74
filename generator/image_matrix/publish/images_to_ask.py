"""Chooses the released images that are asked for updates of their apt packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors, from_base_up

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.model import Variant
    from image_matrix.output_tree.files import File

UPGRADE = b"\napt-get upgrade "
"""What the step of templates/dockerfiles/macros.j2 has that upgrades the packages of the source."""


def images_to_ask(
    variants: Mapping[str, Variant], released: Collection[str], sources: Collection[str]
) -> list[Variant]:
    """Return the released variants on these sources that have all packages of the others: roots, and ends of chains.

    A variant has what its ancestors have, so one on which another released one is built has nothing more to say.
    """
    on = [item for item in variants.values() if item.id in released and item.root_source in sources]
    above = {one.id for item in on for one in ancestors(variants, item)}
    return [item for item in on if item.parent is None or item.id not in above]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an entry of apt in the lock does to a variant: the images from some point of its chain on are built anew."""

    base: Variant | None
    """The last variant of its chain that stays; ``None`` if all do not, and only the source does."""
    entries: tuple[str, ...]
    """What the chain lists for apt above that; the last entry about a package counts."""
    upgrades_source: bool = False
    """Whether what the source brought is upgraded."""


def effect_of_entry(
    variants: Mapping[str, Variant], item: Variant, rendered: Mapping[str, File], moment: str
) -> Effect | None:
    """Return what an entry of its source does to a variant; ``None`` if it does nothing.

    ``rendered`` has the Dockerfiles for a lock in which each source has ``moment``. A Dockerfile that is given has no
    step with it, and that of a kind of somebody's own may have none.
    """
    chain = from_base_up(variants, item)
    texts = [_text(rendered, one) for one in chain]
    start = next((at for at, text in enumerate(texts) if moment.encode() in text), None)
    if start is None:
        return None
    entries = tuple(entry for one in chain[start:] for entry in one.packages.get("apt", ()))
    return Effect(chain[start - 1] if start else None, entries, start == 0 and UPGRADE in texts[0])


def _text(rendered: Mapping[str, File], item: Variant) -> bytes:
    file = rendered.get(item.dockerfile) if item.build is None else None
    return file.content if file else b""
