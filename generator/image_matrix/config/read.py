"""Plain data of the right shape to the model's declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.build import read_build
from image_matrix.config.model import (
    MANAGERS,
    TEST_KINDS,
    Accelerator,
    Download,
    Image,
    Matrix,
    Mirrors,
    Override,
    Settings,
)
from image_matrix.config.profiles import read_catalog
from image_matrix.dag import build_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.model import Match, OwnTests
    from image_matrix.dag import BuildOrder, Parents

DEFAULT_PLATFORMS = ("linux/amd64",)
DEFAULT_FRONTEND = "docker.io/docker/dockerfile:1"


def read_matrix(data: Mapping[str, Any], order: Callable[[Parents], BuildOrder] = build_order) -> Matrix:
    """Make the model of a matrix that has passed :func:`image_matrix.config.schema.check_shape`.

    ``order`` orders the images.
    """
    axes = {name: tuple(values) for name, values in data.get("axes", {}).items()}
    images = {name: _image(name, item, axes) for name, item in data["images"].items()}
    return Matrix(
        registry=data["registry"],
        platforms=tuple(data.get("platforms", DEFAULT_PLATFORMS)),
        frontend=data.get("frontend", DEFAULT_FRONTEND),
        labels=data.get("labels", {}),
        axes=axes,
        sources=data.get("sources", {}),
        downloads={name: _download(name, item) for name, item in data.get("downloads", {}).items()},
        accelerators={name: _accelerator(name, item) for name, item in data.get("accelerators", {}).items()},
        bundles={name: read_settings(item) for name, item in data.get("bundles", {}).items()},
        images=images,
        order=order({name: image.parent for name, image in images.items()}),
        mirrors=Mirrors(**data.get("mirrors", {})),
        ca_bundle=data.get("ca_bundle"),
        netrc=data.get("netrc"),
        apt_snapshot=data.get("apt_snapshot", False),
        build=read_build(data.get("build", {})),
        catalog=read_catalog(data),
    )


def read_settings(item: Mapping[str, Any]) -> Settings:
    """Read the fields that images, bundles and overrides share."""
    python = item.get("python", {})
    return Settings(
        source=item.get("from"),
        template=item.get("template"),
        accelerator=item.get("accelerator"),
        description=item.get("description"),
        provider=python.get("provider"),
        system_site_packages=python.get("system_site_packages"),
        pip_index=item.get("pip_index"),
        platforms=tuple(item.get("platforms", ())),
        bundles=tuple(item.get("bundles", ())),
        downloads=tuple(item.get("downloads", ())),
        packages={manager: tuple(item[manager]) for manager in MANAGERS if item.get(manager)},
        env=item.get("env", {}),
        labels=item.get("labels", {}),
        tests=_tests(item.get("tests", {})),
    )


def _tests(item: Mapping[str, Any]) -> OwnTests:
    """Read tests; of a list's entries nothing but their presence is expected."""
    return {
        kind: item[kind] if isinstance(item[kind], dict) else dict.fromkeys(item[kind], "")
        for kind in TEST_KINDS
        if item.get(kind)
    }


def _image(name: str, item: Mapping[str, Any], axes: Mapping[str, tuple[str, ...]]) -> Image:
    own = item.get("axes", ())
    return Image(
        name=name,
        parent=item.get("parent"),
        axes={axis: tuple(own[axis]) if isinstance(own, dict) else axes.get(axis, ()) for axis in own},
        only=read_match(item.get("only", {})),
        exclude=tuple(read_match(match) for match in item.get("exclude", ())),
        overrides=tuple(
            Override(read_match(o["match"]), read_settings(o)) for o in item.get("overrides", ())
        ),
        settings=read_settings(item),
    )


def read_match(item: Mapping[str, Any]) -> Match:
    """Read axis values, one or a list each."""
    return {axis: (value,) if isinstance(value, str) else tuple(value) for axis, value in item.items()}


def _download(name: str, item: Mapping[str, Any]) -> Download:
    sha256 = item.get("sha256", {})
    both = {"amd64": sha256, "arm64": sha256} if isinstance(sha256, str) else sha256
    fields = {key: item[key] for key in ("arch", "to", "unpack", "strip", "deb") if key in item}
    return Download(name, item["version"], item["url"], sha256=both, **fields)


def _accelerator(name: str, item: Mapping[str, Any]) -> Accelerator:
    return Accelerator(
        name=name,
        description=item.get("description", ""),
        version=item.get("version", ""),
        resource=item.get("resource"),
        pip_index=item.get("pip_index"),
        env=item.get("env", {}),
        platforms=tuple(item.get("platforms", ())),
    )
