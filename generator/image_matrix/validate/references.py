"""Names that point somewhere: parents, sources, bundles, accelerators, downloads, templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.resolve import GENERIC_TEMPLATE
from image_matrix.config.schema import human
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.config.model import Matrix, Settings
    from image_matrix.diagnostics import Finding, Path


def settings_of(matrix: Matrix) -> Iterator[tuple[Path, Settings]]:
    """Yield the settings of every image and override with their path."""
    for name in matrix.images:
        yield from settings_of_image(matrix, name)


def every_settings(matrix: Matrix) -> Iterator[tuple[Path, Settings]]:
    """Yield the settings of every image, override and bundle with their path."""
    yield from settings_of(matrix)
    for name, settings in matrix.bundles.items():
        yield ("bundles", name), settings


def settings_of_image(matrix: Matrix, name: str) -> Iterator[tuple[Path, Settings]]:
    """Yield the settings of one image and its overrides."""
    image = matrix.images[name]
    yield ("images", name), image.settings
    for position, override in enumerate(image.overrides):
        yield ("images", name, "overrides", position), override.settings


def unknown_parents(matrix: Matrix) -> Iterator[Finding]:
    """Parents that are not images; kolla would make such an image a root."""
    for name, image in matrix.images.items():
        if image.parent is not None and image.parent not in matrix.images:
            suggestion = did_you_mean(image.parent.partition(":")[0], set(matrix.images) - {name})
            if image.parent in matrix.sources:
                suggestion = f"`{image.parent}` is a source: write `from: {image.parent}`"
            elif image.parent == name or len(matrix.images) == 1:
                suggestion = "write `from: SOURCE` for an image that starts at one of `sources:`"
            path: Path = ("images", name, "parent")
            yield rules.UNKNOWN_PARENT.at(path, image=name, name=image.parent, suggestion=suggestion)


def unknown_references(matrix: Matrix) -> Iterator[Finding]:
    """Names of sources, bundles, accelerators and downloads that nobody declared."""
    for path, settings in settings_of(matrix):
        used: list[tuple[Path, str, str, Collection[str]]] = [
            *([((*path, "from"), "source", settings.source, matrix.sources)] if settings.source is not None else []),
            *([((*path, "accelerator"), "accelerator", settings.accelerator, matrix.accelerators)]
              if settings.accelerator is not None else []),
            *(((*path, "bundles", i), "bundle", name, matrix.bundles) for i, name in enumerate(settings.bundles)),
            *(((*path, "downloads", i), "download", n, matrix.downloads) for i, n in enumerate(settings.downloads)),
        ]  # fmt: skip
        for place, what, name, known in used:
            if name not in known:
                suggestion = did_you_mean(name, known) if known else f"declare it under `{what}s:`"
                if what == "source" and name in matrix.images:
                    suggestion = f"`{name}` is an image: write `parent: {name}`"
                elif what == "source" and ("/" in name or ":" in name):
                    suggestion = _named_source(
                        matrix, name if re.search("[/@]", name) else f"docker.io/library/{name}"
                    )
                where = human(place[:2])
                yield rules.UNKNOWN_REFERENCE.at(
                    place, where=where, what=what, name=name, suggestion=suggestion
                )


def _named_source(matrix: Matrix, reference: str) -> str:
    """Return what to write instead of an image reference."""
    named = next((name for name, source in matrix.sources.items() if source == reference), None)
    if named:
        return f"write `from: {named}`, which is its name under `sources:`"
    return f"declare it under `sources:`, as in `NAME: {reference}`, and write `from: NAME`"


def unknown_templates(matrix: Matrix, templates: Collection[str]) -> Iterator[Finding]:
    """Templates without a file."""
    known = set(templates) - {"skeleton"} | {GENERIC_TEMPLATE}
    for path, settings in settings_of(matrix):
        if settings.template is not None and settings.template not in known:
            suggestion = did_you_mean(settings.template, known)
            fields = {"image": path[1], "name": settings.template, "suggestion": suggestion}
            yield rules.UNKNOWN_TEMPLATE.at((*path, "template"), "value", **fields)


def parent_or_source(matrix: Matrix) -> Iterator[Finding]:
    """Images with both, or neither, of ``parent`` and ``from``."""
    for name, image in matrix.images.items():
        has_source = image.settings.source is not None
        if image.parent is not None:
            for path, settings in settings_of_image(matrix, name):
                if settings.source is not None:
                    problem, advice = "has a parent and a source", "keep `parent` or `from`, not both"
                    yield rules.PARENT_AND_SOURCE.at(
                        (*path, "from"), "key", image=name, problem=problem, advice=advice
                    )
        elif not has_source and not all_overridden(matrix, name):
            problem = "has neither a parent nor a source"
            advice = "add `parent: IMAGE`, or `from: SOURCE` for an image that starts at one of `sources:`"
            yield rules.PARENT_AND_SOURCE.at(
                ("images", name), "key", image=name, problem=problem, advice=advice
            )


def all_overridden(matrix: Matrix, image: str) -> bool:
    """Say whether every combination of an image's own axes gets its source from an override."""
    from image_matrix.config.resolve import matches
    from image_matrix.config.variants import combinations, kept

    declared = matrix.images[image]
    sources = [override.match for override in declared.overrides if override.settings.source]
    wanted = [values for values, _ in combinations(declared, ()) if kept(declared, values)]
    return bool(sources) and all(any(matches(match, values) for match in sources) for values in wanted)


def cycles(matrix: Matrix) -> Iterator[Finding]:
    """Images that are each other's parents, as a path; kolla would run for ever."""
    for cycle in matrix.order.cycles:
        hops = [*cycle, cycle[0]]
        finding = rules.CYCLE.at(("images", cycle[0], "parent"), cycle=" → ".join(hops))
        yield finding.beside(
            *(
                (("images", name, "parent"), f"`{name}` is built on `{hops[at + 1]}`")
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
    used["accelerators"].update(a for size in matrix.catalog.sizes.values() for a in size.accelerator)
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
    return any(settings.packages.get("conda") or settings.provider == "conda" for settings in every)
