from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.output_tree import manifest

DIGESTS = st.binary().map(manifest.digest)
MANIFESTS = st.dictionaries(st.text(min_size=1), st.lists(DIGESTS, min_size=1, max_size=2).map(tuple))


@given(MANIFESTS)
def test_what_is_written_is_read(entries: dict[str, tuple[str, ...]]) -> None:
    assert manifest.read(manifest.write(entries).decode()) == entries


@given(MANIFESTS)
def test_it_is_json_with_one_line_for_each_path(entries: dict[str, tuple[str, ...]]) -> None:
    text = manifest.write(entries).decode()
    assert set(json.loads(text)["files"]) == set(entries)
    assert len(text.splitlines()) == max(1, len(entries)) + 5


@given(MANIFESTS)
def test_order_does_not_matter(entries: dict[str, tuple[str, ...]]) -> None:
    assert manifest.write(dict(reversed(entries.items()))) == manifest.write(entries)


@pytest.mark.parametrize(
    "text", [None, "", "{}", "[]", "null", '{"files": []}', '{"files": {"a": 1}}', "<<<<<<< HEAD\n{}", "{"]
)
def test_a_damaged_one_is_empty(text: str | None) -> None:
    assert manifest.read(text) == {}


@given(MANIFESTS, MANIFESTS)
def test_a_conflict_has_the_digests_of_both_sides(
    ours: dict[str, tuple[str, ...]], theirs: dict[str, tuple[str, ...]]
) -> None:
    first, second = (manifest.write(entries).decode() for entries in (ours, theirs))
    found = manifest.read(f"<<<<<<< HEAD\n{first}=======\n{second}>>>>>>> branch\n")
    assert {path: set(digests) for path, digests in found.items()} == {
        path: {*ours.get(path, ()), *theirs.get(path, ())} for path in (*ours, *theirs)
    }


def test_a_union_has_the_digests_of_both_sides() -> None:
    one, two = (f'    "a": "{manifest.digest(side)}",' for side in (b"1", b"2"))
    last = f'    "b": "{manifest.digest(b"3")}"'
    text = "\n".join(["{", '  "files": {', one, two, last, "  }", "}"])
    assert manifest.read(text) == {
        "a": (manifest.digest(b"1"), manifest.digest(b"2")),
        "b": (manifest.digest(b"3"),),
    }
