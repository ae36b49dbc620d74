"""Writes profiles with the pods of their choices as the cells of a table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from image_matrix.profiles.units import human

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice
    from image_matrix.profiles.pod import OfferedPod, Pod

    Cells = list[tuple[str, str]]


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
        heading = [(_marked(slug, default=offer.default), _heading(offer))]
        images = [_image_cells(image, rows, registry) for image in offer.images]
        yield ProfileCells(slug, (heading, *images, *(_size_cells(size, rows) for size in offer.sizes)))


def _image_cells(image: ImageChoice, rows: list[OfferedPod], registry: str) -> Cells:
    pod = next(row.pod for row in rows if row.image == image)
    return [(f"  {_marked(image.key, default=image.default)}", _short(pod.image, registry))]


def _size_cells(size: SizeChoice, rows: list[OfferedPod]) -> Cells:
    pod = next(row.pod for row in rows if row.size == size)
    amounts, *further = _size(pod) or ["the hub's defaults"]
    first = (f"  {_marked(size.key or '-', default=size.default)}", amounts)
    return [first, *(("", line) for line in further)]


def _marked(key: str, *, default: bool) -> str:
    return f"{key}*" if default else key


def _heading(offer: Offer) -> str:
    groups, former = offer.profile.groups, offer.profile.aliases
    parts = [offer.display_name]
    parts += [f"for {', '.join(groups)}"] if groups else []
    parts += [f"once {', '.join(former)}"] if former else []
    settings = [*offer.profile.env, *offer.profile.override]
    parts += [f"sets {', '.join(settings)}"] if settings else []
    return "; ".join(parts)


def _short(reference: str, registry: str) -> str:
    """Return a reference without its registry, with a short digest."""
    name, at, digest = reference.removeprefix(f"{registry}/").partition("@sha256:")
    return f"{name}{at}{digest[:12]}"


def _size(pod: Pod) -> list[str]:
    """Return the lines of a size: amounts, devices, and the node that it needs."""
    cpu = _range(_number(pod.cpu_guarantee), _number(pod.cpu_limit))
    memory = _range(human(pod.memory_guarantee), human(pod.memory_limit))
    parts = [f"CPU {cpu}"] if cpu else []
    parts += [f"memory {memory}"] if memory else []
    parts += [f"/dev/shm {human(pod.shm)}"] if pod.shm is not None else []  # noqa: S108 - in a pod
    devices = [f"{key}={count}" for key, count in pod.devices.items()]
    return [line for line in (", ".join(parts), ", ".join(devices), _placement(pod)) if line]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _range(low: str, high: str) -> str:
    return f"{low}-{high}" if low and high else high or (f"{low}-" if low else "")


def _placement(pod: Pod) -> str:
    parts = [f"{key}={value}" for key, value in pod.node_selector.items()]
    parts += [f"runtime {pod.runtime_class}"] if pod.runtime_class else []
    keys = [
        str(item.get("key", "*")) for item in pod.tolerations if not str(item.get("key")).startswith("hub.")
    ]
    parts += [f"tolerates {', '.join(keys)}"] if keys else []
    return "; ".join(parts)
