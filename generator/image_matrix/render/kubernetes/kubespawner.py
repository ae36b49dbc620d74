"""Renders KubeSpawner's ``profile_list``: profiles with their options and overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.offer import FIELDS, IMAGE_OPTION, SIZE_OPTION, SizeChoice
from image_matrix.profiles.pod import devices, hugepages, placements_of, runtime_class, selector, tolerations
from image_matrix.profiles.units import for_kubespawner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sizes import Size
    from image_matrix.profiles.offer import ImageChoice, Offer


def profile_list(
    matrix: Matrix, offers: Iterable[Offer], references: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the list; if there is only one choice, it is part of the profile's override instead of an option.

    ``aliases``, ``retired`` and ``allowed_groups`` are for :mod:`image_matrix.render.kubernetes.hub_config`.
    """
    return [_entry(matrix, offer, references) for offer in offers]


def _entry(matrix: Matrix, offer: Offer, references: Mapping[str, str]) -> dict[str, Any]:
    images = {choice.key: (choice, {"image": references[choice.variant.id]}) for choice in offer.images}
    sizes = {
        choice.key: (choice, size_override(matrix, offer.profile, choice.size)) for choice in offer.sizes
    }
    override = profile_override(offer.profile)
    options: dict[str, Any] = {}
    for key, title, choices in ((IMAGE_OPTION, "Image", images), (SIZE_OPTION, "Size", sizes)):
        if len(choices) == 1:
            override = merged(override, next(iter(choices.values()))[1])
        else:
            options[key] = {
                "display_name": title,
                "choices": {k: _choice(*v) for k, v in choices.items()},
                **({"retired": dict(old)} if (old := offer.profile.retired.get(FIELDS[key])) else {}),
            }
    return {
        "slug": offer.slug,
        "display_name": offer.display_name,
        **({"description": about} if (about := _about(offer)) else {}),
        **({"default": True} if offer.default else {}),
        **({"aliases": list(offer.profile.aliases)} if offer.profile.aliases else {}),
        **({"allowed_groups": list(offer.profile.groups)} if offer.profile.groups else {}),
        **({"kubespawner_override": override} if override else {}),
        **({"profile_options": options} if options else {}),
    }


def _about(offer: Offer) -> str:
    """Return the description, with the name of the size if there is only one, since no option shows it."""
    only = offer.sizes[0].display_name if len(offer.sizes) == 1 else ""
    return " – ".join(part for part in (offer.description, only) if part)


def _choice(choice: ImageChoice | SizeChoice, override: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "display_name": choice.display_name,
        **({"description": about} if (about := _about_choice(choice)) else {}),
        **({"default": True} if choice.default else {}),
        "kubespawner_override": dict(override),
    }


def _about_choice(choice: ImageChoice | SizeChoice) -> str:
    """Return the description of a size, which jupyterhub-fancy-profiles shows; that of an image is its title."""
    return choice.size.description if isinstance(choice, SizeChoice) and choice.size else ""


def profile_override(profile: Profile) -> dict[str, Any]:
    """Return the settings of a profile that apply to all choices."""
    override: dict[str, Any] = {}
    if profile.env:
        override["environment"] = dict(profile.env)
    if profile.node_selector:
        override["node_selector"] = dict(profile.node_selector)
    return merged(override, profile.override)


def size_override(matrix: Matrix, profile: Profile, size: Size | None) -> dict[str, Any]:
    """Return the settings of a size in a profile."""
    placements = placements_of(matrix, size)
    pages = hugepages(placements)
    every = tolerations(matrix, profile, size)
    override: dict[str, Any] = {}
    if size is not None:
        amounts = {"cpu_limit": size.cpu.limit, "cpu_guarantee": size.cpu.guarantee,
                   "mem_limit": size.memory.limit, "mem_guarantee": size.memory.guarantee}  # fmt: skip
        override |= {key: for_kubespawner(value) for key, value in amounts.items() if value is not None}
        override |= {
            f"{name}_limit": None
            for name, amount in (("cpu", size.cpu), ("mem", size.memory))
            if amount.unlimited
        }
        override |= _shm(size)
    limits = devices(size) | pages
    fields: dict[str, Any] = {
        "extra_resource_limits": limits,
        "extra_resource_guarantees": pages,
        "node_selector": selector(size, placements),
        "tolerations": [dict(item) for item in every],
        "extra_pod_config": {"runtimeClassName": name} if (name := runtime_class(placements)) else {},
    }
    override |= {key: value for key, value in fields.items() if value}
    return merged(override, size.override if size else {})


def _shm(size: Size) -> dict[str, Any]:
    """Return mappings, as in the chart since 4.3: they are merged with its volumes, where lists would replace them."""
    if size.shm is None:
        return {}
    volume = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": size.shm}}
    return {
        "volumes": {"shm": volume},
        "volume_mounts": {"shm": {"name": "shm", "mountPath": "/dev/shm"}},  # noqa: S108 - a mount in a pod
    }


def merged(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as KubeSpawner does: mappings are merged, other values replace."""
    result = dict(base)
    for key, value in top.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result
