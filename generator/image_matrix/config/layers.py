"""What sets the settings of a variant, in the order of precedence, and what ``null`` takes away of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from image_matrix.config.model import MANAGERS, Settings
from image_matrix.config.package_names import package_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

T = TypeVar("T")
OriginKind = Literal[
    "built in", "defaults", "parent", "source", "kind", "bundle", "accelerator", "image", "override"
]
Steps = tuple[str, ...]
"""A field of an image, or an entry of one: ``("env", "LANG")``; a removed package: ``("pip", "remove", "numpy")``."""
REMOVE = "remove"
"""The field of an installer with the names of packages to leave out."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: what sets it, and at which path of the matrix (empty for what is built in)."""

    kind: OriginKind
    name: str = ""
    path: Path = ()

    def __str__(self) -> str:
        """Return it as a user reads it: ``bundle full``."""
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T]):
    """A value with its origin."""

    value: T
    origin: Origin
    position: int | None = None
    """Where it stands in the list of its origin, for entries of packages, tags and addresses."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings that one origin contributes; later layers win."""

    origin: Origin
    settings: Settings = field(default_factory=Settings)
    left_out: frozenset[tuple[str, str]] = frozenset()
    """Installer and name of the packages of these settings that a later layer removes."""


def remaining(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers without what a later one takes away of them; what is built in stays."""
    result: list[Layer] = []
    for layer in layers:
        gone = layer.settings.taken_away
        if gone:
            result = [_without(before, gone) for before in result]
        result.append(layer)
    return result


def idle(layers: Sequence[Layer]) -> set[tuple[Path, Steps]]:
    """Return the ``null`` and removed packages that take nothing away: path of the layer, and field."""
    return {
        (layer.origin.path, steps)
        for at, layer in enumerate(layers)
        for steps in layer.settings.taken_away
        if all(_without(before, {steps}) == before for before in remaining(layers[:at]))
    }


def _without(layer: Layer, gone: Collection[Steps]) -> Layer:
    if layer.origin.kind == "built in":
        return layer
    if layer.origin.kind == "bundle" and ("bundles",) in gone:
        return Layer(layer.origin)
    settings, left_out = layer.settings, set(layer.left_out)
    for steps in gone:
        if steps[1:2] == (REMOVE,):
            left_out |= _listed(settings, steps[0], steps[2])
        else:
            settings = _less(settings, steps)
    return replace(layer, settings=settings, left_out=frozenset(left_out))


def _listed(settings: Settings, installer: str, name: str) -> set[tuple[str, str]]:
    """Return a package that is to be left out, if the settings list it."""
    for manager, items in settings.packages.items():
        key = package_name(manager, name)
        if manager == installer and any(package_name(manager, item) == key for item in items):
            return {(manager, key)}
    return set()


def _less(settings: Settings, steps: Steps) -> Settings:
    """Return settings without a field, or without an entry of it."""
    name, *inner = steps
    if name in MANAGERS and inner:
        return replace(settings, **{inner[0]: getattr(Settings(), inner[0])})
    if name in MANAGERS:
        packages = {key: items for key, items in settings.packages.items() if key != name}
        without: dict[str, dict[str, Json]] = {
            "apt": {"apt_repositories": (), "apt_files": ()},
            "pip": {"index_url": None, "extra_index_urls": ()},
            "conda": {"channels": (), "conda_lock": None},
            "cran": {"cran_snapshot": None, "system_libraries": None},
        }
        return replace(settings, packages=packages, **without.get(name, {}))
    left: Json = _entries(getattr(settings, name), inner) if inner else getattr(Settings(), name)
    return replace(settings, **{name: left})


def _entries(items: Mapping[str, object], steps: Sequence[str]) -> dict[str, object]:
    """Return a mapping without what is at a path in it."""
    name, *inner = steps
    if not inner:
        return {key: item for key, item in items.items() if key != name}
    below = items.get(name)
    return {**items, name: _entries(below, inner)} if isinstance(below, dict) else dict(items)


def last(layers: Sequence[Layer], name: str) -> Sourced[Any] | None:
    """Return what the last layer that sets a field says, if any does."""
    given = [(layer, getattr(layer.settings, name)) for layer in layers]
    setting = next(((layer, value) for layer, value in reversed(given) if value is not None), None)
    return Sourced(setting[1], setting[0].origin) if setting else None
