"""Reports errors of the shape: what jsonschema finds, where, and what to write."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from image_matrix.config.key_errors import entry_fields, missing_fields, swapped, unknown_keys
from image_matrix.config.long_numbers import ADVICE, long_numbers
from image_matrix.config.nulls import without
from image_matrix.config.pattern import fits, has_long_number
from image_matrix.config.platforms import DOCKERS_NAMES
from image_matrix.config.schema import ENTRIES, is_required, resolved, schema, taking_away
from image_matrix.config.suggestions import (
    Misfit,
    named,
    of_several_words,
    type_advice,
    word_advice,
)
from image_matrix.config.text_errors import bad_text, nearest_example, text_advice
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics.redact import conceal
from image_matrix.text import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema import Draft202012Validator, ValidationError

    from image_matrix.config.document import Documents
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

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
            else swapped(path, value, documents) or text_advice((*path, value), value, named_as, documents)
        )
        yield rules.BAD_NAME.at(
            (*path, value), "key", name=value, what=part["x-noun"].removeprefix("the name of "), advice=advice
        )
        return
    match error.validator:
        case "additionalProperties":
            yield from unknown_keys(path, value, part, documents)
        case "required":
            yield from missing_fields(path, value, part, documents)
        case "type":
            yield _wrong_type(error, _types(error), documents)
        case "anyOf":
            yield from _branch(error, documents)
        case "pattern" if isinstance(path[-1], str) and swapped(path[:-1], path[-1], documents):
            return  # the key, which is no path in the image, has an error that says what to write
        case "pattern":
            yield bad_text(path, value, part, documents)
        case _:
            problem, advice = _limit(error, optional=not is_required(path))
            yield rules.BAD_VALUE.at(path, problem=problem, advice=advice)


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
    if len(path) == 2 and path[0] in ENTRIES and path[1] in entry_fields(str(path[0])):
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
            return "the text is empty", nearest_example("", part)
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
    called = DOCKERS_NAMES.get(value.rpartition("/")[2].lower())
    platform = f"linux/{called}"
    if called and platform in options:
        return f"write `{platform}`"
    if several := of_several_words(re.split(r"[\s,;|]+", value.strip()), part):
        return several
    near = word_advice(value, [str(option) for option in options])
    hint = part.get("x-hint", "") if near.startswith("known") else ""
    return f"{near}; {hint}" if hint else near
