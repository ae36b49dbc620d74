"""Computes the pod of a choice, from the matrix instead of the rendered files.

``profiles show`` prints it, and tests compare it with the manifests of the real KubeSpawner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from image_matrix.config.sizes import Amount
from image_matrix.profiles.devices import hiding_devices, taints_of
from image_matrix.profiles.override_merge import merged
from image_matrix.profiles.units import QUANTITIES, byte_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sites import Placement, Toleration
    from image_matrix.config.sizes import Size
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice


CHART_MEMORY = 1024**3
"""Bytes that the JupyterHub chart guarantees to pods where nothing else is said: ``singleuser.memory.guarantee``."""


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod that a user gets."""

    image: str | None
    """``None``: the hub's own image."""
    cpu_limit: float | None
    cpu_guarantee: float | None
    memory_limit: int | None
    """In bytes."""
    memory_guarantee: int | None
    unlimited: tuple[str, ...]
    """``cpu`` and ``memory``, if they have no limit, whatever the hub sets; a limit of ``None`` is else the hub's."""
    devices: Mapping[str, str]
    """Extended resources and huge pages: key to quantity."""
    node_selector: Mapping[str, str]
    tolerations: tuple[Toleration, ...]
    """All tolerations of the pod; empty if only the chart's apply."""
    runtime_class: str | None
    shm: int | None
    """In bytes; ``None``: the runtime's default of 64 MB."""
    environment: Mapping[str, Any]
    settings: Mapping[str, Any]
    """Further settings of KubeSpawner, by their names there."""


def pod(
    matrix: Matrix, offer: Offer, image: ImageChoice, size: SizeChoice, references: Mapping[str, str]
) -> Pod:
    """Return the pod of one choice; ``references`` has the image reference of every variant id and source."""
    chosen = size.size
    placements = placements_of(matrix, chosen)
    profile, labels = offer.profile, {**matrix.catalog.site.node_selector, **offer.profile.node_selector}
    settings = merged(
        {"environment": profile.env, "node_selector": labels},
        profile.override,
        image.listed.override,
        environment_without_devices(matrix, offer, size),
        _of_size(chosen, profile, placements),
        chosen.override if chosen else {},
        size.listed.override,
    )
    runtime = settings.get("extra_pod_config", {}).pop("runtimeClassName", None)
    return Pod(
        image=image.reference(references),
        unlimited=_unlimited(settings),
        cpu_limit=_cores(settings.pop("cpu_limit", None)),
        cpu_guarantee=_cores(settings.pop("cpu_guarantee", None)),
        memory_limit=byte_count(settings.pop("mem_limit", None)),
        memory_guarantee=byte_count(settings.pop("mem_guarantee", None)),
        devices=settings.pop("extra_resource_limits", {}),
        node_selector=settings.pop("node_selector"),
        tolerations=tolerations(matrix, profile, chosen),
        runtime_class=runtime,
        shm=byte_count(chosen.shm if chosen else None),
        environment=settings.pop("environment"),
        settings={name: value for name, value in settings.items() if value or name != "extra_pod_config"},
    )


def environment_without_devices(matrix: Matrix, offer: Offer, choice: SizeChoice) -> dict[str, Any]:
    """Return the settings of a size that keep GPUs from pods which ask for none."""
    variants = (image.variant for image in offer.images if image.variant is not None)
    variables = hiding_devices(matrix, variants, choice.size)
    return {"environment": variables} if variables else {}


def _of_size(size: Size | None, profile: Profile, placements: list[Placement]) -> dict[str, Any]:
    """Return what a size and its placement set, under the names of KubeSpawner's settings."""
    cpu, memory = (size.cpu, memory_of(size, profile)) if size else (Amount(), Amount())
    runtime = runtime_class(placements)
    amounts = {
        "cpu_limit": cpu.limit,
        "cpu_guarantee": cpu.guarantee,
        "mem_limit": memory.limit,
        "mem_guarantee": memory.guarantee,
    }
    unlimited = {"cpu_limit": cpu.unlimited, "mem_limit": memory.unlimited}
    return {
        **{name: amount for name, amount in amounts.items() if amount is not None or unlimited.get(name)},
        "extra_resource_limits": devices(size) | hugepages(placements),
        "node_selector": selector(size, placements),
        **({"extra_pod_config": {"runtimeClassName": runtime}} if runtime else {}),
    }


