"""In which line of the digest file something is not as a release writes it."""

from __future__ import annotations

import json

import pytest

from image_matrix.publish.entry_faults import entry_faults
from tests.publish.states import SOUND

BAD = {**SOUND, "digest": "sha256:12"}


def without(field: str) -> dict[str, object]:
    return {name: value for name, value in SOUND.items() if name != field}


def faults(images: dict[str, object], indent: int | None = 2) -> list[str]:
    """What is wrong with entries, each up to the name of its entry."""
    text = json.dumps({"version": 1, "images": images}, indent=indent)
    return [fault.partition(" of `")[0] for fault in entry_faults(text, images)]


@pytest.mark.parametrize(
    ("images", "places"),
    [
        ({"a": SOUND, "b": SOUND}, []),
        ({"a": BAD, "b": SOUND}, ["line 5: `digest`"]),
        ({"a": SOUND, "b": BAD}, ["line 12: `digest`"]),
        ({"a": without("digest"), "b": SOUND}, ["line 4: `digest`"]),
        ({"a": SOUND, "b": without("reference")}, ["line 11: `reference`"]),
        ({"a": 1, "b": BAD}, ["line 4: `a` is no mapping", "line 6: `digest`"]),
        ({"images": BAD}, ["line 5: `digest`"]),
        ({"images": without("digest")}, ["line 4: `digest`"]),
        ({"version": BAD}, ["line 5: `digest`"]),
    ],
)
def test_the_line_is_that_of_the_entry_itself(images: dict[str, object], places: list[str]) -> None:
    assert faults(images) == places


def test_what_is_written_in_one_line_has_no_number() -> None:
    assert faults({"a": SOUND, "b": BAD}, indent=None) == ["`digest`"]


def test_an_entry_in_a_line_has_its_number() -> None:
    """As a formatter may write it: the fields have no lines of their own."""
    entries = {"a": SOUND, "b": BAD, "c": SOUND}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    (fault,) = entry_faults(f'{{"version": 1, "images": {{\n{lines}\n}}}}', entries)
    assert fault.startswith("line 3: `digest` of `b` is ")
