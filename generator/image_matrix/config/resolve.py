"""Resolves the settings of one variant: merges layers, the last of which wins; each value has its origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from image_matrix.config.filling import filled, placeholder_values
from image_matrix.config.layer_order import layers_of
from image_matrix.config.layers import Layer, Origin, Sourced, last, remaining
from image_matrix.config.model import MANAGERS, TEST_KINDS, Settings, Variant
from image_matrix.config.package_names import package_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from image_matrix.config.apt_repositories import AptRepository
    from image_matrix.config.model import Image, Manager, Matrix, SystemLibraries, TestKind
    from image_matrix.json_data import Json

T = TypeVar("T")


_SCALARS = (
    "source",
    "kind",
    "accelerator",
    "description",
    "python_provider",
    "system_site_packages",
    "accelerator_optional",
    "max_size",
    "refresh_days",
    "contract",
    "locale",
    "repository",
    "publish",
    "context",
    "dockerfile",
    "target",
    "conda_lock",
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Every setting of a variant with its origin."""

    scalars: Mapping[str, Sourced[Any]]
    platforms: Sourced[tuple[str, ...]]
    downloads: tuple[Sourced[str], ...]
    packages: Mapping[Manager, tuple[Sourced[str], ...]]
    env: Mapping[str, Sourced[str]]
    labels: Mapping[str, Sourced[str]]
    tags: tuple[Sourced[str], ...] = ()
    index_url: Sourced[str] | None = None
    cran_snapshot: Sourced[str] | None = None
    system_libraries: Sourced[SystemLibraries] | None = None
    extra_index_urls: tuple[Sourced[str], ...] = ()
    channels: tuple[Sourced[str], ...] = ()
    args: Mapping[str, Sourced[str]] = field(default_factory=dict)
    contexts: Mapping[str, Sourced[str]] = field(default_factory=dict)
    provides: Mapping[str, Sourced[str]] = field(default_factory=dict)
    files: Mapping[str, Sourced[str]] = field(default_factory=dict)
    scripts: tuple[Sourced[str], ...] = ()
    apt_repositories: tuple[Sourced[AptRepository], ...] = ()
    apt_files: tuple[Sourced[str], ...] = ()
    secrets: tuple[Sourced[str], ...] = ()
    path: tuple[Sourced[str], ...] = ()
    bundles: tuple[Sourced[str], ...] = ()
    tests: Mapping[TestKind, Mapping[str, Sourced[str]]] = field(default_factory=dict)

    def value(self, name: str) -> Json:
        """Return a scalar's value, or ``None``."""
        setting = self.scalars.get(name)
        return setting.value if setting else None


def resolve(matrix: Matrix, image: Image, values: Mapping[str, str], parent: Variant | None) -> Resolution:
    """Resolve the settings of one variant: built in, defaults, parent, then the image and its overrides.

    A bundle or accelerator comes just before the image or override that names it; later layers win.
    """
    layers = layers_of(matrix, image, values, parent)
    texts = placeholder_values(image, values, parent, last(layers, "source"))
    return merged([filled(layer, texts) for layer in remaining(layers)])


def merged(layers: Sequence[Layer]) -> Resolution:
    """Merge layers, the last of which wins.

    Text and numbers replace, mappings merge by key, packages by name, other lists replace. What a layer takes away is
    gone already (:func:`image_matrix.config.layers.remaining`).
    """
    scalars = {name: setting for name in _SCALARS if (setting := last(layers, name))}
    if "context" in scalars and not is_of_dockerfile(layers):
        del scalars["context"]
    packages = {manager: _packages(layers, manager) for manager in MANAGERS}
    packages["conda"] = _without_other_locks(layers, packages["conda"])
    downloads = {name: Sourced(name, layer.origin) for layer in layers for name in layer.settings.downloads}
    return Resolution(
        scalars=scalars,
        platforms=_platforms(layers),
        downloads=tuple(downloads.values()),
        packages={manager: items for manager, items in packages.items() if items},
        env=_entries(layers, "env"),
        labels=_entries(layers, "labels"),
        tags=_last_list(layers, lambda settings: settings.tags),
        index_url=last(layers, "index_url"),
        cran_snapshot=last(layers, "cran_snapshot"),
        system_libraries=last(layers, "system_libraries"),
        extra_index_urls=_last_list(layers, lambda settings: settings.extra_index_urls),
        channels=_last_list(layers, lambda settings: settings.channels),
        args=_entries(layers, "args"),
        contexts=_entries(layers, "contexts"),
        provides=_entries(layers, "provides"),
        files=_entries(layers, "files"),
        scripts=_listed(layers, lambda settings: settings.scripts),
        apt_repositories=_last_list(layers, lambda settings: settings.apt_repositories),
        apt_files=_listed(layers, lambda settings: settings.apt_files),
        path=_path(layers),
        secrets=_last_list(layers, lambda settings: settings.secrets),
        bundles=tuple(Sourced(name, layer.origin) for layer in layers for name in layer.settings.bundles),
        tests={kind: declared for kind in TEST_KINDS if (declared := _tests(layers, kind))},
    )


