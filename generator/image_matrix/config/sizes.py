"""Reads sizes: what a pod can have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.sites import Toleration


@dataclass(frozen=True, slots=True)
class Amount:
    """A limit and what is guaranteed, as written; ``None`` where nothing is said."""

    limit: float | str | None = None
    guarantee: float | str | None = None
    unlimited: bool = False
    """Whether the limit is ``none``: pods have no limit, whatever the hub sets."""


@dataclass(frozen=True, slots=True)
class Size:
    """An entry under ``sizes:``."""

    name: str
    display_name: str
    description: str = ""
    cpu: Amount = field(default_factory=Amount)
    """In cores."""
    memory: Amount = field(default_factory=Amount)
    """In bytes, or as a Kubernetes quantity with Ki, Mi, Gi or Ti."""
    devices: Mapping[str, int] = field(default_factory=dict)
    """Extended resource (``nvidia.com/gpu``) to number of devices."""
    shm: str | None = None
    """Size of /dev/shm in the same units as memory."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    override: Mapping[str, Any] = field(default_factory=dict)


def read_size(name: str, item: Mapping[str, Any]) -> Size:
    """Read an entry under ``sizes:`` as one site has it."""
    return Size(
        name=name,
        display_name=item["display_name"],
        description=item.get("description", ""),
        cpu=_amount(item.get("cpu", {})),
        memory=_amount(item.get("memory", {})),
        devices=item.get("devices", {}),
        shm=item.get("shm"),
        node_selector=item.get("node_selector", {}),
        tolerations=tuple(item.get("tolerations", ())),
        override=item.get("kubespawner_override", {}),
    )


def _amount(item: Mapping[str, Any]) -> Amount:
    limit, guarantee = item.get("limit"), item.get("guarantee")
    return Amount(None, guarantee, unlimited=True) if limit == "none" else Amount(limit, guarantee)
