"""Checks references by name: parents, sources, bundles, accelerators, downloads, templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.resolve import NO_KIND, matches
from image_matrix.config.variants import combinations, kept
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human
from image_matrix.validate.names import is_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

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


def _instead_of_parent(matrix: Matrix, image: str, name: str) -> str:
    if name.rpartition(":")[0] in matrix.images:
        return f"write `from: {name.rpartition(':')[0]}`: each variant is built on the parent's with the same values"
    if "/" in name or ":" in name:
        return _named_source(matrix, name if re.search("[/@]", name) else f"docker.io/library/{name}")
    if name in matrix.bundles:
        return f"`{name}` is a bundle: write `bundles: [{name}]`, and an image or a source behind `from:`"
    return did_you_mean(name, {*matrix.images, *matrix.sources} - {image})


def one_namespace(matrix: Matrix) -> Iterator[Finding]:
    """Images and sources with one name: ``from`` could mean either."""
    for name in matrix.images:
        if name in matrix.sources:
            problem = f"`{name}` is the name of an image and of a source"
            advice = "rename the source: `from` names images and sources alike"
            finding = rules.BAD_VALUE.at(("sources", name), "key", problem=problem, advice=advice)
            yield finding.beside((("images", name), "the image"))


def unknown_references(matrix: Matrix) -> Iterator[Finding]:
    """Names of sources, bundles, accelerators and downloads that nobody declared."""
    for path, settings in settings_of(matrix):
        used: list[tuple[FieldPath, str, str, Collection[str]]] = [
            *([((*path, "from"), "source", settings.source, matrix.sources)]
              if settings.source is not None and len(path) > 2 else []),
            *([((*path, "accelerator"), "accelerator", settings.accelerator, matrix.accelerators)]
              if settings.accelerator is not None else []),
            *(((*path, "bundles", i), "bundle", name, matrix.bundles) for i, name in enumerate(settings.bundles)),
            *(((*path, "downloads", i), "download", n, matrix.downloads) for i, n in enumerate(settings.downloads)),
        ]  # fmt: skip
        for place, what, name, known in used:
            if name not in known:
                advice = did_you_mean(name, known) if known else f"declare it under `{what}s:`"
                if what == "accelerator":
                    advice = _instead_of_accelerator(matrix, name)
                elif what == "source" and name in matrix.images:
                    advice = f"`{name}` is an image: an override can name another source"
                elif what == "source" and ("/" in name or ":" in name):
                    advice = _named_source(
                        matrix, name if re.search("[/@]", name) else f"docker.io/library/{name}"
                    )
                where = human(place[:2])
                yield rules.UNKNOWN_REFERENCE.at(place, where=where, what=what, name=name, advice=advice)


def _instead_of_accelerator(matrix: Matrix, name: str) -> str:
    having = next((item.name for item in matrix.accelerators.values() if item.device == name), None)
    if having:
        return f"write `{having}`, which has this device"
    if "/" in name:
        return f"write the name of an accelerator that has `device: {name}`; declare it under `accelerators:`"
    return (
        did_you_mean(name, matrix.accelerators) if matrix.accelerators else "declare it under `accelerators:`"
    )


def _named_source(matrix: Matrix, reference: str) -> str:
    """Return what to write instead of an image reference."""
    named = next((name for name, source in matrix.sources.items() if source == reference), None)
    if named:
        return f"write `from: {named}`, which is its name under `sources:`"
    return f"declare it under `sources:`, as in `NAME: {reference}`, and write `from: NAME`"


def unknown_kinds(matrix: Matrix, templates: Collection[str]) -> Iterator[Finding]:
    """Kinds without a template."""
    known = set(templates) - {"skeleton", NO_KIND}
    for path, settings in (*settings_of(matrix), (("defaults", "images"), matrix.defaults)):
        if settings.kind is not None and settings.kind not in known:
            advice = did_you_mean(settings.kind, known)
            fields = {"image": path[1], "name": settings.kind, "advice": advice}
            yield rules.UNKNOWN_KIND.at((*path, "kind"), "value", **fields)
        elif settings.kind is not None and not is_name(settings.kind):
            advice = f"rename `{settings.kind}.Dockerfile.j2`: lower-case letters, digits and single hyphens"
            fields = {"name": settings.kind, "what": "a kind", "advice": advice}
            yield rules.BAD_NAME.at((*path, "kind"), "value", **fields)


def without_from(matrix: Matrix) -> Iterator[Finding]:
    """Images that are built from nothing, and overrides that would give a child another source."""
    for name, image in matrix.images.items():
        if image.parent is not None:
            overridden = settings_of_image(matrix, name) if image.parent in matrix.images else ()
            for path, settings in overridden:
                if settings.source is not None and len(path) > 2:
                    problem = f"has `from: {image.parent}`, an image, and an override that names a source"
                    advice = "remove `from` here: the variants of an image are built on its parent's"
                    yield rules.NO_FROM.at((*path, "from"), "key", image=name, problem=problem, advice=advice)
        elif image.settings.source is None and not all_overridden(matrix, name):
            advice = "add `from: NAME`, an image of this matrix or one of `sources:`"
            yield rules.NO_FROM.at(
                ("images", name), "key", image=name, problem="has no `from`", advice=advice
            )


def all_overridden(matrix: Matrix, image: str) -> bool:
    """Say whether every combination of an image's own axes gets its source from an override."""
    declared = matrix.images[image]
    sources = [override.match for override in declared.overrides if override.settings.source]
    combined = [values for values, _ in combinations(declared, ()) if kept(declared, values)]
    return bool(sources) and all(any(matches(match, values) for match in sources) for values in combined)


def cycles(matrix: Matrix) -> Iterator[Finding]:
    """Images that are each other's parents, as a path; kolla would run for ever."""
    for cycle in matrix.order.cycles:
        hops = [*cycle, cycle[0]]
        finding = rules.CYCLE.at(("images", cycle[0], "from"), cycle=" → ".join(hops))
        yield finding.beside(
            *(
                (("images", name, "from"), f"`{name}` is built from `{hops[at + 1]}`")
                for at, name in enumerate(cycle)
                if at
            )
        )


def unused(matrix: Matrix) -> Iterator[Finding]:
    """Declarations that no image uses."""
    used = {name: set[str]() for name in ("sources", "bundles", "accelerators", "downloads", "axes")}
    for _, settings in settings_of(matrix):
        used["sources"].update([settings.source] if settings.source else [])
        used["accelerators"].update([settings.accelerator] if settings.accelerator else [])
        used["bundles"].update(settings.bundles)
        used["downloads"].update(settings.downloads)
    used["axes"].update(axis for image in matrix.images.values() for axis in image.axes)
    # conda's installer is found by its name
    used["downloads"].update({"micromamba"} if uses_conda(matrix) else set())
    declared = {
        "sources": ("source", matrix.sources),
        "bundles": ("bundle", matrix.bundles),
        "accelerators": ("accelerator", matrix.accelerators),
        "downloads": ("download", matrix.downloads),
        "axes": ("axis", matrix.axes),
    }
    for section, (what, names) in declared.items():
        for name in names:
            if name not in used[section]:
                yield rules.UNUSED.at((section, name), "key", what=what, name=name)


def uses_conda(matrix: Matrix) -> bool:
    """Say whether anything is installed from conda."""
    every = [settings for _, settings in every_settings(matrix)]
    return any(settings.packages.get("conda") or settings.python_provider == "conda" for settings in every)
