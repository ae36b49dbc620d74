"""The shape of the matrix: JSON Schema 2020-12, and its errors in a user's words.

``x-noun`` in the schema says what a value or a name is, ``x-hint`` what to write. Both stand beside the pattern.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from image_matrix.config.foreign_words import answered, plain, provided
from image_matrix.config.pattern import fits
from image_matrix.config.schema_terms import TYPES, type_name
from image_matrix.config.suggestions import (
    Misfit,
    as_written,
    missing_advice,
    quotable,
    text_advice,
    type_advice,
    word_advice,
)
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.diagnostics.redact import conceal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.config.document import Documents
    from image_matrix.diagnostics import Finding, Path

_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029]")
"""What the patterns of free text refuse."""
_CURLY = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\"'"
"""Quotes that word processors make of straight ones, and straight ones left over."""


@cache
def schema_text() -> str:
    """Return the JSON Schema of ``matrix.yaml`` as text."""
    return FilePath(__file__).with_name("schema.json").read_text(encoding="utf-8")


@cache
def _schema() -> Any:  # noqa: ANN401
    import json

    return json.loads(schema_text())


@cache
def _validator() -> Any:  # noqa: ANN401 - jsonschema has no types
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    return extend(Draft202012Validator, {"pattern": _unlike})(_schema())


def _unlike(_validator: Any, pattern: str, value: object, _schema: Any) -> Iterator[Exception]:  # noqa: ANN401
    """Yield the error of a text that does not fit: jsonschema's own rule lets a line break stand at its end."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not fits(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def check_shape(documents: Documents) -> list[Finding]:
    """Return what in the documents does not have the shape that the schema asks for."""
    errors = list(_validator().iter_errors(documents.value))
    mistyped = {tuple(error.path) for error in errors if error.validator == "type"}
    return [
        item
        for error in errors
        # that a value of the wrong type is not one of those known, or too small, says nothing more
        if error.validator == "type" or tuple(error.path) not in mistyped
        for item in _findings(error, documents)
    ]


def human(path: Path) -> str:
    """Return a path as users write it: ``images.base.pip[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"`{text}`" if text else "the matrix"


def is_field(path: Path) -> bool:
    """Say whether the schema knows the last step of a path, which else is a name of the user's own or misspelt."""
    here, known = _schema(), False
    for step in path:
        here = _resolved(here)
        branches = [here, *(_resolved(part) for part in here.get("anyOf", ()))]
        fields = [part["properties"][step] for part in branches if step in part.get("properties", {})]
        names = [part["additionalProperties"] for part in branches if part.get("additionalProperties")]
        here, known = (fields or names or [{}])[0], bool(fields)
    return known


def _findings(error: Any, documents: Documents) -> Iterator[Finding]:  # noqa: ANN401
    path, schema, value = tuple(error.absolute_path), error.schema, error.validator_value
    if "propertyNames" in list(error.relative_schema_path)[-2:]:
        advice = text_advice(error.instance, schema)
        yield rules.BAD_NAME.at(
            (*path, error.instance), "key", name=error.instance, what=schema["x-noun"], advice=advice
        )
        return
    match error.validator:
        case "additionalProperties":
            known = schema.get("properties", {})
            for key in (key for key in error.instance if key not in known):
                suggestion = _foreign_word(path, key, error.instance, documents) or _known_field(
                    key, known, error.instance[key]
                )
                yield rules.UNKNOWN_KEY.at(
                    (*path, key), "key", key=key, where=human(path), suggestion=suggestion
                )
        case "required":
            # as many errors as fields are missing, none of which says as data which one it is about
            has = {*map(plain, error.instance)} | provided(path, error.instance)
            yield from (_missing(path, field, schema) for field in value if field not in has)
        case "type":
            types = value if isinstance(value, list) else [value]
            yield _wrong_type(path, types, documents, _about(schema), optional=not _required(path))
        case "anyOf" | "oneOf":
            yield from _branch(error, documents)
        case "enum" | "const":
            options = value if error.validator == "enum" else [value]
            near = word_advice(str(error.instance), [str(option) for option in options])
            hint = "" if not near.startswith("known") else schema.get("x-hint", "")
            advice = f"{near}; {hint}" if hint else near
            yield rules.BAD_VALUE.at(
                path, where=human(path), problem=f"`{error.instance}` is not known", advice=advice
            )
        case "pattern":
            yield _pattern(path, error.instance, schema)
        case _:
            yield _other(path, error, optional=not _required(path))


