"""What one variant's settings become: one cascade from defaults to overrides, each value with its origin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from image_matrix.config.model import MANAGERS, TEST_KINDS, Settings, Variant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.model import Accelerator, Image, Manager, Match, Matrix, TestKind
    from image_matrix.diagnostics import Path

T = TypeVar("T")
Kind = Literal["default", "matrix", "parent", "bundle", "accelerator", "image", "override"]
GENERIC_TEMPLATE = "generic"
_SCALARS = (
    "source",
    "template",
    "accelerator",
    "description",
    "provider",
    "system_site_packages",
    "pip_index",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: what said so, and at which path of the matrix (empty for a default)."""

    kind: Kind
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


@dataclass(frozen=True, slots=True)
class Resolution:
    """Every setting of a variant with its origin."""

    scalars: Mapping[str, Sourced[Any]]
    platforms: Sourced[tuple[str, ...]]
    downloads: tuple[Sourced[str], ...]
    packages: Mapping[Manager, tuple[Sourced[str], ...]]
    env: Mapping[str, Sourced[str]]
    labels: Mapping[str, Sourced[str]]
    bundles: tuple[Sourced[str], ...] = ()
    tests: Mapping[TestKind, Mapping[str, Sourced[str]]] = field(default_factory=dict)

    def value(self, name: str) -> Any:  # noqa: ANN401 - each scalar has its own type
        """Return a scalar's value, or ``None``."""
        found = self.scalars.get(name)
        return found.value if found else None


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings that one origin contributes; later layers win."""

    origin: Origin
    settings: Settings = field(default_factory=Settings)


def matches(match: Match, values: Mapping[str, str]) -> bool:
    """Say whether axis values satisfy a match."""
    return all(values.get(axis) in wanted for axis, wanted in match.items())


def resolve(matrix: Matrix, image: Image, values: Mapping[str, str], parent: Variant | None) -> Resolution:
    """Resolve the settings of one variant."""
    own = list(_own_layers(image, values))
    first = [_defaults(matrix), *_inherited(parent)]
    bundles = [Sourced(name, layer.origin) for layer in own for name in layer.settings.bundles]
    between = [
        Layer(Origin("bundle", b.value, ("bundles", b.value)), matrix.bundles[b.value]) for b in bundles
    ]
    named = _last([*first, *own], "accelerator")
    accelerator = matrix.accelerators.get(named.value) if named else None
    if named and accelerator:
        between.append(_accelerator_layer(accelerator, inherited=named.origin.kind == "parent"))
        own = [_versioned(layer, accelerator) for layer in own]
    return _merge([*first, *between, *own], tuple(bundles))


def _defaults(matrix: Matrix) -> Layer:
    settings = Settings(
        template=GENERIC_TEMPLATE,
        provider="distribution",
        system_site_packages=False,
        platforms=matrix.platforms,
        labels=matrix.labels,
    )
    return Layer(Origin("default"), settings)


def _inherited(parent: Variant | None) -> list[Layer]:
    """What passes to children; files, packages, variables and labels are already in the parent's image."""
    if parent is None:
        return []
    settings = Settings(
        accelerator=parent.accelerator,
        provider=parent.provider,
        system_site_packages=parent.system_site_packages,
        pip_index=parent.pip_index,
        platforms=parent.platforms,
    )
    return [Layer(Origin("parent", parent.id, ("images", parent.image)), settings)]


def _own_layers(image: Image, values: Mapping[str, str]) -> Iterable[Layer]:
    path: Path = ("images", image.name)
    yield Layer(Origin("image", image.name, path), image.settings)
    for position, override in enumerate(image.overrides):
        if matches(override.match, values):
            text = ", ".join(f"{axis} {'/'.join(wanted)}" for axis, wanted in override.match.items())
            yield Layer(Origin("override", text, (*path, "overrides", position)), override.settings)


def _accelerator_layer(item: Accelerator, *, inherited: bool) -> Layer:
    env = {} if inherited else {key: item.versioned(value) for key, value in item.env.items()}
    settings = Settings(pip_index=item.pip_index, env=env, platforms=item.platforms)
    return _versioned(Layer(Origin("accelerator", item.name, ("accelerators", item.name)), settings), item)


