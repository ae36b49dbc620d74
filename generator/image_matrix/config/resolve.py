"""Resolves the settings of one variant: a cascade from defaults to overrides, each value with its origin."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from image_matrix.config.dockerfile_build import DockerfileBuild
from image_matrix.config.layers import Layer, Origin, Sourced, remaining
from image_matrix.config.model import DEFAULT_CHANNELS, MANAGERS, TEST_KINDS, Kind, Settings, Variant
from image_matrix.config.package_names import package_name
from image_matrix.config.per_platform import MARKS
from image_matrix.config.placeholders import fill, version_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from image_matrix.config.apt_repositories import AptRepository
    from image_matrix.config.model import Accelerator, Image, Manager, Match, Matrix, TestKind
    from image_matrix.diagnostics import Path as FieldPath
    from image_matrix.json_data import Json

T = TypeVar("T")
DOCKERFILE = "Dockerfile"
"""The name of a Dockerfile where none is given."""
FROM = "from"
"""The key of a match that is about what a variant is built FROM."""
NO_KIND = "generic"
"""The template of images that name no kind: they add to what is there."""
_SCALARS = (
    "source",
    "kind",
    "accelerator",
    "description",
    "python_provider",
    "system_site_packages",
    "max_size",
    "contract",
    "locale",
    "repository",
    "publish",
    "context",
    "dockerfile",
    "target",
)

_TEXTS = ("description", "repository", "context", "dockerfile", "target", "index_url", "cran_snapshot")
"""Fields of one text, in which placeholders are replaced."""


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


def matches(match: Match, values: Mapping[str, str]) -> bool:
    """Say whether axis values satisfy a match."""
    return all(values.get(axis) in accepted for axis, accepted in match.items())


def start_of(image: Image, values: Mapping[str, str]) -> str | None:
    """Return what a variant is built FROM: of the overrides that name an image or source, the last that matches."""
    named = (
        one.start for one in reversed(image.overrides) if one.start is not None and matches(one.match, values)
    )
    return next(named, image.start)


def start_path(image: Image, values: Mapping[str, str]) -> FieldPath:
    """Return where the matrix says what a variant is built FROM."""
    path: FieldPath = ("images", image.name)
    for position, override in reversed([*enumerate(image.overrides)]):
        if override.start is not None and matches(override.match, values):
            return (*path, "overrides", position, "from")
    return (*path, "from")


def fits(match: Match, image: Image, values: Mapping[str, str]) -> bool:
    """Say whether a variant satisfies a match: by its axis values, and by what it is built FROM."""
    start = start_of(image, values) if FROM in match else None
    return matches(match, values if start is None else {**values, FROM: start})


def resolve(matrix: Matrix, image: Image, values: Mapping[str, str], parent: Variant | None) -> Resolution:
    """Resolve the settings of one variant: built in, defaults, parent, then the image and its overrides.

    A bundle or accelerator comes just before the image or override that names it; later layers win.
    """
    layers = layers_of(matrix, image, values, parent)
    texts = placeholder_values(image, values, parent, _last(layers, "source"))
    return merged([filled(layer, texts) for layer in remaining(layers)])


def layers_of(matrix: Matrix, image: Image, values: Mapping[str, str], parent: Variant | None) -> list[Layer]:
    """Return what sets the settings of one variant, in the order of precedence; the last wins."""
    first = [_built_in(), _defaults(matrix), *_inherited(parent)]
    named = [_without_source(layer) if parent else layer for layer in _image_layers(image, values)]
    accelerator = _last(remaining([*first, *named]), "accelerator")
    owner = accelerator.origin if accelerator else None
    layers = [
        *first,
        *_source_layer(matrix, [*first, *named], parent),
        *_kind_layer(matrix, [*first, *named]),
    ]
    for layer in named:
        layers += [_bundle_layer(matrix, name) for name in layer.settings.bundles]
        inherited = owner is not None and layer is named[0] and owner.kind in ("defaults", "parent")
        if accelerator and accelerator.value in matrix.accelerators and (owner == layer.origin or inherited):
            layers.append(
                _accelerator_layer(matrix.accelerators[accelerator.value], inherited=owner != layer.origin)
            )
        layers.append(layer)
    return layers


def placeholder_values(
    image: Image, values: Mapping[str, str], parent: Variant | None, source: Sourced[Any] | None
) -> dict[str, str]:
    """Return what placeholders in the texts of an image stand for: its axes with their parts, its name and parent."""
    start = parent.image if parent else source.value if source else ""
    axes = {key: text for axis, value in values.items() for key, text in version_parts(axis, value).items()}
    return {**axes, **axis_data(image, values, parent), "image": image.name, "from": start}


def axis_data(image: Image, values: Mapping[str, str], parent: Variant | None) -> dict[str, str]:
    """Return the data of a variant's axis values, its parent's included: ``r.day`` to the text."""
    declared = {
        f"{axis}.{name}": text
        for axis, value in values.items()
        for name, text in image.axis_data.get(axis, {}).get(value, {}).items()
    }
    return {**(parent.axis_data if parent else {}), **declared}


def filled(layer: Layer, values: Mapping[str, str]) -> Layer:
    """Put values into every text of a layer."""
    given = layer.settings

    def every(texts: Mapping[str, str]) -> dict[str, str]:
        return {fill(key, values): fill(text, values) for key, text in texts.items()}

    texts: dict[str, Any] = {
        name: fill(text, values) for name in _TEXTS if (text := getattr(given, name)) is not None
    }
    settings = replace(
        given,
        **texts,
        extra_index_urls=tuple(fill(text, values) for text in given.extra_index_urls),
        packages={
            manager: tuple(fill(item, values) for item in items) for manager, items in given.packages.items()
        },
        files={path: fill(source, values) for path, source in given.files.items()},
        scripts=tuple(fill(text, values) for text in given.scripts),
        apt_repositories=tuple(
            one.with_texts(lambda text: fill(text, values)) for one in given.apt_repositories
        ),
        apt_files=tuple(fill(text, values) for text in given.apt_files),
        path=tuple(fill(text, values) for text in given.path),
        env={fill(key, values): fill(text, {**values, **MARKS}) for key, text in given.env.items()},
        labels=every(given.labels),
        tags=tuple(fill(text, values) for text in given.tags),
        args=every(given.args),
        contexts={fill(key, values): name for key, name in given.contexts.items()},
        provides=every(given.provides),
        tests={kind: every(texts) for kind, texts in given.tests.items()},
    )
    return replace(layer, settings=settings)


def _built_in() -> Layer:
    settings = Settings(
        kind=NO_KIND,
        python_provider="distribution",
        system_site_packages=False,
        publish=True,
        contract="none",
        platforms=("linux/amd64",),
        channels=DEFAULT_CHANNELS,
    )
    return Layer(Origin("built in"), settings)


def _defaults(matrix: Matrix) -> Layer:
    return Layer(Origin("defaults", "", ("defaults", "images")), matrix.defaults)


def _inherited(parent: Variant | None) -> list[Layer]:
    """What passes to children; files, packages, variables and labels are already in the parent's image."""
    if parent is None:
        return []
    settings = Settings(
        accelerator=parent.accelerator,
        python_provider=parent.python_provider,
        system_site_packages=parent.system_site_packages,
        index_url=parent.index_url,
        cran_snapshot=parent.cran_snapshot,
        extra_index_urls=parent.extra_index_urls,
        channels=parent.channels,
        contract=parent.contract,
        platforms=parent.platforms,
    )
    return [Layer(Origin("parent", parent.id, ("images", parent.image)), settings)]


