"""Whatever is wrong with a matrix, loading says so and never breaks down over it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.document import Documents
from image_matrix.config.schema import schema_text
from image_matrix.config.shape_errors import check_shape
from image_matrix.config.yaml_loader import parse
from image_matrix.diagnostics import MatrixError, diagnose
from image_matrix.project.context_folders import contexts_on_disk
from image_matrix.project.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
EVERY_FIELD = HERE / "every_field.yaml"
MATRICES = [
    EVERY_FIELD,
    *sorted((HERE.parent / "fixtures/good").glob("*/matrix.yaml")),
]
GONE = object()
WRONG: tuple[Any, ...] = (None, "", {}, ["xx"], True)
SAMPLE = 60
"""Of the matrix that has every field; the others are variations of a few, so that fewer of each do."""
FEW = 12
SECTIONS = ("axes", "sources", "downloads", "accelerators", "bundles", "images", "sizes", "profiles")
TEMPLATES = {"base", "buildx", "jupyter", "codeserver", "rstudio", "web"}


def value_of(file: Path) -> Any:
    found, _ = parse(file.read_text(encoding="utf-8"), file.name)
    assert found is not None
    return found.value


def paths(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield here
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from paths(item, (*here, step))


def changed(value: Any, path: tuple[str | int, ...], into: Any) -> Any:
    if not path:
        return into
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    new = ((step, changed(item, path[1:], into) if step == path[0] else item) for step, item in pairs)
    left = {step: item for step, item in new if item is not GONE}
    return left if isinstance(value, dict) else list(left.values())


def codes(text: str, folder: Path = HERE) -> list[str]:
    """What is said about a matrix in a folder that is written as JSON, which is YAML, too."""
    try:
        load({"matrix.yaml": text}, TEMPLATES, {"web"}, contexts=contexts_on_disk(folder, {}))
    except MatrixError as error:
        return [item.code for item in error.diagnostics if item.severity == "error"]
    return []


def shape_codes(text: str) -> list[str]:
    found, _ = parse(text, "matrix.yaml")
    assert found is not None
    documents = Documents(found.value, (found,))
    return [item.code for item in diagnose(check_shape(documents), documents)]


def test_every_field_is_there() -> None:
    """So that what follows is about all of them."""
    value = value_of(EVERY_FIELD)
    assert codes(json.dumps(value)) == []
    names = {path[-1] for path in paths(value) if path}
    fields = {path[-1] for path in paths(json.loads(schema_text())) if path[-2:-1] == ("properties",)}
    assert fields - names == {"token", "deploy_key"}  # of `release.push`, where they are errors beside `app`


def sample(file: Path, wrong_values: tuple[Any, ...]) -> list[str]:
    """Matrices with one wrong value, always the same ones: all of them would take minutes."""
    value = value_of(file)
    pairs = [
        (path, wrong) for path in paths(value) for wrong in wrong_values if path or wrong not in (None, GONE)
    ]
    most = SAMPLE if file == EVERY_FIELD else FEW
    chosen = random.Random(file.parent.name).sample(pairs, min(most, len(pairs)))  # noqa: S311
    return [json.dumps(changed(value, path, wrong)) for path, wrong in chosen]


@pytest.mark.parametrize("file", MATRICES, ids=lambda path: path.parent.name)
def test_one_wrong_value_is_said_and_nothing_that_only_follows(file: Path) -> None:
    for text in sample(file, (*WRONG, GONE, "x", ["x"])):
        shape = shape_codes(text)
        assert not shape or shape == codes(text, file.parent), text


@pytest.mark.parametrize("file", MATRICES, ids=lambda path: path.parent.name)
def test_what_is_said_about_the_shape_is_never_lost(file: Path) -> None:
    """A number in the place of text is taken for that text, a name for one that is not known."""
    for text in sample(file, (3, {"x": 1})):
        assert set(shape_codes(text)) <= set(codes(text, file.parent)), text


def renamed(value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every matrix in which one name, or one value of an axis, is another in one place; with the place."""
    names = {name for section in SECTIONS for name in value[section]}
    names |= {item for values in value["axes"].values() for item in values}
    for path in paths(value):
        item = at(value, path)
        if isinstance(item, dict) and path:
            for name in names.intersection(item):
                yield (
                    (*path, name),
                    changed(value, path, {misspelt(key) if key == name else key: item[key] for key in item}),
                )
        elif isinstance(item, str) and item in names:
            yield path, changed(value, path, misspelt(item))


def misspelt(name: str) -> str:
    return name[:-1] + ("9" if name[-1].isdigit() else "q")


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    return at(value[path[0]], path[1:]) if path else value


@pytest.mark.parametrize(
    "file", [EVERY_FIELD, HERE.parent.parent / "matrix.yaml"], ids=lambda path: path.name
)
def test_one_wrong_name_is_one_error(file: Path) -> None:
    """However many places use it, and whatever follows from it."""
    matrices = sorted(renamed(value_of(file)), key=str)
    most = SAMPLE if file == EVERY_FIELD else 2 * FEW
    for path, matrix in random.Random(7).sample(matrices, min(most, len(matrices))):  # noqa: S311
        found = codes(json.dumps(matrix))
        assert len(found) <= 1, (path, found)