def _required(path: Path) -> bool:
    """Say whether the schema asks for the field at ``path``."""
    owner = _schema()
    for step in path[:-1]:
        named = owner.get("properties", {}).get(step)
        below = owner.get("items" if isinstance(step, int) else "additionalProperties")
        owner = _resolved(named or below or {})
    return path[-1:] != () and path[-1] in owner.get("required", ())


def _foreign_word(path: Path, key: str, mapping: dict[str, Any], documents: Documents) -> str:
    """Return what is said of a word of another program."""
    matrix = documents.value if isinstance(documents.value, dict) else {}
    return answered(path, key, mapping, matrix, _as_typed(mapping[key], (*path, key), documents))


def _as_typed(value: Any, path: Path, documents: Documents) -> Any:  # noqa: ANN401 - a YAML value
    """Return a value with numbers as they are written: 3.10, which YAML reads as 3.1."""
    if isinstance(value, float):
        return documents.written(path)
    if isinstance(value, list):
        return [_as_typed(item, (*path, at), documents) for at, item in enumerate(value)]
    return value


def _known_field(key: str, known: Collection[str], value: object) -> str:
    tight = re.fullmatch(r"\s*(\w+)(?::\s*|\s+)(\S.*)", key)
    if tight and tight[1] in known:
        return f"write `{tight[1]}: {tight[2]}`, with a colon and a space"
    if re.sub(r"[\s\u200b\ufeff]", "", key) in known:
        return "remove the odd space in it, which is none to YAML"
    if plain(key) in known:
        return f"write `{plain(key)}: {as_written(value)}`"
    suggestion = did_you_mean(key, known)
    if suggestion.endswith("?"):
        return suggestion
    return "known: " + ", ".join(f"`{name}`" for name in sorted(known))


def _missing(path: Path, field: str, schema: dict[str, Any]) -> Finding:
    name = str(path[-1]) if path else ""
    advice = missing_advice(name, field, _resolved(schema["properties"][field]))
    return rules.MISSING_FIELD.at(path, "key", where=human(path), field=field, advice=advice)


def _wrong_type(
    path: Path, types: list[str], documents: Documents, about: dict[str, Any], *, optional: bool
) -> Finding:
    misfit = replace(_misfit(path, types, documents, about), optional=optional)
    value, written = misfit.value, misfit.written
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if "string" in types and number and quotable(misfit.text, written):
        return rules.UNQUOTED_NUMBER.at(path, where=human(path), written=written, value=value)
    expected = " or ".join(TYPES[name] for name in types)
    actual = f"`{written}`" if number and "integer" in types else type_name(value)
    advice = type_advice(misfit) if path else "start with `version: 1`, or run `image-matrix init`"
    return rules.WRONG_TYPE.at(path, where=human(path), expected=expected, actual=actual, advice=advice)


def _misfit(path: Path, types: list[str], documents: Documents, about: dict[str, Any]) -> Misfit:
    place = documents.place(path)
    comment = re.search(r"\s(#.*)", place.source[place.column - 1 :])
    texts = [part for part in (about, *about.get("anyOf", ())) if part.get("type") == "string"]
    return Misfit(
        key=path[-1] if path and isinstance(path[-1], str) else None,
        value=_value(documents.value, path),
        written=conceal(documents.written(path)),
        comment=conceal(comment[1]) if comment else "",
        types=types,
        about=about,
        section=len(path) < 2 and "object" in types,
        text=texts[0] if texts else {},
    )


