"""Finds two mounts at one path in a pod, which Kubernetes refuses.

Source: kubernetes/kubernetes, ``ValidateVolumeMounts``: ``mountPath`` must be unique.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

from image_matrix.config.home import HOME
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.profiles.charts import OVERRIDE, overrides_of_option
from image_matrix.profiles.mounts import MOUNTS
from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sites import Site
    from image_matrix.diagnostics import Finding, Path

_SHM = "/dev/shm"  # noqa: S108 - a mount in a pod


@dataclass(frozen=True, slots=True)
class _Mount:
    """A mount of a part of a pod."""

    place: Path
    key: str
    """Mounts of the same key are one."""
    at: str
    volume: str


_Part = list[_Mount]


def mounted_twice(matrix: Matrix) -> Iterator[Finding]:
    """Mounts of a profile and its choices at the same path."""
    seen: set[tuple[Path, Path]] = set()
    for profile in matrix.catalog.profiles.values():
        for first, second in _pairs(matrix, profile):
            if first.at == second.at and first.key != second.key and (first.place, second.place) not in seen:
                seen.add((first.place, second.place))
                fields = {"path": second.at, "profile": profile.slug, "first": human(first.place)}
                finding = rules.MOUNTED_TWICE.at(second.place, "key", second=human(second.place), **fields)
                yield finding.beside((first.place, "the other place"))


def over_the_home(matrix: Matrix) -> Iterator[Finding]:
    """Mounts at the path where the hub mounts homes, which do not take the place of the hub's own mount."""
    site = matrix.catalog.site
    if site.spawner != "jupyterhub":
        return
    volumes = {
        item.get("name")
        for _, override in each_override(matrix)
        for item in _entries(override.get("volumes")).values()
    }
    for path, override in each_override(matrix):
        for mount in _mounts(path, override):
            if mount.at == HOME and not (mount.volume not in volumes and _joins_the_home(site, mount)):
                yield rules.MOUNTED_OVER_HOME.at(mount.place, "key", path=HOME)


def _joins_the_home(site: Site, mount: _Mount) -> bool:
    """Say whether a mount of a hub's volume is one with the hub's own: a newer chart has it under the volume's name."""
    return MOUNTS not in site.chart.lists and mount.key == mount.volume


def _pairs(matrix: Matrix, profile: Profile) -> Iterator[tuple[_Mount, _Mount]]:
    """Yield the mounts that meet in a pod, two by two."""
    common = [*_mounts(("profiles", profile.slug, OVERRIDE), profile.override)]
    options = [*_options(matrix, profile)]
    for part in (common, *chain(*options)):
        yield from combinations(part, 2)
    for part in chain(*options):
        replaced = {mount.key for mount in part}
        yield from product((mount for mount in common if mount.key not in replaced), part)
    for one, other in combinations(options, 2):
        for first, second in product(one, other):
            yield from product(first, second)


def _options(matrix: Matrix, profile: Profile) -> Iterator[list[_Part]]:
    """Yield what the choices of each option mount."""
    base: Path = ("profiles", profile.slug)
    images, sizes = profile.images.choices.items(), profile.sizes.choices.items()
    yield [[*_mounts((*base, "images", key, OVERRIDE), choice.override)] for key, choice in images]
    yield [
        [*_of_size(matrix, choice.name), *_mounts((*base, "sizes", key, OVERRIDE), choice.override)]
        for key, choice in sizes
    ]
    for name, option in profile.more_options.items():
        overrides = overrides_of_option(option)
        yield [[*_mounts((*base, "profile_options", name, *path), override)] for path, override in overrides]


def _of_size(matrix: Matrix, name: str) -> Iterator[_Mount]:
    size = matrix.catalog.sizes.get(name)  # one that is not there is another finding
    if size and size.shm is not None:
        yield _Mount(("sizes", name, "shm"), "shm", _SHM, "shm")
    yield from _mounts(("sizes", name, OVERRIDE), size.override if size else {})


def _mounts(path: Path, override: Mapping[str, Any]) -> Iterator[_Mount]:
    for key, item in _entries(override.get(MOUNTS)).items():
        at = str(item.get("mountPath", "")).rstrip("/")
        if at:
            yield _Mount((*path, MOUNTS, key, "mountPath"), key, at, str(item.get("name", "")))


def _entries(value: object) -> dict[str, dict[str, Any]]:
    """Return the entries of a mapping of objects; what has another form is another finding."""
    items = value.items() if isinstance(value, dict) else ()
    return {key: item for key, item in items if isinstance(item, dict)}