def _source_layer(matrix: Matrix, layers: Sequence[Layer], parent: Variant | None) -> Iterable[Layer]:
    """Yield what the source of an image provides; with a parent, its ancestors have that already."""
    source = None if parent else _last(remaining(layers), "source")
    if source and source.value in matrix.provided:
        path: FieldPath = ("sources", source.value)
        yield Layer(Origin("source", source.value, path), Settings(provides=matrix.provided[source.value]))


def _kind_layer(matrix: Matrix, layers: Sequence[Layer]) -> Iterable[Layer]:
    """Yield what the kind of an image sets: the contract of its template."""
    kind = _last(remaining(layers), "kind")
    if kind and kind.value != NO_KIND:
        contract = matrix.kinds.get(kind.value, Kind()).contract
        yield Layer(Origin("kind", kind.value), Settings(contract=contract))


def _image_layers(image: Image, values: Mapping[str, str]) -> Iterable[Layer]:
    path: FieldPath = ("images", image.name)
    yield Layer(Origin("image", image.name, path), image.settings)
    for position, override in enumerate(image.overrides):
        if fits(override.match, image, values):
            text = ", ".join(f"{axis} {'/'.join(accepted)}" for axis, accepted in override.match.items())
            yield Layer(Origin("override", text, (*path, "overrides", position)), override.settings)


def _without_source(layer: Layer) -> Layer:
    """Return a layer of a variant that is built on an image, where the source is that of other variants."""
    return replace(layer, settings=replace(layer.settings, source=None))


def _bundle_layer(matrix: Matrix, name: str) -> Layer:
    return Layer(Origin("bundle", name, ("bundles", name)), matrix.bundles.get(name, Settings()))


def _accelerator_layer(item: Accelerator, *, inherited: bool) -> Layer:
    """Return what an accelerator sets.

    Where it is inherited, its variables and repositories of apt are in the parent's image already.
    """
    env = {} if inherited else {key: item.versioned(value) for key, value in item.env.items()}
    repositories = () if inherited else item.apt_repositories
    indexes = tuple(item.versioned(address) for address in item.extra_index_urls)
    index = item.versioned(item.index_url) if item.index_url else None
    settings = Settings(
        index_url=index,
        extra_index_urls=indexes,
        channels=item.channels,
        apt_repositories=tuple(one.with_texts(item.versioned) for one in repositories),
        env=env,
        platforms=item.platforms,
    )
    return Layer(Origin("accelerator", item.name, ("accelerators", item.name)), settings)


