"""What to write instead of a value that has another type than its field."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.pattern import fits
from image_matrix.config.repairs import repaired
from image_matrix.config.yaml_loader import scalar
from image_matrix.diagnostics import did_you_mean
from image_matrix.diagnostics.redact import conceal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SAMPLES = {
    "string": "one text",
    "array": "a list, for example `[one, two]`",
    "object": "`name: value` lines, without `- ` before them",
    "boolean": "true or false",
    "integer": "a whole number",
}
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "1": "true", "y": "true",
             "false": "false", "no": "false", "off": "false", "0": "false", "n": "false"}  # fmt: skip
_NONE = "none"
_NOTHING = {"none", "no", "off", "false", "null", "disabled"}
"""Words for nothing."""
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
        or _of_word(misfit)
        or _of_part(misfit)
        or _of_absence(misfit)
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


def _of_word(misfit: Misfit) -> str:
    """A truth value where a word should be, ``none`` among them."""
    words, pattern = misfit.text.get("enum", ()), misfit.text.get("pattern", "")
    if not misfit.key or not isinstance(misfit.value, bool) or not _has_none(words, pattern):
        return ""
    others = [word for word in words if word != _NONE]
    meant = others[:1] if misfit.value else [_NONE]
    return f"write {named(misfit, meant[0])}" if meant else ""


def _has_none(words: Sequence[str], pattern: str) -> bool:
    return _NONE in words or pattern.endswith(f"|{_NONE})$")


def word_advice(word: str, words: Sequence[str]) -> str:
    """Return what to write instead of a word that is none of some."""
    same = [known for known in words if known.lower() == word.lower()]
    if not same and _NONE in words and word.lower() in _NOTHING:
        same = [_NONE]
    return f"write `{same[0]}`" if same else did_you_mean(word, words)


def _of_part(misfit: Misfit) -> str:
    """One text or number where its mapping should be: the field of the mapping that takes it."""
    if misfit.types != ["object"] or not misfit.key or isinstance(misfit.value, (dict, list)):
        return ""
    parts, written = misfit.about.get("properties", {}), misfit.written
    chosen: dict[str, object] = {
        name: written for name, part in parts.items() if written in part.get("enum", ())
    }
    chosen = chosen or _only_part(misfit)
    return f"write {named(misfit, as_written(chosen))}" if len(chosen) == 1 else ""


def _only_part(misfit: Misfit) -> dict[str, object]:
    """Return the one field that a text or number can be meant for: the required one, a limit, or a count of one."""
    parts, required = misfit.about.get("properties", {}), misfit.about.get("required", ())
    if len(required) == 1 and parts[required[0]].get("type") == "string" and isinstance(misfit.value, str):
        return {required[0]: misfit.value} if takes(parts[required[0]], misfit.value) else {}
    if "limit" in parts and re.match(r"\d", misfit.written):
        return {"limit": misfit.value}
    values = misfit.about.get("additionalProperties")
    counted = isinstance(values, dict) and values.get("type") == "integer"
    return {misfit.written: 1} if counted and takes(misfit.about["propertyNames"], misfit.written) else {}


def _is_none(misfit: Misfit) -> bool:
    return misfit.value is False or misfit.written.lower() in _NOTHING


def _of_absence(misfit: Misfit) -> str:
    """A word for nothing: a field that may be left out is left out."""
    if (
        misfit.key
        and misfit.optional
        and not misfit.section
        and _is_none(misfit)
        and "boolean" not in misfit.types
    ):
        return f"remove `{misfit.key}`"
    return ""


def _like_example(misfit: Misfit) -> str:
    """Show what has parts, and what a rule of its own would refuse; text and lists say how they are written."""
    example = misfit.about.get("examples", (None,))[0]
    turned = isinstance(misfit.value, list) and isinstance(example, dict)
    if example is None or misfit.section or turned:
        return ""
    return f"write, for example, {named(misfit, as_written(example))}"


def text_advice(text: str, about: Mapping[str, Any]) -> str:
    """Return what to write instead of a text that its field does not take: the text put right, or an example."""
    better = repaired(text, lambda candidate: takes(about, candidate))
    if better is not None and conceal(better) == better:
        return f"write `{as_written(better)}`"
    nearest = max(about["examples"], key=lambda example: _alike(str(example), text))
    return f"write, for example, `{as_written(nearest)}`"


def _alike(one: str, other: str) -> int:
    import os

    return len(os.path.commonprefix([one, other]))  # noqa: RUF071 - of texts, not of paths


def missing_advice(name: str, field: str, about: Mapping[str, Any]) -> str:
    """Return what to write for a required field of the entry ``name``: its only value, its name, or an example."""
    if "const" in about:
        return f"add `{field}: {as_written(about['const'])}`"
    if field == "display_name":
        return f"add `{field}: {as_written(title(name))}`"
    return f"add, for example, `{field}: {as_written(about['examples'][0])}`"


def title(name: str) -> str:
    """Return the name of an entry as people write it: ``data-science`` is Data science."""
    words = re.sub(r"[-_]+", " ", name).strip()
    return words[:1].upper() + words[1:]


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
