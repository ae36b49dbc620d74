"""Renders KubeSpawner's ``profile_list``: profiles with their options and overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.profiles import OptionSettings
from image_matrix.profiles.helm import is_ordered
from image_matrix.profiles.offer import FIELDS, IMAGE_OPTION, SIZE_OPTION, SizeChoice
from image_matrix.profiles.override_merge import merged
from image_matrix.profiles.pod import (
    devices,
    environment_without_devices,
    hugepages,
    memory_of,
    placements_of,
    runtime_class,
    selector,
    tolerations,
)
from image_matrix.profiles.slugs import slugify
from image_matrix.profiles.units import for_kubespawner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sizes import Size
    from image_matrix.profiles.offer import ImageChoice, Offer

_TITLES = {IMAGE_OPTION: "Image", SIZE_OPTION: "Size"}


def profile_list(
    matrix: Matrix, offers: Iterable[Offer], references: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the list; an option with nothing to choose and nothing to say is part of the profile's override instead.

    ``aliases``, ``retired``, ``allowed_groups`` and ``display_order`` are for
    :mod:`image_matrix.render.kubernetes.hub_config`.
    """
    entries = [_entry(matrix, offer, references) for offer in offers]
    more = ({"slug": slugify(item["display_name"]), **item} for item in matrix.catalog.site.extra_profiles)
    return [*entries, *more]


def _entry(matrix: Matrix, offer: Offer, references: Mapping[str, str]) -> dict[str, Any]:
    images = [(choice, image_override(choice, references)) for choice in offer.images]
    sizes = [(choice, size_choice_override(matrix, offer, choice)) for choice in offer.sizes]
    override = profile_override(offer.profile)
    options: dict[str, Any] = {}
    for key, choices in ((IMAGE_OPTION, images), (SIZE_OPTION, sizes)):
        if is_shown(offer, key):
            options[key] = _option(offer.profile, key, choices)
        else:
            override = merged(override, choices[0][1] if choices else {})
    options |= {name: in_order(option) for name, option in offer.profile.more_options.items()}
    names = [name for name in offer.profile.option_order if name in options]
    return {
        "slug": offer.slug,
        "display_name": offer.display_name,
        **({"description": about} if (about := _about(offer)) else {}),
        **({"default": True} if offer.default else {}),
        **({"aliases": list(offer.profile.aliases)} if offer.profile.aliases else {}),
        **({"allowed_groups": list(offer.profile.groups)} if offer.profile.groups else {}),
        **({"kubespawner_override": override} if override else {}),
        **({"profile_options": {name: options[name] for name in names}} if options else {}),
        **_order(names),
        **offer.profile.extra,
    }


def is_shown(offer: Offer, option: str) -> bool:
    """Say whether users see an option: there is something to choose, or the matrix says something about it."""
    choices: Sequence[ImageChoice | SizeChoice] = offer.images if option == IMAGE_OPTION else offer.sizes
    is_described = option in offer.profile.options
    listed = [choice.listed for choice in choices]
    return is_described or len(listed) > 1 or any(item.groups or item.extra for item in listed)


def _option(
    profile: Profile, option: str, choices: Sequence[tuple[ImageChoice | SizeChoice, dict[str, Any]]]
) -> dict[str, Any]:
    settings = profile.options.get(option, OptionSettings())
    unlisted = settings.unlisted_choice
    return {
        "display_name": settings.display_name or _TITLES[option],
        **in_order(
            {"choices": {choice.key: _choice(choice, override) for choice, override in choices if choice.key}}
        ),
        **({"unlisted_choice": unlisted_choice(option, unlisted)} if unlisted is not None else {}),
        **({"retired": dict(old)} if (old := profile.retired.get(FIELDS[option])) else {}),
        **settings.extra,
    }


def in_order(option: Mapping[str, Any]) -> dict[str, Any]:
    """Return an option with the order of its choices, where Helm would lose it."""
    return {**option, **_order([*(option.get("choices") or {})])}


def _order(keys: list[str]) -> dict[str, Any]:
    """Return the field that says the order of keys, where Helm would lose it."""
    return {} if is_ordered(keys) else {"display_order": keys}


def unlisted_choice(option: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return KubeSpawner's fields for a choice that users type in; for an image, it is the image if nothing else is."""
    override = {"kubespawner_override": {"image": "{value}"}} if option == IMAGE_OPTION else {}
    plain = {name: value for name, value in given.items() if name != "groups"}
    groups = {"allowed_groups": list(given["groups"])} if "groups" in given else {}
    return {"enabled": True, **override, **plain, **groups}


def _about(offer: Offer) -> str:
    """Return the description, with the name of the size if there is only one, since no option shows it.

    A size that is called like the profile is not named again.
    """
    only = "" if is_shown(offer, SIZE_OPTION) else offer.sizes[0].display_name
    is_new = only != offer.profile.display_name
    return " – ".join(part for part in (offer.description, only if is_new else "") if part)


def _choice(choice: ImageChoice | SizeChoice, override: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "display_name": choice.display_name,
        **({"description": about} if (about := _about_choice(choice)) else {}),
        **({"default": True} if choice.default else {}),
        **({"allowed_groups": list(choice.listed.groups)} if choice.listed.groups else {}),
        "kubespawner_override": dict(override),
        **choice.listed.extra,
    }


def _about_choice(choice: ImageChoice | SizeChoice) -> str:
    """Return the description, which jupyterhub-fancy-profiles shows; that of an image itself is its title."""
    of_size = choice.size.description if isinstance(choice, SizeChoice) and choice.size else ""
    return choice.listed.description or of_size


def image_override(choice: ImageChoice, references: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of an image in a profile."""
    reference = choice.reference(references)
    return merged({"image": reference} if reference else {}, choice.listed.override)


def size_choice_override(matrix: Matrix, offer: Offer, choice: SizeChoice) -> dict[str, Any]:
    """Return the settings of a size under its choice key."""
    hidden = environment_without_devices(matrix, offer, choice)
    return merged(hidden, size_override(matrix, offer.profile, choice.size), choice.listed.override)


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
        memory = memory_of(size, profile)
        amounts = {"cpu_limit": size.cpu.limit, "cpu_guarantee": size.cpu.guarantee,
                   "mem_limit": memory.limit, "mem_guarantee": memory.guarantee}  # fmt: skip
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
