"""Reports errors of the shape: what jsonschema finds, where, and what to write."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from image_matrix.config.digest_text import digest_advice
from image_matrix.config.foreign_words import answered, provided
from image_matrix.config.key_places import belongs
from image_matrix.config.long_numbers import ADVICE, PROBLEM, long_numbers
from image_matrix.config.nulls import without
from image_matrix.config.package_words import VERSIONED, with_versions, without_command
from image_matrix.config.pattern import fits, has_long_number
from image_matrix.config.schema import ENTRIES, is_required, resolved, schema, sibling_fields, taking_away
from image_matrix.config.suggestions import (
    Misfit,
    corrected,
    missing_advice,
    named,
    of_several_words,
    type_advice,
    word_advice,
)
from image_matrix.config.unknown_keys import is_misspelt, key_advice, misplaced
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human
from image_matrix.diagnostics.redact import conceal
from image_matrix.text import character_name, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema import Draft202012Validator, ValidationError

    from image_matrix.config.document import Documents
    from image_matrix.config.suggestions import Fits
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What the patterns of free text refuse: line breaks, and what changes the direction of the text that follows."""
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}
_SAMPLES = {
    "string": "one text",
    "array": "a list, for example `[one, two]`",
    "object": "`name: value` lines",
    "boolean": "true or false",
    "integer": "a whole number",
}
_PLATFORMS = {"x86_64": "linux/amd64", "x64": "linux/amd64", "aarch64": "linux/arm64"}
"""Names of architectures, to what Docker calls them."""


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    return extend(Draft202012Validator, {"pattern": _unlike})(schema())


def _unlike(
    _validator: Draft202012Validator, pattern: str, value: object, _schema: Json
) -> Iterator[Exception]:
    """Yield the error of a text that does not fit: jsonschema's own rule lets a line break stand at its end."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not fits(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def check_shape(documents: Documents) -> list[Finding]:
    """Return what in the documents does not have the shape that the schema asks for."""
    value = without(documents.value, taking_away(documents))
    return _with_long_numbers(_of_each(_validator().iter_errors(value), documents), documents)


def check_section(documents: Documents, name: str) -> list[Finding]:
    """Return what does not have the right shape in documents that have one section of a matrix."""
    section = {"type": "object", "properties": {name: schema()["properties"][name]}}
    errors = _validator().evolve(schema={**section, "$defs": schema()["$defs"]}).iter_errors(documents.value)
    return _with_long_numbers(_of_each(errors, documents), documents)


def _with_long_numbers(shape: Iterable[Finding], documents: Documents) -> list[Finding]:
    """Return findings with those of long numbers, each in a place of which nothing else is said."""
    misshapen = list(shape)
    known = {finding.path for finding in misshapen}
    return [*misshapen, *(one for one in long_numbers(documents.value) if one.path not in known)]


def _of_each(errors: Iterable[ValidationError], documents: Documents) -> Iterator[Finding]:
    """Yield the findings about errors; that a value of the wrong type is also not known, or too small, says nothing."""
    every = list(errors)
    mistyped = {tuple(error.path) for error in every if error.validator == "type"}
    for error in every:
        if error.validator == "type" or tuple(error.path) not in mistyped:
            yield from _findings(error, documents)


def _findings(error: ValidationError, documents: Documents) -> Iterator[Finding]:
    path, part, value = tuple(error.absolute_path), error.schema, error.instance
    if "propertyNames" in list(error.relative_schema_path)[-2:]:
        named_as = {**part, "x-noun": "a valid name"}
        advice = (
            ADVICE
            if has_long_number(value)
            else _swapped(path, value, documents) or _text_advice((*path, value), value, named_as, documents)
        )
        yield rules.BAD_NAME.at(
            (*path, value), "key", name=value, what=part["x-noun"].removeprefix("the name of "), advice=advice
        )
        return
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(path, value, part, documents)
        case "required":
            yield from _missing(path, value, part, documents)
        case "type":
            yield _wrong_type(error, _types(error), documents)
        case "anyOf":
            yield from _branch(error, documents)
        case "pattern" if isinstance(path[-1], str) and _swapped(path[:-1], path[-1], documents):
            return  # the key, which is no path in the image, has an error that says what to write
        case "pattern":
            yield _pattern(path, value, part, documents)
        case _:
            problem, advice = _limit(error, optional=not is_required(path))
            yield rules.BAD_VALUE.at(path, problem=problem, advice=advice)


def _swapped(path: Path, key: str, documents: Documents) -> str:
    """Return what to write where a file of the project stands in front of its path in the image."""
    target = documents.written((*path, key))
    if path[-1:] != ("files",) or key.startswith("/") or not target.startswith("/"):
        return ""
    return f"the path in the image comes first: write `{conceal(target)}: {as_written(conceal(key))}`"


def _unknown_keys(
    path: Path, value: dict[str, Any], part: dict[str, Any], documents: Documents
) -> Iterator[Finding]:
    known = part.get("properties", {})
    sections = {name: _entry_fields(name) for name in ENTRIES}
    axes = _axes_named(path, [key for key in value if key not in known], documents)
    for key in value.keys() - known.keys():
        below = (*path, key)
        advice = (
            _decimal_comma(key, value)
            or (_of_match(path, value, axes, documents) if key in axes else "")
            or _foreign_word(path, key, value, documents)
            or misplaced(value[key], below, sections)
            or key_advice(key, known, value[key], belongs(path, key, value[key]))
        )
        yield rules.UNKNOWN_KEY.at(below, "key", key=key, where=human(path), advice=advice)


def _decimal_comma(key: str, mapping: dict[str, Any]) -> str:
    """Return what to write instead of ``limit: 0,5``, of which YAML reads ``limit: 0`` and a key ``5``."""
    names = list(mapping)
    before = names[names.index(key) - 1]
    number = mapping[before]
    cut = key.isdigit() and mapping[key] is None and isinstance(number, int) and len(names) > 1
    return f"write `{before}: {number}.{key}`: in braces a comma ends the value" if cut else ""


def _foreign_word(path: Path, key: str, mapping: dict[str, Any], documents: Documents) -> str:
    """Return what is said of a word of another program."""
    matrix = documents.value if isinstance(documents.value, dict) else {}
    return answered(path, key, mapping, matrix, _as_typed(mapping[key], (*path, key), documents))


def _as_typed(value: Json, path: Path, documents: Documents) -> Json:
    """Return a value with numbers as they are written: 3.10, which YAML reads as 3.1."""
    if isinstance(value, float):
        return documents.written(path)
    if isinstance(value, list):
        return [_as_typed(item, (*path, at), documents) for at, item in enumerate(value)]
    return value


def _entry_fields(section: str) -> list[str]:
    return [*resolved(schema()["properties"][section]["additionalProperties"])["properties"]]


def _axes_named(path: Path, unknown: Iterable[str], documents: Documents) -> list[str]:
    """Return the unknown keys of an image's override that are axes: they are meant to choose variants."""
    axes = documents.value.get("axes") if isinstance(documents.value, dict) else None
    if path[:1] != ("images",) or path[-2:-1] != ("overrides",) or not isinstance(axes, dict):
        return []
    return [key for key in unknown if key in axes]


