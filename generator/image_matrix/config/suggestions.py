"""What to write instead of a value that has another type than its field."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.pattern import fits
from image_matrix.config.yaml_loader import scalar
from image_matrix.diagnostics.redact import conceal

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAMPLES = {
    "string": "one text",
    "array": "a list: `[one, two]`",
    "object": "`name: value` lines, without `- ` before them",
    "boolean": "true or false",
    "integer": "a whole number",
}
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "1": "true", "y": "true",
             "false": "false", "no": "false", "off": "false", "0": "false", "n": "false"}  # fmt: skip
_TIGHT = re.compile(r"([\w./-]+)[:=]([^\s:=/]\S*)")
_COMMA = re.compile(r",(?![^\[]*\])")
"""A comma, but not one between the extras of a requirement."""
_START = re.compile(r"-*[\w@'\"/.{]")
"""What an entry may start with; an operator such as `>=` goes on with the one before."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value of the wrong type, as written, and what the schema says about its field."""

    key: str | None
    """Name of the field; ``None`` for an entry of a list."""
    value: object
    written: str
    """The text of the value, and the comment behind it, without users and passwords of addresses in them."""
    comment: str
    types: list[str]
    """Types that the field takes."""
    about: Mapping[str, Any]
    section: bool = False
    """Whether it is a whole section of the matrix, whose example would be too long."""
    optional: bool = True
    """Whether the field may be left out."""
    text: Mapping[str, Any] = field(default_factory=dict)
    """Sub-schema of the text that the field takes."""


def takes(text: Mapping[str, Any], written: str) -> bool:
    """Say whether a field of texts takes this one; any, where only the rest of the matrix can tell."""
    return (
        fits(text.get("pattern", ""), written)
        and written in text.get("enum", (written,))
        and len(written) <= text.get("maxLength", len(written))
    )


def quotable(text: Mapping[str, Any], written: str) -> bool:
    """Say whether a number or truth value fits its field once it is quoted; the name of something it is not."""
    return "pattern" in text and takes(text, written)


def type_advice(misfit: Misfit) -> str:
    """Return what to write; following it leads to a value that the field takes."""
    return (
        _of_nothing(misfit)
        or _of_number_or_truth(misfit)
        or _of_list_or_text(misfit)
        or _of_mapping(misfit)
        or _like_example(misfit)
        or f"write {' or '.join(_SAMPLES.get(name, name) for name in misfit.types)}"
    )


def _of_nothing(misfit: Misfit) -> str:
    if misfit.value is not None:
        return ""
    key = misfit.key
    if misfit.comment and "string" in misfit.types:
        return f"a `#` starts a comment: put a text that starts with it in quotes, `{as_written(misfit.comment)}`"
    if not misfit.optional:
        return _like_example(misfit)
    if misfit.types == ["object"] and key and not misfit.written:
        return f"write what belongs to `{key}` below it, indented further, or remove it"
    return f"give `{key}` a value, or remove it" if key else "give it a value, or remove the entry"


def _of_number_or_truth(misfit: Misfit) -> str:
    """Numbers and booleans in quotes, and text without."""
    types, about, written = misfit.types, misfit.about, misfit.written
    if "boolean" in types and written.lower() in _BOOLEANS:
        return f"write {named(misfit, _BOOLEANS[written.lower()])}, without quotes"
    if "integer" in types and re.fullmatch(r"[0-9]{1,9}", written):
        low, high = about.get("minimum", 0), about.get("maximum", int(written))
        fits = low <= int(written) <= high and about.get("const", int(written)) == int(written)
        return f"write {named(misfit, str(int(written)))}, without quotes" if fits else ""
    if "string" in types and isinstance(misfit.value, bool) and quotable(misfit.text, written):
        return f'quote it: "{written}"'
    return ""


def _of_list_or_text(misfit: Misfit) -> str:
    """One text where a list should be, and a list of one where a text should be."""
    key, types, value = misfit.key, misfit.types, misfit.value
    if (
        "array" in types
        and key
        and isinstance(value, (str, int, float))
        and misfit.about["items"].get("type") == "string"
    ):
        parts, good = entries(misfit.written), takes if isinstance(value, str) else quotable
        if all(good(misfit.about["items"], part) for part in parts):
            return f"write a list: `{key}: {as_written(parts)}`"
    only = value[0] if isinstance(value, list) and len(value) == 1 else None
    if "string" in types and key and isinstance(only, str) and takes(misfit.text, only):
        return f"write it without the brackets: `{key}: {as_written(conceal(only))}`"
    return ""


def _of_mapping(misfit: Misfit) -> str:
    tight = _TIGHT.match(misfit.written)
    if misfit.types == ["object"] and tight:
        return f"a space is missing behind the colon: write `{tight[1]}: {tight[2]}`"
    return ""


def _like_example(misfit: Misfit) -> str:
    """Show what has parts, and what a rule of its own would refuse; text and lists say how they are written."""
    example = misfit.about.get("examples", (None,))[0]
    turned = isinstance(misfit.value, list) and isinstance(example, dict)
    if example is None or misfit.section or turned:
        return ""
    return f"write it like {named(misfit, as_written(example))}"


def named(misfit: Misfit, value: str) -> str:
    """Return a value with its key, as both are written."""
    return f"`{misfit.key}: {value}`" if misfit.key else f"`{value}`"


def entries(text: str) -> list[str]:
    """Split what somebody wrote as one text where a list should be: by lines, commas or spaces."""
    bare = text.strip().removeprefix("[").removesuffix("]") if text.count("[") != text.count("]") else text
    bare = re.sub(r"^\((.*)\)$", r"\1", bare.strip(), flags=re.DOTALL)
    lines = [line.strip().removeprefix("- ") for line in bare.split("\n")]
    parts = [part.strip().strip("'\"") for line in lines for part in _split(line)]
    return [part for part in parts if part]


def _split(line: str) -> list[str]:
    """Split a line by commas, or by spaces; not where a part would start with an operator."""
    parts = [part.strip() for part in _COMMA.split(line)]
    if len(parts) > 1 and all(_START.match(part) for part in parts if part):
        return [name for part in parts for name in _split(part)]
    words = line.split()
    if all(word.startswith("-") for word in words):
        return [word.removeprefix("-") for word in words]
    return words if all(_START.match(word) for word in words) else [line]


def as_written(value: object) -> str:
    """Return a value as it could stand in the matrix."""
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_written(key)}: {as_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_written(item) for item in value) + "]"
    if isinstance(value, str) and scalar(value, plain=True) == value and _plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> bool:
    """Say whether a text needs no quotes, in brackets neither."""
    return re.match(r"[\w/.~$(<=]", text) is not None and not re.search(r"[,\[\]{}]|: | #|:$", text)
