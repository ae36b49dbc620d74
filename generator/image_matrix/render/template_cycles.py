"""Reports templates that include or extend themselves, which Jinja would follow endlessly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.render.kind_traits import NEEDS, needed
from image_matrix.render.templates import DOCKERFILE_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.render.templates import Templates


def template_cycles(templates: Templates) -> Iterator[Diagnostic]:
    """Yield an error at the first tag of each cycle of templates, once for all templates on it."""
    folders = {
        "dockerfiles": templates.dockerfiles,
        "workflows": templates.workflows,
        "pages": templates.pages,
    }
    for folder, texts in folders.items():
        reported: set[str] = set()
        for name in texts:
            cycle = _cycle(texts, name)
            if cycle and reported.isdisjoint(cycle):
                reported.update(cycle)
                yield _error(f"templates/{folder}/{name}", texts[name], cycle)


def _cycle(texts: Mapping[str, str], start: str) -> tuple[str, ...]:
    """Return the shortest path from a template to itself, with its name at both ends; empty if there is none."""
    paths: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for path in paths:  # the loop appends to it
        for name in needed(texts[path[-1]]):
            if name == start:
                return (*path, name)
            if name in texts and name not in seen:
                seen.add(name)
                paths.append((*path, name))
    return ()


def _error(file: str, text: str, cycle: tuple[str, ...]) -> Diagnostic:
    name, kind = cycle[0], cycle[0].removesuffix(DOCKERFILE_SUFFIX)
    match = next(match for match in NEEDS.finditer(text) if match["name"] == cycle[1])
    before = text[: match.start()]
    start = before.rfind("\n") + 1
    source = text[start:].partition("\n")[0].rstrip("\r")
    place = Place(file, before.count("\n") + 1, match.start() - start + 1, len(match[0]), source)
    advice = "remove one of these tags"
    if len(cycle) == 2 and kind != name:
        advice = f"to build on the built-in template, name this file `my-{name}`, and give images `kind: my-{kind}`"
    problem = f"the template needs itself: {' → '.join(cycle)}"
    return diagnostic(rules.TEMPLATE_ERROR, place, problem=problem, advice=advice)