def _of_match(path: Path, mapping: dict[str, Any], axes: Iterable[str], documents: Documents) -> str:
    """Return the `match` that keys of an override are meant for."""
    meant = {axis: _as_typed(mapping[axis], (*path, axis), documents) for axis in axes}
    has = mapping.get("match")
    return f"write {named('match', {**(has if isinstance(has, dict) else {}), **meant})}"


def _missing(
    path: Path, value: dict[str, Any], part: dict[str, Any], documents: Documents
) -> Iterator[Finding]:
    """Yield every field that is missing: jsonschema has an error for each, none of which names it as data."""
    known = part["properties"]
    has = value.keys() | provided(path, value)
    # a misspelt key is reported itself, unless other keys than the known ones are allowed
    unknown = value.keys() - known.keys() if part.get("additionalProperties") is False else set[str]()
    for field in (field for field in part["required"] if field not in has):
        if field == "match" and _axes_named(path, unknown, documents):
            continue  # the unknown key says what to write
        if not is_misspelt(field, unknown, known):
            name = path[-1] if path and isinstance(path[-1], str) else ""
            advice = _meant(name, path) or missing_advice(name, field, resolved(known[field]))
            yield rules.MISSING_FIELD.at(path, "key", field=field, advice=advice)


def _meant(name: str, path: Path) -> str:
    """Ask for the field that an entry of the user's own was to be: ``images`` among ``profile_options``."""
    fields = set(sibling_fields(path))
    advice = "" if name in fields else did_you_mean(name, fields)
    return advice if advice.endswith("?") else ""


