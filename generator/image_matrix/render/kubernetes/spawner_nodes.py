"""Renders what the form of Kubeflow Notebooks 1 asks about nodes: devices, tolerations and affinity.

Users choose each by itself, so every choice names the sizes that it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.affinity import affinity, on_nodes
from image_matrix.profiles.devices import device_title, of_size, vendor_title
from image_matrix.profiles.pod import devices, every_toleration, node_labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.config.model import Matrix
    from image_matrix.config.sizes import Size
    from image_matrix.profiles.offer import Offer

_NO_DEVICE = "none"
"""The form's word."""


def of_nodes(matrix: Matrix, offers: Sequence[Offer], preselected: Offer) -> dict[str, Any]:
    """Return the fields of the form; preselected is what the default size of a profile needs."""
    size = next(choice.size for choice in preselected.sizes if choice.default)
    options, asked = _affinities(matrix, offers), _affinity(matrix, preselected, size)
    return {
        "gpus": {"value": {**_number(size), "vendors": _vendors(matrix, offers)}},
        "tolerationGroup": {
            "value": _group(matrix, preselected, size),
            "options": _toleration_groups(matrix, offers),
        },
        "affinityConfig": {
            "value": next((item["configKey"] for item in options if item["affinity"] == asked), ""),
            "options": options,
        },
    }


def _each(offers: Sequence[Offer]) -> Iterator[tuple[Offer, Size | None]]:
    return ((offer, choice.size) for offer in offers for choice in offer.sizes)


def _number(size: Size | None) -> dict[str, str]:
    """Return how many devices are preselected, and which."""
    for device, count in (size.devices if size else {}).items():
        return {"num": str(count), "vendor": device}
    return {"num": _NO_DEVICE, "vendor": ""}


def _vendors(matrix: Matrix, offers: Sequence[Offer]) -> list[dict[str, str]]:
    every = dict.fromkeys(device for _, size in _each(offers) for device in (size.devices if size else ()))
    return [{"limitsKey": device, "uiName": device_title(matrix, device)} for device in every]


def _group(matrix: Matrix, offer: Offer, size: Size | None) -> str:
    """Return the key of the tolerations of a size: its vendor, its own name, or nothing if there are none."""
    if devices(size):
        return of_size(size)
    name = size.name if size else offer.slug
    return name if every_toleration(matrix, offer.profile, size) else ""


def _toleration_groups(matrix: Matrix, offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Return a group for each vendor, with what all sizes with its devices tolerate, and for each other size."""
    groups: dict[str, dict[str, Any]] = {}
    for offer, size in _each(offers):
        if not (key := _group(matrix, offer, size)):
            continue
        title = f"with {vendor_title(key)} devices" if devices(size) else f"for {_title(offer, size)}"
        group = {"groupKey": key, "displayName": f"Nodes {title}", "tolerations": []}
        every = groups.setdefault(key, group)["tolerations"]
        more = every_toleration(matrix, offer.profile, size)
        every += [item for item in more if item not in every]
    return [*groups.values()]


def _title(offer: Offer, size: Size | None) -> str:
    return size.display_name if size else offer.display_name


def _affinity(matrix: Matrix, offer: Offer, size: Size | None) -> dict[str, Any]:
    """Return the nodes of a size: those with its labels, and what settings of KubeSpawner ask for."""
    labels = node_labels(matrix, offer.profile, size)
    asked = affinity(offer.profile.override, *([size.override] if size else []))
    return on_nodes(dict(sorted(labels.items())), asked)


def _affinities(matrix: Matrix, offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Return an option for each affinity; it has the name of the first size that needs it."""
    options: list[dict[str, Any]] = []
    for offer, size in _each(offers):
        asked = _affinity(matrix, offer, size)
        if asked and all(asked != option["affinity"] for option in options):
            taken = {option["configKey"] for option in options}
            key = size.name if size and size.name not in taken else "-".join([offer.slug, *_name(size)])
            title = f"Nodes for {_title(offer, size)}"
            options.append({"configKey": key, "displayName": title, "affinity": asked})
    return options


def _name(size: Size | None) -> list[str]:
    return [size.name] if size else []
