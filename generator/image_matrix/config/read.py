"""Reads plain data of a valid shape into the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from image_matrix.config.accelerators import Accelerator
from image_matrix.config.apt_repositories import read_repositories
from image_matrix.config.catalog import read_catalogs
from image_matrix.config.conda_lock import conda_lock_of
from image_matrix.config.document import FILES, OF_FILES
from image_matrix.config.downloads import Download
from image_matrix.config.layers import REMOVE
from image_matrix.config.model import MANAGERS, TEST_KINDS, Image, Kind, Matrix, Override, Settings
from image_matrix.config.network import read_network
from image_matrix.config.nulls import taken_away, without_nulls
from image_matrix.config.platforms import ARCHITECTURES
from image_matrix.config.release import read_release
from image_matrix.config.workflow import read_workflow
from image_matrix.dag import build_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.model import AxisData, ImageTests, Manager, Match
    from image_matrix.dag import BuildOrder, OtherParents, Parents


NO_KINDS: Mapping[str, Kind] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes at the top of a matrix."""

    values: Mapping[str, tuple[str, ...]]
    data: AxisData


def read_matrix(
    data: Mapping[str, Any],
    order: Callable[[Parents, OtherParents], BuildOrder] = build_order,
    kinds: Mapping[str, Kind] = NO_KINDS,
) -> Matrix:
    """Make the model of a matrix that has passed :func:`image_matrix.config.schema.check_shape`.

    ``order`` orders the images, by their parents and by what else must be built before them. ``kinds`` is what the
    templates say about their kinds.
    """
    axes = {name: tuple(values) for name, values in data.get("axes", {}).items()}
    axis_data = _axis_data(data.get("axes", {}))
    shared = data.get("defaults", {}).get("images", {})
    defaults = read_settings(shared)
    sources = data.get("sources", {})
    images = {
        name: _image(name, item, Axes(axes, axis_data), sources) for name, item in data["images"].items()
    }
    return Matrix(
        registry=data["registry"],
        defaults=defaults,
        axes=axes,
        axis_data=axis_data,
        sources={name: item if isinstance(item, str) else item["image"] for name, item in sources.items()},
        downloads={name: _download(name, item) for name, item in data.get("downloads", {}).items()},
        accelerators={name: _accelerator(name, item) for name, item in data.get("accelerators", {}).items()},
        bundles={name: read_settings(item) for name, item in data.get("bundles", {}).items()},
        images=images,
        order=order(
            {name: next(iter(image.parents), None) for name, image in images.items()},
            {
                name: others
                for name, image in images.items()
                if (others := (*image.parents[1:], *image_contexts(defaults, image, images)))
            },
        ),
        apt_snapshot=_snapshot(shared.get("apt", {}).get("snapshot", False)),
        network=read_network(data.get("network", {})),
        workflow=read_workflow(data.get("workflow", {})),
        release=read_release(data.get("release", {})),
        catalogs=read_catalogs(data),
        provided={name: item["provides"] for name, item in sources.items() if "provides" in item},
        kinds=kinds,
    )


def _snapshot(given: bool | list[str]) -> bool | tuple[str, ...]:
    return given if isinstance(given, bool) else tuple(given)


def image_contexts(defaults: Settings, image: Image, images: Mapping[str, Image]) -> tuple[str, ...]:
    """Return the images that replace names in an image's Dockerfile."""
    every = (defaults, image.settings, *(override.settings for override in image.overrides))
    named = (name for settings in every for name in settings.contexts.values())
    return tuple(dict.fromkeys(name for name in named if name in images and name != image.name))


def read_settings(item: Mapping[str, Any]) -> Settings:
    """Read the fields that images, bundles, overrides and defaults share; what an image is built from is not one."""
    gone = taken_away(item)
    item = without_nulls(item) if gone else item
    packages = {manager: _installer(item.get(manager, ())) for manager in MANAGERS}
    return Settings(
        kind=item.get("kind"),
        accelerator=item.get("accelerator"),
        description=item.get("description"),
        python_provider=item.get("python_provider"),
        system_site_packages=item.get("system_site_packages"),
        accelerator_optional=item.get("accelerator_optional"),
        index_url=packages["pip"].get("index_url"),
        cran_snapshot=packages["cran"].get("snapshot"),
        system_libraries=packages["cran"].get("system_libraries"),
        extra_index_urls=tuple(packages["pip"].get("extra_index_urls", ())),
        channels=tuple(packages["conda"].get("channels", ())),
        conda_lock=conda_lock_of(packages["conda"]),
        apt_repositories=read_repositories(packages["apt"]),
        apt_files=tuple(packages["apt"].get(FILES, ())),
        max_size=item.get("max_size"),
        refresh_days=item.get("refresh_days"),
        contract=item.get("contract"),
        locale=item.get("locale"),
        platforms=tuple(item.get("platforms", ())),
        bundles=tuple(item.get("bundles", ())),
        downloads=tuple(item.get("downloads", ())),
        packages={manager: listed for manager, given in packages.items() if (listed := _listed(given))},
        files=item.get("files", {}),
        scripts=tuple(item.get("scripts", ())),
        secrets=tuple(item.get("secrets", ())),
        path=tuple(item.get("path", ())),
        env=item.get("env", {}),
        labels=item.get("labels", {}),
        tags=tuple(item.get("tags", ())),
        repository=item.get("repository"),
        publish=item.get("publish"),
        context=item.get("context"),
        dockerfile=item.get("dockerfile"),
        target=item.get("target"),
        args=item.get("args", {}),
        contexts=item.get("contexts", {}),
        provides=item.get("provides", {}),
        tests=_tests(item.get("tests", {})),
        taken_away=gone | _removed(packages),
    )


