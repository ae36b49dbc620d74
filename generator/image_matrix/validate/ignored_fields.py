"""Finds fields that have no effect: on images with a Dockerfile of their own, or without a variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from image_matrix.config.layer_order import layers_of
from image_matrix.config.layers import remaining
from image_matrix.config.model import MANAGERS, Kind
from image_matrix.config.resolve import is_of_dockerfile
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.layers import Layer
    from image_matrix.config.model import Matrix, Settings, Variant
    from image_matrix.diagnostics import Finding, Path


_LISTS = (*MANAGERS, "files", "scripts", "env", "path", "downloads", "bundles")
"""Fields of an image that a Dockerfile of its user ignores, unless they are empty."""
_SCALARS = ("kind", "python_provider", "system_site_packages", "locale")
_OF_DOCKERFILES = ("dockerfile", "target", "args", "contexts")
"""Fields that say something about a Dockerfile: they need ``context``."""


def ignored(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Yield fields that have an effect in no variant, because of a Dockerfile or for want of one."""
    for name, image in matrix.images.items():
        idle: dict[Path, Finding] = {}
        used: set[Path] = set()
        for item in (one for one in expanded.values() if one.image == name):
            layers = remaining(layers_of(matrix, image, item.values, expanded.get(item.parent or "")))
            of_dockerfile = is_of_dockerfile(layers)
            of_defaults = _context_of_defaults(layers)
            kind = matrix.kinds.get(item.kind, Kind())
            for layer in layers:
                if layer.origin.kind in ("image", "override"):
                    for path, is_idle in _effects(matrix, layer, of_dockerfile=of_dockerfile):
                        field = ".".join(map(str, path[len(layer.origin.path) :]))
                        if not of_dockerfile and field in kind.ignores:
                            idle[path] = _not_read(path, item.kind)
                        elif is_idle:
                            idle[path] = _no_effect(path, name, of_defaults, of_dockerfile=of_dockerfile)
                        else:
                            used.add(path)
        yield from (finding for path, finding in idle.items() if path not in used)


def without_variant(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Yield images in ``contexts`` that have no variant with the values of the axes of the one that names them."""
    for item in expanded.values():
        for key, image in item.build.contexts.items() if item.build else ():
            if image in matrix.images and item.build and key not in item.build.images:
                values = ", ".join(f"{axis} {value}" for axis, value in item.values.items())
                origin = resolution_of(matrix, expanded, item).contexts[key].origin
                path = (*origin.path, "contexts", key)
                problem = f"`{image}` has no variant with {values or 'the values of this one'}"
                yield bad_value(
                    path, problem, f"add the values to the axes of `{image}`, or write another image"
                )


def _effects(matrix: Matrix, layer: Layer, *, of_dockerfile: bool) -> Iterator[tuple[Path, bool]]:
    """Yield the fields of a layer that only one of both sorts of images has, and whether this one ignores them."""
    settings, path = layer.settings, layer.origin.path
    for field in _fields_of_kinds(settings):
        yield (*path, field), of_dockerfile
    for field in _fields_of_apt(settings):
        yield ((*path, "apt") if of_dockerfile else (*path, "apt", field)), of_dockerfile
    for field in _OF_DOCKERFILES:
        if getattr(settings, field):
            yield (*path, field), not of_dockerfile
    accelerator = matrix.accelerators.get(settings.accelerator or "")
    if (
        accelerator
        and (accelerator.env or accelerator.path or accelerator.apt_repositories)
        and of_dockerfile
    ):
        yield (*path, "accelerator"), True


def _fields_of_kinds(settings: Settings) -> Iterator[str]:
    yield from (field for field in _SCALARS if getattr(settings, field) is not None)
    for field in _LISTS:
        if settings.packages.get(field) if field in MANAGERS else getattr(settings, field):
            yield field
    if (settings.index_url or settings.extra_index_urls) and not settings.packages.get("pip"):
        yield "pip"
    if settings.channels and not settings.packages.get("conda"):
        yield "conda"


def _fields_of_apt(settings: Settings) -> Iterator[str]:
    """Yield the settings of apt that a kind's template, or a Dockerfile, may leave unread."""
    if settings.apt_repositories:
        yield "repositories"
    if settings.apt_files:
        yield "files"


def _not_read(path: Path, kind: str) -> Finding:
    reason = f"the template of kind `{kind}` does not read it"
    advice = f"let templates/dockerfiles/{kind}.Dockerfile.j2 extend `skeleton.Dockerfile.j2`, or remove `{path[-1]}`"
    return rules.IGNORED_FIELD.at(path, "key", reason=reason, advice=advice)


def _context_of_defaults(layers: Sequence[Layer]) -> Literal["none", "replaced", "used"]:
    """Say whether ``defaults`` has a folder of a Dockerfile, and whether it is that of the image."""
    kinds = [layer.origin.kind for layer in layers if layer.settings.context is not None]
    if "defaults" not in kinds:
        return "none"
    return "used" if kinds[-1] == "defaults" else "replaced"


def _no_effect(
    path: Path, image: str, of_defaults: Literal["none", "replaced", "used"], *, of_dockerfile: bool
) -> Finding:
    field = path[-1]
    if not of_dockerfile:
        advice = "add `context: FOLDER`, the folder of the Dockerfile, or remove it"
        reason = "the image has no `context`"
    elif field == "kind":
        advice, reason = "remove `kind` or `context`", "the image is built from its own Dockerfile"
    elif field == "accelerator":
        advice = "set its `env`, `path` and repositories in the Dockerfile, "
        advice += "and name the accelerator in an image that is built on this one"
        reason = "its `env`, `path` and `apt` are not in an image that is built from its own Dockerfile"
    elif of_defaults == "used":
        advice = f"write `context: null` at `images.{image}` if it is to have no Dockerfile of its own, "
        advice += "or do it in the Dockerfile"
        reason = "the image is built from its own Dockerfile, by `context` of `defaults`"
    else:
        null = " with `context: null`" if of_defaults == "replaced" else ""
        advice = f"do it in the Dockerfile, or move `{field}` to an image{null} that is built on `{image}`"
        reason = "the image is built from its own Dockerfile"
    return rules.IGNORED_FIELD.at(path, "key", reason=reason, advice=advice)