def _branch(error: Any, documents: Documents) -> Iterator[Finding]:  # noqa: ANN401
    """Explain the alternative that came nearest: the one whose first error lies deepest."""
    branches: dict[int, list[Any]] = {}
    for item in error.context:
        branches.setdefault(item.schema_path[0], []).append(item)
    fitting = [
        branch
        for branch in branches.values()
        if all(item.validator != "type" or item.path for item in branch)
    ]
    if fitting:
        nearest = max(fitting, key=lambda branch: max(len(item.path) for item in branch))
        mistyped = {tuple(item.path) for item in nearest if item.validator == "type"}
        for item in nearest:
            if item.validator == "type" or tuple(item.path) not in mistyped:
                yield from _findings(item, documents)
        return
    types = [item.validator_value for item in error.context if item.validator == "type" and not item.path]
    path = tuple(error.absolute_path)
    optional = not _required(path)
    yield _wrong_type(path, list(dict.fromkeys(types)), documents, _about(error.schema), optional=optional)


def _pattern(path: Path, value: str, schema: dict[str, Any]) -> Finding:
    if "x-hint" in schema:
        what, advice = schema["x-noun"], schema["x-hint"]
        if what == "apt package" and value.endswith("-"):
            advice = (
                f"write `{value.rstrip('-')}`, or leave it out: with `-` at the end apt removes a package"
            )
        if re.search(r"\s- ", value):
            advice = "start each `- ` in the same column: the lines below are read as a part of this entry"
        return rules.BAD_PACKAGE.at(path, value=value, what=what, advice=advice)
    if _NOT_IN_A_LINE.search(value):
        problem, advice = "line breaks and control characters cannot stand here", "write it in one line"
        return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)
    if not value:
        return rules.BAD_VALUE.at(
            path, where=human(path), problem="the text is empty", advice=text_advice("", schema)
        )
    problem = f"`{value}` is not {schema['x-noun']}"
    bare = value.strip(_CURLY)
    curly = bare != value and fits(schema["pattern"], bare)
    advice = f'write straight quotes: `"{bare}"`' if curly else text_advice(value, schema)
    return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)


def _other(path: Path, error: Any, *, optional: bool) -> Finding:  # noqa: ANN401
    add = "add an entry, or remove the field" if optional else "add an entry"
    problem, advice = (
        _limit(error)
        or {
            "minItems": ("the list is empty", add),
            "minProperties": ("the mapping is empty", add),
            "uniqueItems": ("the list names something twice", "keep one of them"),
            "maxProperties": ("the mapping has more than one entry", "keep one of them"),
        }[error.validator]
    )
    return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)


def _limit(error: Any) -> tuple[str, str] | None:  # noqa: ANN401
    """Return what is said of a value beyond a limit, and within which limits it may be."""
    if error.validator == "minLength":
        return "the text is empty", text_advice("", error.schema)
    if error.validator == "maxLength":
        problem = f"the text has {len(error.instance)} characters"
        return problem, f"write at most {error.validator_value}"
    if error.validator not in ("minimum", "maximum"):
        return None
    low, high = error.schema["minimum"], error.schema.get("maximum")
    how = "too small" if error.validator == "minimum" else "too large"
    return f"{error.instance} is {how}", f"write a number from {low}" + (f" to {high}" if high else " up")


def _about(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a sub-schema with what it refers to for alternatives and entries."""
    about = {**schema, "anyOf": [_resolved(part) for part in schema.get("anyOf", ())]}
    items = [part["items"] for part in (about, *about["anyOf"]) if "items" in part]
    return {**about, "items": _resolved(items[0])} if items else about


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a sub-schema with the definition that it refers to."""
    return {**_schema()["$defs"].get(part.get("$ref", "").rpartition("/")[2], {}), **part}


def _value(value: Any, path: Path) -> object:  # noqa: ANN401
    for step in path:
        value = value[step]
    return value
