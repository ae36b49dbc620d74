"""Reports keys of mappings: those that are not known, have a wrong form, or are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.foreign_words import answered, provided
from image_matrix.config.key_places import belongs
from image_matrix.config.schema import ENTRIES, resolved, schema, sibling_fields
from image_matrix.config.suggestions import missing_advice, named
from image_matrix.config.unknown_keys import is_misspelt, key_advice, misplaced
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human
from image_matrix.diagnostics.redact import conceal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.config.document import Documents
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json


def entry_fields(section: str) -> list[str]:
    """Return the names of the fields that an entry of a section has."""
    return [*resolved(schema()["properties"][section]["additionalProperties"])["properties"]]


def swapped(path: Path, key: str, documents: Documents) -> str:
    """Return what to write where a file of the project stands in front of its path in the image."""
    target = documents.written((*path, key))
    if path[-1:] != ("files",) or key.startswith("/") or not target.startswith("/"):
        return ""
    return f"the path in the image comes first: write `{conceal(target)}: {as_written(conceal(key))}`"


def unknown_keys(
    path: Path, value: dict[str, Any], part: dict[str, Any], documents: Documents
) -> Iterator[Finding]:
    """Yield the keys that the mapping at ``path`` does not know, each with what may be meant."""
    known = part.get("properties", {})
    sections = {name: entry_fields(name) for name in ENTRIES}
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


def missing_fields(
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
