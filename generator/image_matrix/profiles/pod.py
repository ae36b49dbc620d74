"""The pod that follows from a choice, worked out from the matrix and not from what is emitted.

``profiles show`` prints it, and the tests hold it against the manifests that the real KubeSpawner makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.units import byte_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Placement, Profile, Size, Toleration
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice


@dataclass(frozen=True, slots=True)
class Pod:
    """What a user gets."""

    image: str
    cpu_limit: float | None
    cpu_guarantee: float | None
    memory_limit: int | None
    """In bytes."""
    memory_guarantee: int | None
    devices: Mapping[str, str]
    """Extended resources and huge pages: key to quantity."""
    node_selector: Mapping[str, str]
    tolerations: tuple[Toleration, ...]
    """All of them, or none where the chart's own apply."""
    runtime_class: str | None
    shm: int | None
    """In bytes; ``None``: the runtime's default of 64 MB."""
    environment: Mapping[str, str]


def pod(
    matrix: Matrix, offer: Offer, image: ImageChoice, size: SizeChoice, references: Mapping[str, str]
) -> Pod:
    """Return the pod of one choice; ``references`` has the image reference of every variant id."""
    said = size.size
    placements = placements_of(matrix, said)
    return Pod(
        image=references[image.variant.id],
        cpu_limit=_cores(said.cpu.limit if said else None),
        cpu_guarantee=_cores(said.cpu.guarantee if said else None),
        memory_limit=byte_count(said.memory.limit if said else None),
        memory_guarantee=byte_count(said.memory.guarantee if said else None),
        devices=devices(said) | hugepages(placements),
        node_selector={**offer.profile.node_selector, **selector(said, placements)},
        tolerations=tolerations(matrix, offer.profile, said),
        runtime_class=runtime_class(placements),
        shm=byte_count(said.shm if said else None),
        environment=offer.profile.env,
    )


def _cores(said: float | str | None) -> float | None:
    return None if said is None else float(said)


def placements_of(matrix: Matrix, size: Size | None) -> list[Placement]:
    """Return what the site asks for with the devices of a size."""
    site = matrix.catalog.site
    return [site.devices[name] for name in (size.devices if size else ()) if name in site.devices]


def devices(size: Size | None) -> dict[str, str]:
    """Return the extended resources of a size: name to number."""
    return {name: str(count) for name, count in (size.devices.items() if size else ())}


def hugepages(placements: list[Placement]) -> dict[str, str]:
    """Return the huge pages that placements ask for."""
    return {key: amount for placement in placements for key, amount in placement.hugepages.items()}


def selector(size: Size | None, placements: list[Placement]) -> dict[str, str]:
    """Return the node selector of a size."""
    own = dict(size.node_selector) if size else {}
    return own | {key: value for placement in placements for key, value in placement.node_selector.items()}


def runtime_class(placements: list[Placement]) -> str | None:
    """Return the runtime class that placements ask for."""
    return next((placement.runtime_class for placement in placements if placement.runtime_class), None)


def tolerations(matrix: Matrix, profile: Profile, size: Size | None) -> tuple[Toleration, ...]:
    """Return the whole list, the site's own first, or nothing where only those apply.

    A list replaces the chart's: without the site's own in it, nodes for users only would be out of reach.
    """
    more = [*profile.tolerations, *(size.tolerations if size else ())]
    more += [{"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in devices(size)]
    for placement in placements_of(matrix, size):
        more += placement.tolerations
    found: list[Any] = []
    for item in [*matrix.catalog.site.tolerations, *more] if more else ():
        if dict(item) not in found:
            found.append(dict(item))
    return tuple(found)