def _wrong_type(error: ValidationError, types: list[str], documents: Documents) -> Finding:
    path, value = tuple(error.absolute_path), error.instance
    misfit = _misfit(error, types, documents)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if "string" in types and number and misfit.accepts_quoted and misfit.fits(misfit.written):
        return rules.UNQUOTED_NUMBER.at(path, written=misfit.written, value=value)
    actual = f"`{misfit.written}`" if number and "integer" in types else type_name(value)
    expected = " or ".join(_TYPES[name] for name in types)
    words = of_several_words(value, error.schema) if isinstance(value, list) else ""
    advice = _of_field(path) or _of_axis_value(path, value) or words or type_advice(misfit)
    return rules.WRONG_TYPE.at(path, expected=expected, actual=actual, advice=advice)


def _of_field(path: Path) -> str:
    """Return what to do with a whole matrix, or with an entry of a section, that is none but a field."""
    if not path:
        return "start with `version: 1`, or run `image-matrix init`"
    if len(path) == 2 and path[0] in ENTRIES and path[1] in _entry_fields(str(path[0])):
        noun = ENTRIES[str(path[0])][0]
        return f"`{path[1]}` is a field of {noun}: indent it further than the name that it belongs to"
    return ""


def _of_axis_value(path: Path, value: Json) -> str:
    """Return what to do with a value with data that is an entry of a list."""
    is_entry = path[:1] in (("axes",), ("images",)) and path[-3:-2] == ("axes",) and isinstance(path[-1], int)
    if (
        not is_entry
        or not isinstance(value, dict)
        or not any(isinstance(data, dict) for data in value.values())
    ):
        return ""
    name = next(iter(value))
    return f"values with data are a mapping: write `{name}:` without `- `, below `{path[-2]}:`, and its data below it"


def _types(error: ValidationError) -> list[str]:
    types = error.validator_value
    return types if isinstance(types, list) else [types]


def _misfit(error: ValidationError, types: list[str], documents: Documents) -> Misfit:
    path, part = tuple(error.absolute_path), error.schema
    place = documents.place(path)
    comment = re.search(r"\s(#.*)", place.source[place.column - 1 :])
    key = path[-1] if path and isinstance(path[-1], str) else None
    parts = [part, *map(resolved, part.get("anyOf", ()))]
    parts += [resolved(item["items"]) for item in parts if "items" in item]
    return Misfit(
        key=key,
        value=error.instance,
        written=conceal(documents.written(path)),
        comment=conceal(comment[1]) if comment else "",
        types=types,
        fits=_validator().evolve(schema=part).is_valid,
        accepts_quoted=any(_accepts_quoted(error.instance, item) for item in parts),
        optional=not is_required(path),
        empty=key is not None and part.get("default") == {},
        parts={name: about for item in parts for name, about in item.get("properties", {}).items()},
        required=[name for item in parts for name in item.get("required", ())],
        words=[word for item in parts for word in item.get("enum", ())],
        fallback=_fallback(path, key, part, types),
    )


def _accepts_quoted(value: Json, part: dict[str, Any]) -> bool:
    """Say whether a text can be meant by a number, or by true or false, which are a text or a value, but no name."""
    noun = part.get("x-noun", "a value")
    return "pattern" in part and (not isinstance(value, bool) or noun.startswith("a value"))


def _fallback(path: Path, key: str | None, part: dict[str, Any], types: list[str]) -> str:
    """Return an example, or the types where it would be too long."""
    if "examples" in part and (len(path) > 1 or "object" not in types):
        return f"write, for example, {named(key, part['examples'][0])}"
    return f"write {' or '.join(_SAMPLES.get(name, name) for name in types)}"


def _branch(error: ValidationError, documents: Documents) -> Iterator[Finding]:
    """Explain the alternative that came nearest."""
    from jsonschema.exceptions import relevance

    nearest = min(error.context, key=relevance)
    if nearest.validator == "type" and not nearest.path:
        shallow = (item for item in error.context if item.validator == "type" and not item.path)
        yield _wrong_type(
            error, list(dict.fromkeys(name for item in shallow for name in _types(item))), documents
        )
        return
    branch = nearest.schema_path[0]
    yield from _of_each((item for item in error.context if item.schema_path[0] == branch), documents)


def _pattern(path: Path, value: str, part: dict[str, Any], documents: Documents) -> Finding:
    odd = _NOT_IN_A_LINE.search(value)
    if has_long_number(value):
        return rules.BAD_VALUE.at(path, problem=PROBLEM, advice=ADVICE)
    if "x-hint" in part:
        advice = _text_advice(path, value, part, documents)
        return rules.BAD_PACKAGE.at(path, value=value, what=part["x-noun"], advice=advice)
    if odd and odd.group().isprintable() is False and ord(odd.group()) > 0x2029:
        problem, advice = f"{character_name(odd.group())} is not allowed here", "remove it"
    elif odd:
        problem, advice = "line breaks and control characters are not allowed here", "write it in one line"
    else:
        problem = f"`{value}` is not {part['x-noun']}" if value else "the text is empty"
        advice = _text_advice(path, value, part, documents)
    return rules.BAD_VALUE.at(path, problem=problem, advice=advice)