def _without_other_locks(
    layers: Sequence[Layer], packages: tuple[Sourced[str], ...]
) -> tuple[Sourced[str], ...]:
    """Return the packages of conda without those of lock files that another one replaces."""
    locks = [(layer.origin, layer.settings.conda_lock) for layer in layers if layer.settings.conda_lock]
    replaced = {(origin, entry) for origin, lock in locks[:-1] for entry in lock.entries}
    return tuple(item for item in packages if (item.origin, item.value) not in replaced)


def is_of_dockerfile(layers: Sequence[Layer]) -> bool:
    """Say whether an image is built from its own Dockerfile: what says so last, ``kind`` or ``context``, counts."""
    for layer in reversed(layers):
        if layer.settings.context is not None:
            return True
        if layer.settings.kind is not None:
            return False
    return False


def _entries(layers: Sequence[Layer], name: str) -> dict[str, Sourced[str]]:
    """Merge a mapping by key."""
    return {
        key: Sourced(value, layer.origin)
        for layer in layers
        for key, value in getattr(layer.settings, name).items()
    }


def _last_list(layers: Sequence[Layer], items: Callable[[Settings], tuple[T, ...]]) -> tuple[Sourced[T], ...]:
    """Return the items of the last layer that has any."""
    given = [layer for layer in layers if items(layer.settings)]
    return _listed(given[-1:], items)


def _listed(layers: Sequence[Layer], items: Callable[[Settings], tuple[T, ...]]) -> tuple[Sourced[T], ...]:
    """Return the items of all layers, in their order."""
    return tuple(
        Sourced(item, layer.origin, at) for layer in layers for at, item in enumerate(items(layer.settings))
    )


def _path(layers: Sequence[Layer]) -> tuple[Sourced[str], ...]:
    """Return the folders of all layers, each once; those of later layers come first, and so are found first."""
    folders: dict[str, Sourced[str]] = {}
    for layer in reversed(layers):
        for at, folder in enumerate(layer.settings.path):
            folders.setdefault(folder, Sourced(folder, layer.origin, at))
    return tuple(folders.values())


def _tests(layers: Sequence[Layer], kind: TestKind) -> dict[str, Sourced[str]]:
    return {
        key: Sourced(value, layer.origin)
        for layer in layers
        for key, value in layer.settings.tests.get(kind, {}).items()
    }


def _platforms(layers: Sequence[Layer]) -> Sourced[tuple[str, ...]]:
    """The last that says so wins, but an accelerator only takes away what its devices do not have."""
    platforms = Sourced(tuple[str, ...](), Origin("built in"))
    for layer in layers:
        declared = layer.settings.platforms
        if declared and layer.origin.kind == "accelerator":
            left = tuple(platform for platform in platforms.value if platform in declared)
            platforms = platforms if left == platforms.value else Sourced(left, layer.origin)
        elif declared:
            platforms = Sourced(declared, layer.origin)
    return platforms


def _packages(layers: Sequence[Layer], manager: Manager) -> tuple[Sourced[str], ...]:
    """What is said last of a package counts; one list may say several things of it, for different Pythons."""
    by_name: dict[str, list[Sourced[str]]] = {}
    for layer in layers:
        declared: dict[str, list[Sourced[str]]] = {}
        for at, item in enumerate(layer.settings.packages.get(manager, ())):
            name = package_name(manager, item)
            if (manager, name) not in layer.left_out:
                declared.setdefault(name, []).append(Sourced(item, layer.origin, at))
        by_name |= declared
    return tuple(item for items in by_name.values() for item in items)
