"""Makes the variant that a resolution describes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.dockerfile_build import DockerfileBuild
from image_matrix.config.filling import axis_data
from image_matrix.config.layer_order import NO_KIND
from image_matrix.config.model import Kind, Variant
from image_matrix.config.placeholders import fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.layers import Sourced
    from image_matrix.config.model import Image
    from image_matrix.config.resolve import Resolution

DOCKERFILE = "Dockerfile"
"""The name of a Dockerfile where none is given."""


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
    resolution = _without_what_kinds_set(resolution) if build else resolution
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
        accelerator_optional=resolution.value("accelerator_optional"),
        index_url=resolution.index_url.value if resolution.index_url else None,
        cran_snapshot=resolution.cran_snapshot.value if resolution.cran_snapshot else None,
        system_libraries=resolution.system_libraries.value if resolution.system_libraries else None,
        extra_index_urls=tuple(item.value for item in resolution.extra_index_urls),
        channels=tuple(item.value for item in resolution.channels),
        conda_lock=resolution.value("conda_lock"),
        platforms=resolution.platforms.value,
        bundles=tuple(item.value for item in resolution.bundles),
        downloads=tuple(item.value for item in resolution.downloads),
        packages={
            manager: tuple(item.value for item in items) for manager, items in resolution.packages.items()
        },
        env=_values(resolution.env),
        labels=_values(resolution.labels),
        files=_values(resolution.files),
        secrets=tuple(item.value for item in resolution.secrets),
        path=tuple(item.value for item in resolution.path),
        scripts=tuple(item.value for item in resolution.scripts),
        locale=resolution.value("locale"),
        apt_repositories=tuple(item.value for item in resolution.apt_repositories),
        apt_files=tuple(dict.fromkeys(item.value for item in resolution.apt_files)),
        axis_data=axis_data(image, values, parent),
        repository=resolution.value("repository") or image.name,
        publish=resolution.value("publish"),
        tags=tuple(fill(item.value, {"variant": label}) for item in resolution.tags),
        max_size=resolution.value("max_size"),
        refresh_days=resolution.value("refresh_days") if build or resolution.scripts else None,
        provides=_values(resolution.provides),
        stated_python=_stated_python(resolution, parent),
        tests={kind: _values(items) for kind, items in resolution.tests.items()},
        contract=resolution.value("contract"),
        foreign=build is not None or is_foreign(kinds, parent, resolution),
        build=build,
    )


def _stated_python(resolution: Resolution, parent: Variant | None) -> str | None:
    stated = resolution.provides.get("python")
    return stated.value if stated else parent.stated_python if parent else None


def _without_what_kinds_set(resolution: Resolution) -> Resolution:
    """Return the resolution of an image with its own Dockerfile, without the fields that only kinds and lists read."""
    scalars = {
        name: item for name, item in resolution.scalars.items() if name not in ("locale", "conda_lock")
    }
    return replace(
        resolution,
        scalars=scalars,
        env={},
        files={},
        path=(),
        scripts=(),
        apt_repositories=(),
        apt_files=(),
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