def _removed(packages: Mapping[Manager, Mapping[str, Any]]) -> frozenset[tuple[str, ...]]:
    """Return the packages that installers are to leave out."""
    return frozenset(
        (manager, REMOVE, name) for manager, given in packages.items() for name in given.get(REMOVE, ())
    )


def _installer(item: Mapping[str, Any] | list[str] | tuple[()]) -> Mapping[str, Any]:
    """Read an installer's settings; a list is its packages."""
    return item if isinstance(item, dict) else {"packages": item}


def _listed(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return an installer's packages, then those of its files."""
    return (*given.get("packages", ()), *given.get(OF_FILES, ()))


def _tests(item: Mapping[str, Any]) -> ImageTests:
    """Read tests; of a list's entries nothing but their presence is expected."""
    return {
        kind: item[kind] if isinstance(item[kind], dict) else dict.fromkeys(item[kind], "")
        for kind in TEST_KINDS
        if item.get(kind)
    }


def _axis_data(axes: Mapping[str, Any]) -> AxisData:
    """Read the data of axes whose values are a mapping."""
    return {axis: values for axis, values in axes.items() if isinstance(values, dict)}


def _image(name: str, item: Mapping[str, Any], shared: Axes, sources: Mapping[str, Any]) -> Image:
    listed = item.get("axes", ())
    declared = listed if isinstance(listed, dict) else {axis: shared.values.get(axis, ()) for axis in listed}
    data = {axis: shared.data.get(axis, {}) for axis in declared}
    start = item.get("from")
    return Image(
        name=name,
        parent=None if start in sources else start,
        axes={axis: tuple(values) for axis, values in declared.items()},
        axis_data={**data, **_axis_data(declared)},
        exclude=tuple(read_match(match) for match in item.get("exclude", ())),
        overrides=tuple(_override(entry, sources) for entry in item.get("overrides", ())),
        settings=replace(read_settings(item), source=start if start in sources else None),
    )


def _override(item: Mapping[str, Any], sources: Mapping[str, Any]) -> Override:
    start = item.get("from")
    settings = replace(read_settings(item), source=start if start in sources else None)
    return Override(read_match(item["match"]), settings, None if start in sources else start)


def read_match(item: Mapping[str, Any]) -> Match:
    """Read axis values, and what ``from`` names, one or a list each."""
    return {axis: (value,) if isinstance(value, str) else tuple(value) for axis, value in item.items()}


def _download(name: str, item: Mapping[str, Any]) -> Download:
    sha256, sha512 = _for_each(item.get("sha256", {})), _for_each(item.get("sha512", {}))
    fields = {key: item[key] for key in ("arch", "to", "executable", "unpack", "strip", "deb") if key in item}
    return Download(name, item["version"], item["url"], sha256=sha256, sha512=sha512, **fields)


def _for_each(checksums: str | Mapping[str, str]) -> Mapping[str, str]:
    """Return the checksum for each architecture; a text is for all of them."""
    return dict.fromkeys(ARCHITECTURES, checksums) if isinstance(checksums, str) else checksums


def _accelerator(name: str, item: Mapping[str, Any]) -> Accelerator:
    return Accelerator(
        name=name,
        description=item.get("description", ""),
        version=item.get("version", ""),
        device=item.get("device"),
        index_url=item.get("pip", {}).get("index_url"),
        extra_index_urls=tuple(item.get("pip", {}).get("extra_index_urls", ())),
        channels=tuple(item.get("conda", {}).get("channels", ())),
        apt_repositories=read_repositories(item.get("apt", {})),
        path=tuple(item.get("path", ())),
        env=item.get("env", {}),
        platforms=tuple(item.get("platforms", ())),
        min_driver=item.get("min_driver", ""),
    )
