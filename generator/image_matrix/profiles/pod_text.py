"""Writes profiles with the pods of their choices as the cells of a table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.devices import NO_DEVICES, VISIBLE_DEVICES
from image_matrix.profiles.offer import IMAGE_OPTION, SIZE_OPTION
from image_matrix.profiles.override_merge import merged
from image_matrix.profiles.setting_text import setting_lines
from image_matrix.profiles.units import human

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from image_matrix.config.profiles import Profile
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice
    from image_matrix.profiles.pod import OfferedPod, Pod

    Cells = list[tuple[str, str]]

UNLIMITED = "unlimited"
SHOWN_BY_SIZES = frozenset(
    {"cpu_limit", "cpu_guarantee", "mem_limit", "mem_guarantee", "extra_resource_limits", "node_selector"}
)
"""Settings that the lines of sizes show, whoever sets them."""


@dataclass(frozen=True, slots=True)
class ProfileCells:
    """The rows of a profile: of its heading, then of each image and each size, of which users choose one each."""

    slug: str
    items: tuple[Cells, ...]


def profile_cells(pods: Iterable[OfferedPod], registry: str) -> Iterator[ProfileCells]:
    """Yield the rows of each profile; references of images are without the registry."""
    for slug, group in groupby(pods, key=lambda row: row.offer.slug):
        rows = list(group)
        offer = rows[0].offer
        heading = _rows(_marked(slug, default=offer.default), [_heading(offer), *_of_profile(offer.profile)])
        images = [_image_cells(image, rows, registry) for image in offer.images]
        sizes = [_size_cells(size, rows) for size in offer.sizes]
        typed = [_typed(offer.profile, option) for option in (IMAGE_OPTION, SIZE_OPTION)]
        yield ProfileCells(slug, (heading, *images, *typed[0], *sizes, *typed[1]))


def _typed(profile: Profile, option: str) -> list[Cells]:
    """Return the row of what users may type in instead of a choice, where they may."""
    settings = profile.options.get(option)
    unlisted = settings.unlisted_choice if settings else None
    if unlisted is None or unlisted.get("enabled") is False:
        return []
    pattern = unlisted.get("validation_regex")
    text = f"what users type in{f', if it matches {pattern}' if pattern else ''}"
    override = {
        name: value for name, value in unlisted.get("kubespawner_override", {}).items() if name != "image"
    }
    return [_rows("  unlisted-choice", [_for(text, unlisted.get("groups", ())), *setting_lines(override)])]


def _image_cells(image: ImageChoice, rows: list[OfferedPod], registry: str) -> Cells:
    pod = next(row.pod for row in rows if row.image == image)
    lines = [_for(_short(pod.image, registry), image.listed.groups), *setting_lines(image.listed.override)]
    return _rows(f"  {_marked(image.key or '-', default=image.default)}", lines)


def _size_cells(size: SizeChoice, rows: list[OfferedPod]) -> Cells:
    """Return the rows of a size, from the pod of the image that sets least."""
    pods = (row for row in rows if row.size == size)
    pod = min(pods, key=lambda row: len(row.image.listed.override)).pod
    of_size = size.size.override if size.size else {}
    amounts = _size(pod) or ["the hub's defaults"]
    first = _for(amounts[0], size.listed.groups)
    further = _further(merged(_hidden_devices(pod), of_size, size.listed.override))
    lines = [first, *amounts[1:], *setting_lines(further)]
    return _rows(f"  {_marked(size.key or '-', default=size.default)}", lines)


def _hidden_devices(pod: Pod) -> dict[str, Any]:
    hidden = pod.environment.get(VISIBLE_DEVICES) == NO_DEVICES
    return {"environment": {VISIBLE_DEVICES: NO_DEVICES}} if hidden else {}


def _further(override: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an override sets that the lines of sizes do not show."""
    further = {name: value for name, value in override.items() if name not in SHOWN_BY_SIZES}
    config = further.get("extra_pod_config")
    if isinstance(config, dict):
        further["extra_pod_config"] = {
            name: one for name, one in config.items() if name != "runtimeClassName"
        }
    return {name: value for name, value in further.items() if value != {}}


def _rows(left: str, lines: Sequence[str]) -> Cells:
    return [(left, lines[0]), *(("", line) for line in lines[1:])]


def _of_profile(profile: Profile) -> list[str]:
    """Return what a profile sets for all its choices."""
    return setting_lines(_further(merged({"environment": profile.env}, profile.override)))


def _marked(key: str, *, default: bool) -> str:
    return f"{key}*" if default else key


def _heading(offer: Offer) -> str:
    groups, former = offer.profile.groups, offer.profile.aliases
    parts = [offer.display_name]
    parts += [f"for {', '.join(groups)}"] if groups else []
    parts += [f"once {', '.join(former)}"] if former else []
    return "; ".join(parts)


def _for(text: str, groups: Sequence[str]) -> str:
    return f"{text}; for {', '.join(groups)}" if groups else text


def _short(reference: str | None, registry: str) -> str:
    """Return a reference without its registry, with a short digest."""
    if reference is None:
        return "the hub's own image"
    name, at, digest = reference.removeprefix(f"{registry}/").partition("@sha256:")
    return f"{name}{at}{digest[:12]}"


def _size(pod: Pod) -> list[str]:
    """Return the lines of a size: amounts, devices, and the node that it needs."""
    cpu_limit = UNLIMITED if "cpu" in pod.unlimited else _number(pod.cpu_limit)
    memory_limit = UNLIMITED if "memory" in pod.unlimited else human(pod.memory_limit)
    cpu = _range(_number(pod.cpu_guarantee), cpu_limit)
    memory = _range(human(pod.memory_guarantee), memory_limit)
    parts = [f"CPU {cpu}"] if cpu else []
    parts += [f"memory {memory}"] if memory else []
    parts += [f"/dev/shm {human(pod.shm)}"] if pod.shm is not None else []  # noqa: S108 - in a pod
    devices = [f"{key}={count}" for key, count in pod.devices.items()]
    return [line for line in (", ".join(parts), ", ".join(devices), _placement(pod)) if line]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _range(low: str, high: str) -> str:
    """Return a range from a guarantee to a limit; without a limit, the hub's default applies."""
    return f"{low}-{high}" if low and high else high or (f"from {low}" if low else "")


def _placement(pod: Pod) -> str:
    parts = [f"{key}={value}" for key, value in pod.node_selector.items()]
    parts += [f"runtime {pod.runtime_class}"] if pod.runtime_class else []
    keys = [
        str(item.get("key", "*")) for item in pod.tolerations if not str(item.get("key")).startswith("hub.")
    ]
    parts += [f"tolerates {', '.join(dict.fromkeys(keys))}"] if keys else []
    return "; ".join(parts)