def memory_of(size: Size, profile: Profile) -> Amount:
    """Return the memory of a size in a profile; a limit below what the chart guarantees is guaranteed itself.

    Kubernetes refuses a pod whose guarantee is over its limit.
    """
    limit = size.memory.limit
    is_named = size.memory.guarantee is not None or "mem_guarantee" in profile.override
    if is_named or not QUANTITIES.reads(limit) or (byte_count(limit) or 0) >= CHART_MEMORY:
        return size.memory
    return replace(size.memory, guarantee=limit)


@dataclass(frozen=True, slots=True)
class OfferedPod:
    """The pod of one choice of image and size."""

    offer: Offer
    image: ImageChoice
    size: SizeChoice
    pod: Pod


def offered_pods(
    matrix: Matrix, offered: Iterable[Offer], references: Mapping[str, str]
) -> Iterator[OfferedPod]:
    """Yield the pods of all choices, in the order in which users see them."""
    for offer in offered:
        for image in offer.images:
            for size in offer.sizes:
                yield OfferedPod(offer, image, size, pod(matrix, offer, image, size, references))


def _unlimited(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the resources without a limit, which is KubeSpawner's ``None``."""
    limits = {"cpu": "cpu_limit", "memory": "mem_limit"}
    return tuple(name for name, setting in limits.items() if settings.get(setting, 0) is None)


def _cores(amount: float | str | None) -> float | None:
    return None if amount is None else float(amount)


def placements_of(matrix: Matrix, size: Size | None) -> list[Placement]:
    """Return the site's settings for the devices of a size."""
    site = matrix.catalog.site
    return [site.devices[name] for name in (size.devices if size else ()) if name in site.devices]


def devices(size: Size | None) -> dict[str, str]:
    """Return the extended resources of a size: name to number."""
    return {name: str(count) for name, count in (size.devices.items() if size else ())}


def hugepages(placements: list[Placement]) -> dict[str, str]:
    """Return the huge pages that placements request."""
    return {key: amount for placement in placements for key, amount in placement.hugepages.items()}


def selector(size: Size | None, placements: list[Placement]) -> dict[str, str]:
    """Return the node selector of a size."""
    labels = dict(size.node_selector) if size else {}
    return labels | {key: value for placement in placements for key, value in placement.node_selector.items()}


def node_labels(matrix: Matrix, profile: Profile, size: Size | None) -> dict[str, str]:
    """Return the labels of nodes of a pod that nobody adds those of the site to, as Kubeflow's."""
    settings = [profile.override, *([size.override] if size else [])]
    placed = selector(size, placements_of(matrix, size))
    labels = {**matrix.catalog.site.node_selector, **profile.node_selector, **placed}
    return labels | {key: value for one in settings for key, value in one.get("node_selector", {}).items()}


def runtime_class(placements: list[Placement]) -> str | None:
    """Return the runtime class that placements ask for."""
    return next((placement.runtime_class for placement in placements if placement.runtime_class), None)


def tolerations(matrix: Matrix, profile: Profile, size: Size | None) -> tuple[Toleration, ...]:
    """Return all tolerations, those of the site first, or nothing if only those of the site apply.

    The list replaces the chart's list, so it must repeat the site's tolerations, which allow nodes for users.
    """
    return every_toleration(matrix, profile, size) if _more_tolerations(matrix, profile, size) else ()


def every_toleration(matrix: Matrix, profile: Profile, size: Size | None) -> tuple[Toleration, ...]:
    """Return the tolerations of a pod that nobody adds those of the site to, as Kubeflow's."""
    result: list[Any] = []
    for item in [*matrix.catalog.site.tolerations, *_more_tolerations(matrix, profile, size)]:
        if dict(item) not in result:
            result.append(dict(item))
    return tuple(result)


def _more_tolerations(matrix: Matrix, profile: Profile, size: Size | None) -> list[Toleration]:
    more = [*profile.tolerations, *(size.tolerations if size else ())]
    taints = (taint for key in devices(size) for taint in taints_of(key))
    more += [{"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in taints]
    for placement in placements_of(matrix, size):
        more += placement.tolerations
    return more