def _last(layers: Sequence[Layer], name: str) -> Sourced[Any] | None:
    last = None
    for layer in layers:
        value = getattr(layer.settings, name)
        if value is not None:
            last = Sourced(value, layer.origin)
    return last


def merged(layers: Sequence[Layer]) -> Resolution:
    """Merge layers, the last of which wins.

    Text and numbers replace, mappings merge by key, packages by name, other lists replace. What a layer takes away is
    gone already (:func:`image_matrix.config.layers.remaining`).
    """
    scalars = {name: setting for name in _SCALARS if (setting := _last(layers, name))}
    if "context" in scalars and not is_of_dockerfile(layers):
        del scalars["context"]
    packages = {manager: _packages(layers, manager) for manager in MANAGERS}
    downloads = {name: Sourced(name, layer.origin) for layer in layers for name in layer.settings.downloads}
    return Resolution(
        scalars=scalars,
        platforms=_platforms(layers),
        downloads=tuple(downloads.values()),
        packages={manager: items for manager, items in packages.items() if items},
        env=_entries(layers, "env"),
        labels=_entries(layers, "labels"),
        tags=_last_list(layers, lambda settings: settings.tags),
        index_url=_last(layers, "index_url"),
        cran_snapshot=_last(layers, "cran_snapshot"),
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


def is_foreign(kinds: Mapping[str, Kind], parent: Variant | None, resolution: Resolution) -> bool:
    """Say whether an image keeps the user, home and entry point of what it is built from, which no kind has made."""
    if parent is not None:
        return parent.foreign
    kind = resolution.value("kind")
    return kind == NO_KIND or not kinds.get(kind, Kind()).lays_out


def variant(
    image: Image,
    values: Mapping[str, str],
    label: str,
    parent: Variant | None,
    resolution: Resolution,
    kinds: Mapping[str, Kind],
) -> Variant:
    """Make the variant that a resolution describes; ``kinds`` is what the templates say about their kinds."""
    source = resolution.value("source") if parent is None else None
    build = _dockerfile_build(resolution)
    return Variant(
        image=image.name,
        values=values,
        label=label,
        parent=parent.id if parent else None,
        source=source,
        root_source=parent.root_source if parent else source or "",
        kind=NO_KIND if build else resolution.value("kind"),
        accelerator=resolution.value("accelerator"),
        description=resolution.value("description") or "",
        python_provider=resolution.value("python_provider"),
        system_site_packages=resolution.value("system_site_packages"),
        index_url=resolution.index_url.value if resolution.index_url else None,
        cran_snapshot=resolution.cran_snapshot.value if resolution.cran_snapshot else None,
        extra_index_urls=tuple(item.value for item in resolution.extra_index_urls),
        channels=tuple(item.value for item in resolution.channels),
        platforms=resolution.platforms.value,
        bundles=tuple(item.value for item in resolution.bundles),
        downloads=tuple(item.value for item in resolution.downloads),
        packages={
            manager: tuple(item.value for item in items) for manager, items in resolution.packages.items()
        },
        env={} if build else _values(resolution.env),
        labels={} if build else _values(resolution.labels),
        files={} if build else _values(resolution.files),
        secrets=tuple(item.value for item in resolution.secrets),
        path=() if build else tuple(item.value for item in resolution.path),
        scripts=() if build else tuple(item.value for item in resolution.scripts),
        locale=None if build else resolution.value("locale"),
        apt_repositories=() if build else tuple(item.value for item in resolution.apt_repositories),
        apt_files=() if build else tuple(dict.fromkeys(item.value for item in resolution.apt_files)),
        axis_data=axis_data(image, values, parent),
        repository=resolution.value("repository") or image.name,
        publish=resolution.value("publish"),
        tags=tuple(fill(item.value, {"variant": label}) for item in resolution.tags),
        max_size=resolution.value("max_size"),
        provides=_values(resolution.provides),
        tests={kind: _values(items) for kind, items in resolution.tests.items()},
        contract=resolution.value("contract"),
        foreign=build is not None or is_foreign(kinds, parent, resolution),
        build=build,
    )


def _values(entries: Mapping[str, Sourced[str]]) -> dict[str, str]:
    return {key: item.value for key, item in entries.items()}


def _dockerfile_build(resolution: Resolution) -> DockerfileBuild | None:
    """Return what an image is built from whose Dockerfile stays as it is; paths are as the matrix has them."""
    context = resolution.value("context")
    if context is None:
        return None
    return DockerfileBuild(
        context=context,
        dockerfile=resolution.value("dockerfile") or DOCKERFILE,
        args=_values(resolution.args),
        target=resolution.value("target"),
        contexts=_values(resolution.contexts),
    )
