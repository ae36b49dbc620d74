"""Checks references by name: parents, sources, bundles, accelerators, downloads, templates."""

from __future__ import annotations

import re
from itertools import pairwise, product
from typing import TYPE_CHECKING

from image_matrix.config.catalog import offered_sources
from image_matrix.config.layer_order import FROM, NO_KIND, start_of
from image_matrix.config.model import DECLARED_IN
from image_matrix.config.variants import kept
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.validate.findings import bad_value, unknown
from image_matrix.validate.names import is_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from image_matrix.config.model import Matrix, Settings
    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath


def settings_of(matrix: Matrix) -> Iterator[tuple[FieldPath, Settings]]:
    """Yield the settings of every image and override with their path."""
    for name in matrix.images:
        yield from settings_of_image(matrix, name)


def every_settings(matrix: Matrix) -> Iterator[tuple[FieldPath, Settings]]:
    """Yield the settings of every image, override and bundle, and the defaults, with their path."""
    yield from settings_of(matrix)
    for name, settings in matrix.bundles.items():
        yield ("bundles", name), settings
    yield ("defaults", "images"), matrix.defaults


def settings_of_image(matrix: Matrix, name: str) -> Iterator[tuple[FieldPath, Settings]]:
    """Yield the settings of one image and its overrides."""
    image = matrix.images[name]
    yield ("images", name), image.settings
    for position, override in enumerate(image.overrides):
        yield ("images", name, "overrides", position), override.settings


def unknown_parents(matrix: Matrix) -> Iterator[Finding]:
    """``from`` that names neither an image nor a source; kolla would make such an image a root."""
    for name, image in matrix.images.items():
        if image.parent is not None and image.parent not in matrix.images:
            advice = _instead_of_parent(matrix, name, image.parent)
            path: FieldPath = ("images", name, "from")
            yield rules.UNKNOWN_PARENT.at(path, image=name, name=image.parent, advice=advice)
        for position, override in enumerate(image.overrides):
            if override.parent is not None and override.parent not in matrix.images:
                advice = _instead_of_parent(matrix, name, override.parent)
                path = ("images", name, "overrides", position, "from")
                yield rules.UNKNOWN_PARENT.at(path, image=name, name=override.parent, advice=advice)


def _instead_of_parent(matrix: Matrix, image: str, name: str) -> str:
    if name.rpartition(":")[0] in matrix.images:
        return f"write `from: {name.rpartition(':')[0]}`: each variant is built on the parent's with the same values"
    if "/" in name or ":" in name:
        return _named_source(matrix, name)
    if name in matrix.bundles:
        return f"`{name}` is a bundle: write `bundles: [{name}]`, and an image or a source behind `from:`"
    return did_you_mean(name, {*matrix.images, *matrix.sources} - {image})


def one_namespace(matrix: Matrix) -> Iterator[Finding]:
    """Images and sources with one name: ``from`` could mean either."""
    for name in matrix.images:
        if name in matrix.sources:
            problem = f"`{name}` is the name of an image and of a source"
            advice = "rename the source: `from` names images and sources alike"
            finding = bad_value(("sources", name), problem, advice, "key")
            yield finding.beside((("images", name), "the image"))


def unknown_references(matrix: Matrix) -> Iterator[Finding]:
    """Names of sources, bundles, accelerators and downloads that nobody declared."""
    for path, settings in (*settings_of(matrix), (("defaults", "images"), matrix.defaults)):
        accelerator = settings.accelerator
        if accelerator is not None and accelerator not in matrix.accelerators:
            advice = _instead_of_accelerator(matrix, accelerator)
            yield unknown((*path, "accelerator"), "accelerator", accelerator, matrix.accelerators, advice)
        yield from _undeclared((*path, "bundles"), "bundle", settings.bundles, matrix.bundles)
        yield from _undeclared((*path, "downloads"), "download", settings.downloads, matrix.downloads)
        replacing = {*matrix.images, *matrix.sources} - {path[1]}
        for key, name in settings.contexts.items():
            if name not in replacing:
                yield unknown((*path, "contexts", key), "image", name, replacing)


def _undeclared(
    path: FieldPath, what: str, names: Sequence[str], known: Collection[str]
) -> Iterator[Finding]:
    return (unknown((*path, at), what, name, known) for at, name in enumerate(names) if name not in known)


def _instead_of_accelerator(matrix: Matrix, name: str) -> str:
    having = next((item.name for item in matrix.accelerators.values() if item.device == name), None)
    if having:
        return f"write `{having}`, which has this device"
    declare = f"write the name of an accelerator that has `device: {name}`; declare it under `accelerators:`"
    return declare if "/" in name else ""


