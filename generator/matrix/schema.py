"""The shape of the matrix: JSON Schema 2020-12, and its errors in a user's words.

jsonschema-rs answers in document order and costs a tenth of a pure-Python validator's import and run time, which
matters because every command validates.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from generator.diagnostics import catalogue as rules
from generator.diagnostics import did_you_mean
from generator.diagnostics.conceal import conceal
from generator.matrix.advice import Misfit, as_written, quotable, type_advice
from generator.matrix.nouns import NAMES, PACKAGES, TYPES, VALUES, type_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from generator.diagnostics import Finding, Path
    from generator.matrix.document import Documents

_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029]")
"""What the patterns of free text refuse."""
_CURLY = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\"'"
"""Quotes that word processors make of straight ones, and straight ones left over."""


@cache
def schema_text() -> str:
    """Return the JSON Schema of ``matrix.yaml`` as text."""
    return FilePath(__file__).with_name("schema.json").read_text(encoding="utf-8")


@cache
def _schema() -> tuple[Any, Any]:
    """Return the schema as data and as a validator; what remains of a wrong matrix is validated anew."""
    import json

    import jsonschema_rs

    schema = json.loads(schema_text())
    return schema, jsonschema_rs.Draft202012Validator(schema)


def check_shape(documents: Documents) -> list[Finding]:
    """Return what in the documents does not have the shape that the schema asks for."""
    schema, validator = _schema()
    if validator.is_valid(documents.value):
        return []
    found = list(validator.iter_errors(documents.value))
    mistyped = {tuple(error.instance_path) for error in found if error.kind.name == "type"}
    return [
        item
        for error in found
        # that a value of the wrong type is not one of those known, or too small, says nothing more
        if error.kind.name == "type" or tuple(error.instance_path) not in mistyped
        for item in _findings(error, schema, documents)
    ]


def human(path: Path) -> str:
    """Return a path as users write it: ``images.base.pip[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"`{text}`" if text else "the matrix"


def is_field(path: Path) -> bool:
    """Say whether the schema knows the last step of a path, which else is a name of the user's own or misspelt."""
    schema, _ = _schema()
    here, known = schema, False
    for step in path:
        here = _resolved(schema, here)
        branches = [here, *(_resolved(schema, part) for part in here.get("anyOf", ()))]
        fields = [part["properties"][step] for part in branches if step in part.get("properties", {})]
        names = [part["additionalProperties"] for part in branches if part.get("additionalProperties")]
        here, known = (fields or names or [{}])[0], bool(fields)
    return known


def _findings(error: Any, schema: Any, documents: Documents) -> Iterator[Finding]:  # noqa: ANN401
    path = _path(documents.value, error.instance_path)
    kind = error.kind
    match kind.name:
        case "additionalProperties":
            known = _owner(schema, error.schema_path).get("properties", {})
            for key in kind.unexpected:
                suggestion = _known_field(key, known)
                yield rules.UNKNOWN_KEY.at(
                    (*path, key), "key", key=key, where=human(path), suggestion=suggestion
                )
        case "required":
            yield _missing(path, kind.property, schema, error.schema_path)
        case "type":
            about = _about(schema, error.schema_path)
            yield _wrong_type(path, kind.types, documents, about, optional=not _required(schema, path))
        case "anyOf" | "oneOf":
            yield from _branch(error, schema, documents)
        case "enum" | "const":
            options = kind.options if kind.name == "enum" else [kind.value]
            advice = did_you_mean(str(error.instance), [str(option) for option in options])
            yield rules.BAD_VALUE.at(
                path, where=human(path), problem=f"`{error.instance}` is not known", advice=advice
            )
        case "propertyNames":
            name, what = kind.error.instance, NAMES[str(path[-1])]
            advice = _like(str(name), _owner(schema, error.schema_path))
            yield rules.BAD_NAME.at((*path, name), "key", name=name, what=what, advice=advice)
        case "pattern":
            yield _pattern(path, error, schema)
        case _:
            yield _other(path, error, _owner(schema, error.schema_path), optional=not _required(schema, path))


def _required(schema: Any, path: Path) -> bool:  # noqa: ANN401
    """Say whether the schema asks for the field at ``path``."""
    owner = schema
    for step in path[:-1]:
        named = owner.get("properties", {}).get(step)
        below = owner.get("items" if isinstance(step, int) else "additionalProperties")
        owner = _resolved(schema, named or below or {})
    return path[-1:] != () and path[-1] in owner.get("required", ())


def _known_field(key: str, known: Collection[str]) -> str:
    tight = re.fullmatch(r"\s*(\w+)(?::\s*|\s+)(\S.*)", key)
    if tight and tight[1] in known:
        return f"write `{tight[1]}: {tight[2]}`, with a colon and a space"
    if re.sub(r"[\s\u200b\ufeff]", "", key) in known:
        return "remove the odd space in it, which is none to YAML"
    suggestion = did_you_mean(key, known)
    if suggestion.endswith("?"):
        return suggestion
    return "known: " + ", ".join(f"`{name}`" for name in sorted(known))


def _missing(path: Path, field: str, schema: Any, schema_path: Any) -> Finding:  # noqa: ANN401
    about = _resolved(schema, _owner(schema, schema_path).get("properties", {}).get(field, {}))
    example = about["examples"][0]
    advice = f"add `{field}: {as_written(example)}`"
    return rules.MISSING_FIELD.at(path, "key", where=human(path), field=field, advice=advice, example=example)


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


def _branch(error: Any, schema: Any, documents: Documents) -> Iterator[Finding]:  # noqa: ANN401
    """Explain the alternative that came nearest: the one whose first error lies deepest."""
    branches = [branch for branch in error.kind.context if branch]
    fitting = [
        branch
        for branch in branches
        if all(item.kind.name != "type" or _deep(item, error) for item in branch)
    ]
    if fitting:
        for item in max(fitting, key=lambda branch: max(len(item.instance_path) for item in branch)):
            yield from _findings(item, schema, documents)
        return
    types = [
        name for branch in branches for item in branch if item.kind.name == "type" for name in item.kind.types
    ]
    path = _path(documents.value, error.instance_path)
    about = _about(schema, error.schema_path)
    optional = not _required(schema, path)
    yield _wrong_type(path, list(dict.fromkeys(types)), documents, about, optional=optional)


def _deep(item: Any, error: Any) -> bool:  # noqa: ANN401
    return len(item.instance_path) > len(error.instance_path)


def _pattern(path: Path, error: Any, schema: Any) -> Finding:  # noqa: ANN401
    value = str(error.instance)
    name, owner = _definition(schema, error.schema_path)
    if name in PACKAGES:
        what, advice = PACKAGES[name]
        if name == "aptPackage" and value.endswith("-"):
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
            path, where=human(path), problem="the text is empty", advice=_like("", owner)
        )
    problem = f"`{value}` is not {VALUES[owner['title']]}"
    bare = value.strip(_CURLY)
    curly = bare != value and re.search(owner["pattern"], bare)
    advice = f'write straight quotes: `"{bare}"`' if curly else _like(value, owner)
    return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)