def _versioned(layer: Layer, accelerator: Accelerator) -> Layer:
    """Put the accelerator's version into a layer's package index."""
    index = layer.settings.pip_index
    if index is None:
        return layer
    return Layer(layer.origin, replace(layer.settings, pip_index=accelerator.versioned(index)))


def _last(layers: Sequence[Layer], name: str) -> Sourced[Any] | None:
    found = None
    for layer in layers:
        value = getattr(layer.settings, name)
        if value is not None:
            found = Sourced(value, layer.origin)
    return found


def _merge(layers: Sequence[Layer], bundles: tuple[Sourced[str], ...]) -> Resolution:
    scalars = {name: found for name in _SCALARS if (found := _last(layers, name))}
    packages = {manager: _packages(layers, manager) for manager in MANAGERS}
    downloads = {name: Sourced(name, layer.origin) for layer in layers for name in layer.settings.downloads}
    return Resolution(
        scalars=scalars,
        platforms=_platforms(layers),
        downloads=tuple(downloads.values()),
        packages={manager: items for manager, items in packages.items() if items},
        env={
            key: Sourced(value, layer.origin) for layer in layers for key, value in layer.settings.env.items()
        },
        labels={
            key: Sourced(value, layer.origin)
            for layer in layers
            for key, value in layer.settings.labels.items()
        },
        bundles=bundles,
        tests={kind: said for kind in TEST_KINDS if (said := _tests(layers, kind))},
    )


def _tests(layers: Sequence[Layer], kind: TestKind) -> dict[str, Sourced[str]]:
    return {
        key: Sourced(value, layer.origin)
        for layer in layers
        for key, value in layer.settings.tests.get(kind, {}).items()
    }


def _platforms(layers: Sequence[Layer]) -> Sourced[tuple[str, ...]]:
    """The last that says so wins, but an accelerator only takes away what its devices do not have."""
    found = Sourced(tuple[str, ...](), Origin("default"))
    for layer in layers:
        said = layer.settings.platforms
        if said and layer.origin.kind == "accelerator":
            left = tuple(platform for platform in found.value if platform in said)
            found = found if left == found.value else Sourced(left, layer.origin)
        elif said:
            found = Sourced(said, layer.origin)
    return found


def _packages(layers: Sequence[Layer], manager: Manager) -> tuple[Sourced[str], ...]:
    """What is said last of a package counts; one list may say several things of it, for different Pythons."""
    found: dict[str, list[Sourced[str]]] = {}
    for layer in layers:
        said: dict[str, list[Sourced[str]]] = {}
        for item in layer.settings.packages.get(manager, ()):
            said.setdefault(package_name(manager, item), []).append(Sourced(item, layer.origin))
        found |= said
    return tuple(item for items in found.values() for item in items)


_NAME_END = re.compile(r"[\[\s=<>!~;]")


def package_name(manager: Manager, item: str) -> str:
    """Return the name by which two entries are the same package (PEP 503 for Python)."""
    from packaging.utils import canonicalize_name

    if manager == "npm":
        return item[0] + item[1:].partition("@")[0]
    if manager == "extensions":
        return item.partition("@")[0].lower()
    name = _NAME_END.split(item, maxsplit=1)[0]
    return canonicalize_name(name) if manager == "pip" else name


def variant(
    image: Image, values: Mapping[str, str], label: str, parent: Variant | None, found: Resolution
) -> Variant:
    """Make the variant that a resolution describes."""
    source = found.value("source") if parent is None else None
    return Variant(
        image=image.name,
        values=values,
        label=label,
        parent=parent.id if parent else None,
        source=source,
        root_source=parent.root_source if parent else source or "",
        template=found.value("template"),
        accelerator=found.value("accelerator"),
        description=found.value("description") or "",
        provider=found.value("provider"),
        system_site_packages=found.value("system_site_packages"),
        pip_index=found.value("pip_index"),
        platforms=found.platforms.value,
        bundles=tuple(item.value for item in found.bundles),
        downloads=tuple(item.value for item in found.downloads),
        packages={manager: tuple(item.value for item in items) for manager, items in found.packages.items()},
        env={key: item.value for key, item in found.env.items()},
        labels={key: item.value for key, item in found.labels.items()},
        tests={kind: {key: item.value for key, item in items.items()} for kind, items in found.tests.items()},
    )
