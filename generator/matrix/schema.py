"""The shape of the matrix: JSON Schema 2020-12, and its errors in a user's words.

jsonschema-rs answers in document order and costs a tenth of a pure-Python validator's import and run time, which
matters because every command validates.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from generator.diagnostics import catalogue as rules
from generator.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from generator.diagnostics import Finding, Path
    from generator.matrix.document import Documents

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
    "array": "a list: `[one, two]`",
    "object": "`name: value` lines, without `- ` before them",
    "boolean": "true or false",
    "integer": "a number such as 1",
}
_PACKAGES = {
    "aptPackage": ("apt package", "write `name` or `name=version` in lower case, one package an entry"),
    "pipPackage": (
        "Python requirement",
        "write `name==version`, one package an entry, without options and addresses; an index belongs to `pip_index`",
    ),
    "condaPackage": ("conda package", "write `name=version`, one package an entry"),
    "cranPackage": (
        "CRAN package",
        "write the package's name alone; its version comes from the snapshot in the lock",
    ),
    "npmPackage": ("npm package", "write `name@version`"),
    "extension": ("extension", "write `publisher.name@version`"),
}
_NAMES = {
    "env": "an environment variable",
    "labels": "a label",
    "commands": "a command",
    "versions": "a Python distribution",
    "http": "an HTTP path",
}


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
    found = (
        item
        for error in validator.iter_errors(documents.value)
        for item in _findings(error, schema, documents)
    )
    return list(found)


def human(path: Path) -> str:
    """Return a path as users write it: ``images.base.pip[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"`{text}`" if text else "the matrix"


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
            examples = _owner(schema, error.schema_path).get("examples", ())
            example = examples[0] if examples else None
            yield _wrong_type(path, kind.types, documents, example, optional=not _required(schema, path))
        case "anyOf" | "oneOf":
            yield from _branch(error, schema, documents)
        case "enum" | "const":
            options = kind.options if kind.name == "enum" else [kind.value]
            advice = did_you_mean(str(error.instance), [str(option) for option in options])
            yield rules.BAD_VALUE.at(
                path, where=human(path), problem=f"`{error.instance}` is not known", advice=advice
            )
        case "propertyNames":
            name = kind.error.instance
            advice = _like(str(name), _owner(schema, error.schema_path))
            yield rules.BAD_NAME.at(
                (*path, name), "key", name=name, what=_NAMES.get(str(path[-1]), "this"), advice=advice
            )
        case "pattern":
            yield _pattern(path, error, schema)
        case _:
            yield _other(path, error, optional=not _required(schema, path))


def _required(schema: Any, path: Path) -> bool:  # noqa: ANN401
    """Say whether the schema asks for the field at ``path``."""

    def there(item: Any) -> Any:  # noqa: ANN401
        return schema["$defs"][item["$ref"].rpartition("/")[2]] if "$ref" in item else item

    owner = schema
    for step in path[:-1]:
        named = owner.get("properties", {}).get(step)
        owner = there(named or owner.get("items" if isinstance(step, int) else "additionalProperties") or {})
    return path[-1:] != () and path[-1] in owner.get("required", ())


def _known_field(key: str, known: Collection[str]) -> str:
    suggestion = did_you_mean(key, known)
    if suggestion.endswith("?"):
        return suggestion
    return "known: " + ", ".join(f"`{name}`" for name in sorted(known))


def _missing(path: Path, field: str, schema: Any, schema_path: Any) -> Finding:  # noqa: ANN401
    about = _owner(schema, schema_path).get("properties", {}).get(field, {})
    about = {**schema["$defs"].get(about.get("$ref", "").rpartition("/")[2], {}), **about}
    example = about["examples"][0]
    advice = f"add `{field}: {_written(example)}`"
    return rules.MISSING_FIELD.at(path, "key", where=human(path), field=field, advice=advice, example=example)


def _wrong_type(
    path: Path, types: list[str], documents: Documents, example: object = None, *, optional: bool = True
) -> Finding:
    value = _value(documents.value, path)
    if "string" in types and isinstance(value, (int, float)) and not isinstance(value, bool):
        written = documents.written(path) or str(value)
        return rules.UNQUOTED_NUMBER.at(path, where=human(path), written=written, value=value)
    expected = " or ".join(_TYPES[name] for name in types)
    if value is None and path and not optional:
        advice = f"write it like `{path[-1]}: {_written(example)}`"
    else:
        advice = _type_advice(path, types, value, documents.written(path), example)
    return rules.WRONG_TYPE.at(
        path, where=human(path), expected=expected, actual=type_name(value), advice=advice
    )


def _type_advice(path: Path, types: list[str], value: object, written: str, example: object) -> str:
    key = path[-1] if path and isinstance(path[-1], str) else None
    if not path:
        return "start with `version: 1`, or run `image-matrix init`"
    if value is None and types == ["object"] and key and not written:
        return f"write what belongs to `{key}` below it, indented further, or remove it"
    if value is None:
        return f"give `{key}` a value, or remove it" if key else "give it a value, or remove the entry"
    if "array" in types and isinstance(value, (str, int, float)):
        return f"write a list: `{key}: [{written}]`"
    if "string" in types and isinstance(value, bool):
        return f'quote it: "{written}"'
    if "string" in types and isinstance(value, list) and len(value) == 1 and key:
        return f"write it without the brackets: `{key}: {_written(value[0])}`"
    # what has parts is best shown; a whole section would be too long
    wanted = list if isinstance(value, dict) else dict
    if key and len(path) > 1 and isinstance(example, wanted) and not isinstance(value, list):
        return f"write it like `{key}: {_written(example)}`"
    return f"write {' or '.join(_SAMPLES.get(name, name) for name in types)}"


def type_name(value: object) -> str:
    """Return what a value is, in words."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"


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
    yield _wrong_type(_path(documents.value, error.instance_path), list(dict.fromkeys(types)), documents)


def _deep(item: Any, error: Any) -> bool:  # noqa: ANN401
    return len(item.instance_path) > len(error.instance_path)


def _pattern(path: Path, error: Any, schema: Any) -> Finding:  # noqa: ANN401
    value = str(error.instance)
    name, owner = _definition(schema, error.schema_path)
    if name in _PACKAGES:
        what, advice = _PACKAGES[name]
        if name == "aptPackage" and value.endswith("-"):
            advice = (
                f"write `{value.rstrip('-')}`, or leave it out: with `-` at the end apt removes a package"
            )
        return rules.BAD_PACKAGE.at(path, value=value, what=what, advice=advice)
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        advice = "write it in one line"
        return rules.BAD_VALUE.at(
            path,
            where=human(path),
            problem="line breaks and control characters cannot stand here",
            advice=advice,
        )
    problem = f"`{value}` is not {_article(owner.get('title', 'value'))}"
    return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=_like(value, owner))


def _like(value: str, owner: dict[str, Any]) -> str:
    """Return help from that of a sub-schema's examples which begins most like ``value``; every pattern has one."""
    import os

    def alike(example: object) -> int:
        return len(os.path.commonprefix([str(example), value]))  # noqa: RUF071 - of texts, not of paths

    return f"write it like `{max(owner['examples'], key=alike)}`"


def _written(value: object) -> str:
    """Return a value as it could stand in the matrix."""
    import json

    from generator.matrix.parse import scalar

    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    if isinstance(value, str) and scalar(value, plain=True) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _article(title: str) -> str:
    words = title[0].lower() + title[1:] if title[1:2].islower() else title
    return f"{'an' if words[0].lower() in 'aeiou' else 'a'} {words}"


def _other(path: Path, error: Any, *, optional: bool) -> Finding:  # noqa: ANN401
    or_not = ", or remove the field" if optional else ""
    problems = {
        "minItems": ("the list is empty", f"add an entry{or_not}"),
        "minProperties": ("the mapping is empty", f"add an entry{or_not}"),
        "uniqueItems": ("the list names something twice", "keep one of them"),
        "minLength": ("the text is empty", f"give it a value{or_not}"),
    }
    problem, advice = problems.get(error.kind.name, (error.message, "see `image-matrix schema`"))
    return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)


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
