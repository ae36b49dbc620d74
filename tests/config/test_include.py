"""Laws of included files: they add names, and nothing depends on the order in which they are read but that of names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.config.document import Document, Documents
from image_matrix.config.include import below, joined, matching
from image_matrix.config.yaml_loader import parse
from tests.laws import examples

SECTIONS = st.sampled_from(["images", "bundles", "workflow"])
NAMES = st.sampled_from("abcdef")
FILES = st.dictionaries(SECTIONS, st.dictionaries(NAMES, st.integers(), min_size=1, max_size=4), max_size=3)
law = settings(max_examples=examples(60))


def document(value: Any, file: str) -> Document:
    import json

    found, problems = parse(json.dumps(value), file)
    assert found is not None
    assert not problems
    return found


def documents(*values: Any) -> list[Document]:
    return [document(value, f"{number}.yaml") for number, value in enumerate(values)]


def names(value: Any) -> set[tuple[str, str]]:
    return {(section, name) for section, entries in value.items() for name in entries}


@law
@given(st.lists(FILES, min_size=1, max_size=4))
def test_every_name_is_there_once_or_named_as_a_fault(files: list[Any]) -> None:
    value, faults = joined(documents(*files))
    every = [name for file in files for name in names(file)]
    assert names(value) == set(every)
    assert len(faults) == len(every) - len(set(every))


@law
@given(st.lists(FILES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_changes_nothing_where_no_name_is_in_two(files: list[Any], random: Any) -> None:
    first, *others = files
    shuffled = random.sample(others, len(others))
    one, faults = joined(documents(first, *others))
    other, same = joined(documents(first, *shuffled))
    assert len(faults) == len(same)
    if not faults:
        assert one == other


@law
@given(FILES, FILES)
def test_the_matrix_comes_first_and_nothing_of_it_changes(matrix: Any, file: Any) -> None:
    value, _ = joined(documents(matrix, file))
    for section, entries in matrix.items():
        assert list(value[section].items())[: len(entries)] == list(entries.items())


@law
@given(st.lists(FILES, min_size=1, max_size=4))
def test_a_name_is_placed_in_the_file_that_it_stands_in(files: list[Any]) -> None:
    parts = documents(*files)
    value, faults = joined(parts)
    if not faults:
        every = Documents(value, tuple(parts), len(parts), value)
        for section, name in names(value):
            owner = next(
                part for part, file in zip(parts, files, strict=True) if name in file.get(section, {})
            )
            assert every.place((section, name)).file == owner.file


def test_what_is_no_section_stands_in_one_file() -> None:
    value, faults = joined(documents({"registry": "a"}, {"registry": "b", "include": ["c"]}))
    assert value == {"registry": "a"}
    assert [item.message for item in faults] == ["`registry` is in two files"]


TREE = {
    "": ["images", "matrix.yaml", "more"],
    "images": [".hidden.yaml", "a.yaml", "b.yaml", "c.txt"],
    "more": ["x", "y"],
    "more/x": ["a.yaml"],
    "more/y": ["b.yaml"],
}


@pytest.mark.parametrize(
    ("file", "pattern", "paths"),
    [
        ("matrix.yaml", "images/a.yaml", ["images/a.yaml"]),
        ("matrix.yaml", "images/nowhere.yaml", ["images/nowhere.yaml"]),
        ("matrix.yaml", "images/*.yaml", ["images/a.yaml", "images/b.yaml"]),
        ("matrix.yaml", "images/?.t?t", ["images/c.txt"]),
        ("matrix.yaml", "images/.*.yaml", ["images/.hidden.yaml"]),
        ("matrix.yaml", "more/*/*.yaml", ["more/x/a.yaml", "more/y/b.yaml"]),
        ("matrix.yaml", "more/*/a.yaml", ["more/x/a.yaml"]),
        ("matrix.yaml", "nowhere/*.yaml", []),
        ("more/x/a.yaml", "../y/*", ["more/y/b.yaml"]),
        ("more/x/a.yaml", "../../images/a.*", ["images/a.yaml"]),
    ],
)
def test_paths_of_a_pattern(file: str, pattern: str, paths: list[str]) -> None:
    assert matching(below(file, pattern), lambda folder: TREE.get(folder, [])) == paths