def _like(value: str, owner: dict[str, Any]) -> str:
    """Return help from that of a sub-schema's examples which begins most like ``value``; every pattern has one."""
    import os

    def alike(example: object) -> int:
        return len(os.path.commonprefix([str(example), value]))  # noqa: RUF071 - of texts, not of paths

    return f"write it like `{as_written(max(owner['examples'], key=alike))}`"


def _other(path: Path, error: Any, owner: dict[str, Any], *, optional: bool) -> Finding:  # noqa: ANN401
    add = "add an entry, or remove the field" if optional else "add an entry"
    problem, advice = (
        _limit(error, owner)
        or {
            "minItems": ("the list is empty", add),
            "minProperties": ("the mapping is empty", add),
            "uniqueItems": ("the list names something twice", "keep one of them"),
            "maxProperties": ("the mapping has more than one entry", "keep one of them"),
        }[error.kind.name]
    )
    return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)


def _limit(error: Any, owner: dict[str, Any]) -> tuple[str, str] | None:  # noqa: ANN401
    """Return what is said of a value beyond a limit, and within which limits it may be."""
    if error.kind.name == "minLength":
        return "the text is empty", _like("", owner)
    if error.kind.name == "maxLength":
        problem = f"the text has {len(error.instance)} characters"
        return problem, f"write at most {owner['maxLength']}"
    if error.kind.name not in ("minimum", "maximum"):
        return None
    low, high = owner["minimum"], owner.get("maximum")
    how = "too small" if error.kind.name == "minimum" else "too large"
    return f"{error.instance} is {how}", f"write a number from {low}" + (f" to {high}" if high else " up")


def _about(schema: Any, schema_path: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return that sub-schema with what it refers to for alternatives and entries."""
    owner = _owner(schema, schema_path)
    about = {**owner, "anyOf": [_resolved(schema, part) for part in owner.get("anyOf", ())]}
    items = [part["items"] for part in (about, *about["anyOf"]) if "items" in part]
    return {**about, "items": _resolved(schema, items[0])} if items else about


def _resolved(schema: Any, part: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    return {**schema["$defs"].get(part.get("$ref", "").rpartition("/")[2], {}), **part}


def _owner(schema: Any, schema_path: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the sub-schema that holds the keyword at the end of ``schema_path``."""
    return _definition(schema, schema_path)[1]


def _definition(schema: Any, schema_path: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    """Return that sub-schema with the name of the last ``$defs`` entry on the way."""
    here, name, before = schema, "", ""
    for step in list(schema_path)[:-1]:
        here = here[step]
        name, before = (step if before == "$defs" else name), step
    return name, here if isinstance(here, dict) else {}


def _path(value: Any, steps: list[str | int]) -> Path:  # noqa: ANN401
    """Return the validator's path with keys as they are: it takes keys such as ``1`` and ``01`` for positions."""
    path: list[str | int] = []
    for step in steps:
        if isinstance(value, dict) and step not in value:
            same = [key for key in (str(step), *value) if key in value and _as_position(key) == step]
            step = same[0]  # noqa: PLW2901
        path.append(step)
        value = value[step]
    return tuple(path)


def _as_position(key: str) -> int | None:
    return int(key) if re.fullmatch(r"\+?[0-9]+", key) else None


def _value(value: Any, path: Path) -> object:  # noqa: ANN401
    for step in path:
        value = value[step]
    return value
