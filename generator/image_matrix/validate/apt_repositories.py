"""Checks repositories of apt once the values of a variant are put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.pattern import fits
from image_matrix.config.schema import schema
from image_matrix.config.variants import resolution_of
from image_matrix.validate.findings import bad_value, once_a_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.apt_repositories import AptRepository
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json


def apt_repositories(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Repositories that apt cannot read, or that have one name; one finding for each place."""
    yield from once_a_place(
        finding for item in expanded.values() for finding in _of_variant(matrix, expanded, item)
    )


def _of_variant(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for one in resolution_of(matrix, expanded, item).apt_repositories:
        place: Path = (*one.origin.path, "apt", "repositories", one.position or 0)
        yield from _unreadable(place, one.value, item)
        yield from _components(place, one.value)
        earlier = first.setdefault(one.value.name, place)
        if earlier != place:
            problem = f"two repositories of `{item.id}` have the name `{one.value.name}` of address and suite"
            advice = "write the components of both in one entry"
            yield bad_value(place, problem, advice).beside((earlier, "the other one"))


def _unreadable(place: Path, item: AptRepository, variant: Variant) -> Iterator[Finding]:
    """Yield texts that placeholders have made unfit; unknown placeholders are reported elsewhere."""
    fields: Json = schema()["$defs"]["aptRepositories"]["items"]["properties"]
    texts: list[tuple[Path, str, Json]] = [
        ((*place, "url"), item.url, fields["url"]),
        ((*place, "suite"), item.suite, fields["suite"]),
    ]
    component = fields["components"]["items"]
    texts += [((*place, "components", at), text, component) for at, text in enumerate(item.components)]
    for path, text, definition in texts:
        if "{" not in text and not fits(definition["x-filled"], text):
            problem = f"`{text}` of `{variant.id}` is not {definition['x-noun']}"
            yield bad_value(path, problem, "change what the placeholder stands for")


def _components(place: Path, item: AptRepository) -> Iterator[Finding]:
    """Yield a path with components, and a suite without."""
    if item.is_flat and item.components:
        problem = f"the suite `{item.suite}` is a path, and has no components"
        yield bad_value((*place, "components"), problem, "remove `components`", "key")
    elif not item.is_flat and not item.components:
        problem = f"the suite `{item.suite}` has no components"
        advice = "add `components: [main]`, or what the repository has; a suite that is a path ends with `/`"
        yield bad_value((*place, "suite"), problem, advice)