def image_of_reference(matrix: Matrix, reference: str) -> str | None:
    """Return the image of the matrix that a reference names, with or without a tag or digest."""
    repository = re.sub("(:[^/@]*)?(@.*)?$", "", reference)
    below = repository.removeprefix(f"{matrix.registry}/")
    names = (name for name, image in matrix.images.items() if (image.settings.repository or name) == below)
    return next(names, None) if below != repository else None


def _named_source(matrix: Matrix, name: str) -> str:
    """Return what to write instead of an image reference."""
    if image := image_of_reference(matrix, name):
        return f"write `from: {image}`: it is an image of this matrix"
    reference = name if re.search("[/@]", name) else f"docker.io/library/{name}"
    named = next((name for name, source in matrix.sources.items() if source == reference), None)
    if named:
        return f"write `from: {named}`, which is its name under `sources:`"
    return f"declare it under `sources:`, as in `NAME: {reference}`, and write `from: NAME`"


def unknown_kinds(matrix: Matrix, templates: Collection[str]) -> Iterator[Finding]:
    """Kinds without a template."""
    known = set(templates) - {"skeleton", NO_KIND}
    for path, settings in (*settings_of(matrix), (("defaults", "images"), matrix.defaults)):
        if settings.kind is not None and settings.kind not in known:
            fields = {"image": path[1], "name": settings.kind, "advice": did_you_mean(settings.kind, known)}
            yield rules.UNKNOWN_KIND.at((*path, "kind"), **fields)
        elif settings.kind is not None and not is_name(settings.kind):
            advice = f"rename `{settings.kind}.Dockerfile.j2`: lower-case letters, digits and single hyphens"
            yield rules.BAD_NAME.at((*path, "kind"), name=settings.kind, what="a kind", advice=advice)


def without_from(matrix: Matrix) -> Iterator[Finding]:
    """Images of which some variants are built from nothing, and overrides that choose by what they change."""
    for name, image in matrix.images.items():
        if image.start is None and not all_overridden(matrix, name):
            advice = "add `from: NAME`, an image of this matrix or one of `sources:`"
            place = ("images", name)
            yield rules.NO_FROM.at(place, "key", image=name, problem="has no `from`", advice=advice)
        for position, override in enumerate(image.overrides):
            if override.start is not None and FROM in override.match:
                path: FieldPath = ("images", name, "overrides", position, "match", FROM)
                problem = "an override that names `from` matches on `from`"
                yield bad_value(path, problem, "match on axes here", "key")


def all_overridden(matrix: Matrix, image: str) -> bool:
    """Say whether every combination of an image's own axes gets what it is built from by an override."""
    declared = matrix.images[image]
    named = [[(axis, value) for value in values] for axis, values in declared.axes.items()]
    combined = [values for values in map(dict, product(*named)) if kept(declared, values)]
    return bool(declared.starts) and all(start_of(declared, values) is not None for values in combined)


def cycles(matrix: Matrix) -> Iterator[Finding]:
    """Images that are each other's parents, as a path; kolla would run for ever."""
    for cycle in matrix.order.cycles:
        hops = [*cycle, cycle[0]]
        finding = rules.CYCLE.at(("images", cycle[0], "from"), cycle=" → ".join(hops))
        others = pairwise(hops[1:])
        yield finding.beside(*((("images", a, "from"), f"`{a}` is built from `{b}`") for a, b in others))


def unused(matrix: Matrix) -> Iterator[Finding]:
    """Declarations that neither an image nor a profile uses."""
    every = [*(settings for _, settings in settings_of(matrix)), matrix.defaults]
    installers = {"micromamba"} if uses_conda(matrix) else set()  # conda's is found by its name
    used: dict[str, Collection[str | None]] = {
        "source": {
            *(name for settings in every for name in (settings.source, *settings.contexts.values())),
            *offered_sources(matrix),
        },
        "bundle": {name for settings in every for name in settings.bundles},
        "accelerator": {settings.accelerator for settings in every},
        "download": {name for settings in every for name in settings.downloads} | installers,
        "axis": {axis for image in matrix.images.values() for axis in image.axes},
    }
    for what, names in used.items():
        section = DECLARED_IN[what]
        for name in getattr(matrix, section):
            if name not in names:
                yield rules.UNUSED.at((section, name), "key", what=what, name=name)


def uses_conda(matrix: Matrix) -> bool:
    """Say whether anything is installed from conda."""
    every = [settings for _, settings in every_settings(matrix)]
    return any(settings.packages.get("conda") or settings.python_provider == "conda" for settings in every)
