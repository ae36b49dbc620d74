"""Renders ``deploy/catalog.json``: every published image, what is in it, and who is offered it.

``catalog.schema.json`` beside this module describes it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.config.drivers import min_driver
from image_matrix.inventory.contents import inventories
from image_matrix.inventory.summary import languages, locked, programs, requested
from image_matrix.json_data import read_json
from image_matrix.profiles.audience import groups_of
from image_matrix.profiles.offer import released_offers
from image_matrix.render.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.inventory.model import Contents
    from image_matrix.json_data import Json
    from image_matrix.lock.pins import Pins
    from image_matrix.profiles.offer import Offer
    from image_matrix.render.lists.released import ReleasedImage

FORMAT = 1
CONTENTS = ("software", "requested", "packages")
"""The fields of an image that follow from what it was built from."""


@cache
def schema_text() -> str:
    """Return the JSON Schema of the file."""
    return files("image_matrix.render.lists").joinpath("catalog.schema.json").read_text(encoding="utf-8")


def catalog_json(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    references: Mapping[str, str],
    pins: Pins,
    released: Mapping[str, ReleasedImage],
) -> str:
    """Return the file, with the variants that have a reference.

    ``released`` has the images, by variant id, of which the registry was asked.
    """
    offered = _offered(matrix, variants, references)
    listed = [item for item in variants.values() if item.publish and item.id in references]
    known = inventories(matrix, variants, pins, [item.id for item in listed])
    images = [
        _entry(matrix, variants, item, references[item.id], known[item.id].contents)
        | _release(released.get(item.id))
        | {"profiles": offered.get(item.id, [])}
        for item in listed
    ]
    return json.dumps({"version": FORMAT, "images": images}, indent=2, ensure_ascii=False) + "\n"


def _entry(
    matrix: Matrix, variants: Mapping[str, Variant], item: Variant, reference: str, contents: Contents
) -> dict[str, Json]:
    accelerator = matrix.accelerators.get(item.accelerator or "")
    entry: dict[str, Json] = {
        "image": item.image,
        "variant": item.label,
        "display_name": title_of(item),
        "description": item.description,
        "axes": dict(item.values),
        "reference": reference,
        "platforms": list(item.platforms),
    }
    if accelerator:
        stated = {
            "name": accelerator.name,
            "description": accelerator.description,
            "version": accelerator.version,
            "device": accelerator.device,
            "min_driver": min_driver(accelerator),
        }
        entry["accelerator"] = {key: value for key, value in stated.items() if value}
    listed = {manager: list(entries) for manager, entries in requested(variants, item).items()}
    software = {**languages(variants, item), **programs(matrix, variants, item)}
    return entry | dict(zip(CONTENTS, (software, listed, locked(contents, item)), strict=True))


def _release(image: ReleasedImage | None) -> dict[str, Json]:
    """Return what is known since the release; and what the image has, if it is of an earlier matrix."""
    if image is None:
        return {}
    known = {"digest": image.digest, "created": image.created, "commit": image.commit}
    sizes = {"size": dict(image.sizes)} if image.sizes else {}
    return {**{key: value for key, value in known.items() if value}, **sizes, **(image.contents or {})}


def _offered(
    matrix: Matrix, variants: Mapping[str, Variant], references: Mapping[str, str]
) -> dict[str, list[dict[str, Json]]]:
    """Return the id of each offered variant to the profiles that have it, of all sites."""
    result: dict[str, list[dict[str, Json]]] = {}
    for name, profile in _profiles(matrix, variants, references):
        result.setdefault(name, []).append(profile)
    return result


def _profiles(
    matrix: Matrix, variants: Mapping[str, Variant], references: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Json]]]:
    for view in matrix.at_sites():
        for offer in released_offers(view, variants, references):
            entry: dict[str, Any] = {
                "site": view.catalog.site.name,
                "profile": offer.slug,
                "display_name": offer.display_name,
            }
            for name, groups in _groups(offer).items():
                yield name, entry | ({"groups": list(groups)} if groups else {})


def _groups(offer: Offer) -> dict[str, tuple[str, ...]]:
    """Return the id of each variant that somebody can choose in a profile, to the groups that can; none: everybody."""
    every: dict[str, list[tuple[str, ...]]] = {}
    for choice in offer.images:
        if choice.variant and not choice.is_previous and (groups := groups_of(offer, choice)) is not None:
            every.setdefault(choice.variant.id, []).append(groups)
    return {
        name: () if () in several else tuple(dict.fromkeys(group for one in several for group in one))
        for name, several in every.items()
    }


def entries_by_id(text: str) -> dict[str, dict[str, Json]]:
    """Return the images of a catalog by variant id; none if it is not a catalog of this format."""
    try:
        data = read_json(text)
        images = data["images"] if data["version"] == FORMAT else []
        return {f"{item['image']}:{item['variant']}": item for item in images}
    except (ValueError, KeyError, TypeError):
        return {}