def _text_advice(path: Path, value: str, part: dict[str, Any], documents: Documents) -> str:
    """Return what to write instead of a text or name that does not fit its pattern."""

    def right(text: object) -> bool:
        return fits(part["pattern"], str(text))

    if re.search(r"\s- ", value):
        return "start each `- ` in the same column: the lines below are read as a part of this entry"
    if part.get("x-noun") == "apt package" and value.endswith("-"):
        return f"write `{value.rstrip('-')}`, or leave it out: with `-` at the end apt removes a package"
    better = _of_one_word(value, part, corrected(value, right))
    odd = next((char for char in value if not char.isascii()), None)
    if odd:
        column = documents.place(path).source.find(value) + value.index(odd) + 1
        remedy = f"write {named(None, better)}" if better else "type it again"
        return f"column {column} is {character_name(odd)}: {remedy}"
    if conceal(value) == value and (digest := digest_advice(value)):
        return digest
    if isinstance(path[-1], int) and (apart := _joined_or_apart(path, value, right, documents)):
        return apart
    return f"write {named(None, better)}" if better else _example(value, part)


def _of_one_word(value: str, part: dict[str, Any], better: str | None) -> str | None:
    """Drop a remedy that joins words with hyphens, where an entry with spaces is rather two packages than one."""
    joined = better is not None and better.count("-") > value.count("-")
    return None if joined and value.isascii() and "x-hint" in part else better


def _joined_or_apart(path: Path, value: str, right: Fits, documents: Documents) -> str:
    """Return what to write of an entry that a comma has cut off, and of one that is two."""
    bare = without_command(value)
    parts = bare.split(" ")
    if path[-2] in VERSIONED:
        parts = with_versions(parts)
    if len(parts) == 1 and parts[0] != value and right(parts[0]):
        return f"write {named(None, parts[0])}"
    if len(parts) > 1 and all(map(right, parts)):
        return "write each as a separate entry: " + ", ".join(named(None, text) for text in parts)
    before = documents.written((*path[:-1], int(path[-1]) - 1)) if path[-1] else ""
    if before and re.match("[<>=!~]", value) and right(f"{before},{value}"):
        return f'the comma ends the entry before: write `"{before},{value}"`'
    return ""


def _example(value: str, part: dict[str, Any]) -> str:
    """Return the hint of a sub-schema, or that of its examples which begins most like ``value``."""

    def alike(example: object) -> int:
        return len(os.path.commonprefix([str(example), value]))  # noqa: RUF071 - of texts, not of paths

    if "x-hint" in part:
        return str(part["x-hint"])
    return f"write, for example, {named(None, max(part['examples'], key=alike))}"


def _limit(error: ValidationError, *, optional: bool) -> tuple[str, str]:
    """Return what is said of a value beyond a limit, and within which limits it may be."""
    part, value, limit = error.schema, error.instance, error.validator_value
    add = "add an entry, or remove the field" if optional else "add an entry"
    match error.validator:
        case "enum" | "const":
            known = limit if error.validator == "enum" else [limit]
            if isinstance(value, str) and value in map(str, known):
                return f"`{value}` is a text, not a number", f"write `{value}` without quotes"
            return f"`{value}` is not known", _known(str(value), known, part)
        case "minLength":
            return "the text is empty", _example("", part)
        case "maxLength":
            return f"the text has {len(value)} characters", f"write at most {limit}"
        case "minimum" | "maximum":
            size = "too small" if error.validator == "minimum" else "too large"
            to = f" to {part['maximum']}" if "maximum" in part else " up"
            return f"{value} is {size}", f"write a number from {part['minimum']}{to}"
        case "uniqueItems":
            return "the list names something twice", "keep one of them"
        case "maxProperties":
            return "the mapping has more than one entry", "keep one of them"
        case _:
            return f"the {'list' if error.validator == 'minItems' else 'mapping'} is empty", add


def _known(value: str, options: list[object], part: dict[str, Any]) -> str:
    platform = _PLATFORMS.get(value.rpartition("/")[2].lower(), "")
    if platform in options:
        return f"write `{platform}`"
    if several := of_several_words(re.split(r"[\s,;|]+", value.strip()), part):
        return several
    near = word_advice(value, [str(option) for option in options])
    hint = part.get("x-hint", "") if near.startswith("known") else ""
    return f"{near}; {hint}" if hint else near
