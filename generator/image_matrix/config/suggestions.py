"""Suggests what to write instead of a value that is not valid in its field, derived from the value.

What may be meant is tried on the field's own schema; the first that fits is the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from image_matrix.config.amounts import LIMITED, as_amount, is_amount
from image_matrix.config.foreign_words import platform_named
from image_matrix.config.package_words import VERSIONED, with_versions, without_command
from image_matrix.config.repairs import repaired
from image_matrix.config.schema import ENTRIES
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import did_you_mean
from image_matrix.diagnostics.redact import conceal

Fits: TypeAlias = Callable[[object], bool]

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "y": True,
             "false": False, "no": False, "off": False, "0": False, "n": False}  # fmt: skip
_PAIR = re.compile(r"([\w./-]+)\s*[:=]\s*([^\s:=/].*)")
_COMMA = re.compile(r",(?![^\[]*\])")
"""A comma, but not one between the extras of a requirement."""
_START = re.compile(r"-*[\w@'\"/.{]")
"""What an entry may start with; an operator such as `>=` goes on with the one before."""
LISTS = ("pip", "allow")
"""Fields that a list in place of a mapping is most often meant for: packages of a bundle, what a policy allows."""
_DAY = re.compile(r"[12][0-9]{3}-?[0-9]{2}-?[0-9]{2}")
_NONE = "none"
_NOTHING = {_NONE, "no", "off", "false", "null", "disabled"}
"""Words for nothing."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value of the wrong type, as written, and what its field takes."""

    key: str | None
    """Name of the field; ``None`` for an entry of a list."""
    value: object
    written: str
    """The text of the value, and the comment behind it, without users and passwords of addresses in them."""
    comment: str
    types: Sequence[str]
    """Types that the field takes."""
    fits: Fits
    parts: Mapping[str, Mapping[str, Any]]
    """Sub-schemas of the fields that a mapping in this place has."""
    required: Sequence[str]
    """Fields that a mapping in this place must have."""
    words: Sequence[str]
    """Words that the field takes, if it takes words only."""
    accepts_quoted: bool
    """Whether a number, or true or false, fits the field once it is quoted; the name of something it cannot be."""
    optional: bool
    """Whether the field may be left out."""
    empty: bool
    """Whether a mapping without fields says something there."""
    fallback: str
    """What to write where nothing can be made from the value."""


def type_advice(misfit: Misfit) -> str:
    """Return what to write; following it leads to a value that the field takes."""
    if misfit.value is None:
        return _of_nothing(misfit)
    if advice := _of_day(misfit):
        return advice
    candidates = (one for one in _candidates(misfit) if misfit.fits(one) and _has_amounts(misfit.key, one))
    candidate = next(candidates, None)
    if candidate is None:
        return _of_list(misfit) or _of_absence(misfit) or misfit.fallback
    unquoted = isinstance(misfit.value, str) and isinstance(candidate, (bool, int))
    return f"write {named(misfit.key, candidate)}" + (", without quotes" if unquoted else "")


def _candidates(misfit: Misfit) -> Iterator[object]:
    """Yield what may be meant, the likeliest first."""
    value, written = misfit.value, misfit.written
    number = isinstance(value, (bool, int, float))
    if written.lower() in _BOOLEANS:
        yield _BOOLEANS[written.lower()]
    if re.fullmatch(r"[0-9]{1,9}", written):
        yield int(written)
    if isinstance(value, str):
        if misfit.key == "platforms":
            yield [platform_named(text) for text in entries(written)]
        if misfit.key in VERSIONED:
            yield with_versions(entries(written))
        yield from (entries(written), _mapping([written]))
    elif number and misfit.accepts_quoted:
        yield written
        if not isinstance(value, bool):
            yield entries(written)
    if value is True and not misfit.words:
        yield {}
    if isinstance(value, dict):
        yield [value]
    if isinstance(value, list):
        yield _mapping(value) if value or misfit.empty else None
        yield from ({name: value} for name in LISTS if name in misfit.parts)
        yield conceal(value[0]) if len(value) == 1 and isinstance(value[0], str) else None
    if _is_nothing(misfit):
        yield _NONE
    elif value is True and _NONE in misfit.words:
        yield from (word for word in misfit.words[:2] if word != _NONE)
    elif not isinstance(value, list):
        yield from _parts(misfit)


def _is_nothing(misfit: Misfit) -> bool:
    return misfit.value is False or (isinstance(misfit.value, str) and misfit.written.lower() in _NOTHING)


def _parts(misfit: Misfit) -> Iterator[Mapping[str, object]]:
    """Yield mappings with the one field that a text or number can be meant for."""
    value, written = (misfit.written if isinstance(misfit.value, str) else misfit.value), misfit.written
    chosen = [name for name, part in misfit.parts.items() if written in part.get("enum", ())]
    yield from ({name: written} for name in chosen if len(chosen) == 1)
    yield from ({name: value} for name in misfit.required if len(misfit.required) == 1)
    amount = as_amount(misfit.key, written) if isinstance(misfit.value, str) else value
    yield from ({name: amount} for name in misfit.parts if name == "limit")
    if isinstance(misfit.value, str):
        yield {written: 1}


def _has_amounts(key: str | None, candidate: object) -> bool:
    """Say whether the amounts of CPU or memory in a mapping are some that a pod can have."""
    if key not in LIMITED or not isinstance(candidate, dict):
        return True
    return all(amount == _NONE or is_amount(key, amount) for amount in candidate.values())


def _of_absence(misfit: Misfit) -> str:
    """A word for nothing, or no entries: a field that may be left out is left out."""
    no_entries = misfit.value == [] and misfit.fits({})
    leave_out = misfit.key and misfit.optional and (_is_nothing(misfit) or no_entries)
    return f"remove `{misfit.key}`" if leave_out else ""


def _mapping(items: Sequence[object]) -> dict[str, object] | None:
    """Return ``[A=b, {C: d}]`` as one mapping; ``None`` where an entry is neither."""
    result: dict[str, object] = {}
    for item in items:
        pair = _PAIR.fullmatch(item) if isinstance(item, str) else None
        if pair and conceal(pair[0]) == pair[0]:
            result[pair[1]] = pair[2]
        elif isinstance(item, dict) and len(item) == 1:
            result |= item
        else:
            return None
    return result


def _of_day(misfit: Misfit) -> str:
    """Return what to write instead of a day where sources are named: the lock has the moment of a snapshot of apt."""
    is_switch = misfit.key == "snapshot" and "boolean" in misfit.types
    if not is_switch or not _DAY.match(misfit.written):
        return ""
    return "write `snapshot: true`: the lock has the moment, and `image-matrix lock --upgrade apt` moves it"


def _of_nothing(misfit: Misfit) -> str:
    key = misfit.key
    if re.match(r"#[^\s#]", misfit.comment) and misfit.fits(misfit.comment):
        return f"a `#` starts a comment: put a text that starts with it in quotes, `{as_written(misfit.comment)}`"
    if not misfit.optional:
        return misfit.fallback
    if misfit.empty:
        return f"write `{key}: {{}}` for what is usual, or what belongs to `{key}` below it, indented further"
    if list(misfit.types) == ["object"] and key and not misfit.written:
        return f"write what belongs to `{key}` below it, indented further, or remove it"
    return f"give `{key}` a value, or remove it" if key else "give it a value, or remove the entry"


def _of_list(misfit: Misfit) -> str:
    """Return what to write instead of a list that is none of a field's."""
    value, key = misfit.value, misfit.key
    if not isinstance(value, list):
        return ""
    if key is None and "string" in misfit.types:
        return "a list cannot contain a list: write its entries one by one, or put shared packages into `bundles:`"
    first = value[0] if value else None
    if isinstance(first, dict):
        return _of_entries(first)
    if isinstance(first, str) and key in (*ENTRIES, "sites") and not misfit.parts:
        return f"write names with their fields: `{key}: {{{first}: {{…}}}}`"
    return ""


def _of_entries(first: Mapping[str, object]) -> str:
    """Return how entries are written that other programs have as a list, each with its name in a field."""
    for field in ("name", "slug"):
        if isinstance(name := first.get(field), str):
            return (
                f"write `{name}:` and its fields below it, indented further, instead of `- {field}: {name}`"
            )
    if isinstance(name := first.get("display_name"), str):
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "NAME"
        return f"write `{slug}:` instead of the dash, and the fields below it, indented further"
    return ""


def corrected(value: str, fits: Fits) -> str | None:
    """Return what a text that does not fit is meant to be; ``None`` if that cannot be told."""
    if conceal(value) != value:
        return None
    better = repaired(value, fits)
    return better if better is None or conceal(better) == better else None


def word_advice(word: str, words: Sequence[str]) -> str:
    """Return what to write instead of a word that is none of some."""
    same = [known for known in words if known.lower() == word.lower()]
    if not same and _NONE in words and word.lower() in _NOTHING:
        same = [_NONE]
    return f"write `{same[0]}`" if same else did_you_mean(word, words)


def of_several_words(given: Sequence[object], about: Mapping[str, Any]) -> str:
    """Return what to write instead of several words, where a field takes one of its own; empty for other values.

    ``x-lowest`` of a field says what one word means whose words go from the lowest to the highest.
    """
    lower = {str(one).lower() for one in given}
    meant = [str(known) for known in about.get("enum", ()) if str(known).lower() in lower]
    if len(given) < 2 or not meant:
        return ""
    if "x-lowest" in about:
        return f"write `{meant[0]}`: it is {about['x-lowest']}"
    return f"write one word: {' or '.join(f'`{one}`' for one in meant)}" if len(meant) > 1 else ""


def missing_advice(name: str, field: str, about: Mapping[str, Any]) -> str:
    """Return what to write for a required field of the entry ``name``: its only value, its name, or an example."""
    if "const" in about:
        return f"add {named(field, about['const'])}"
    if field == "display_name" and name:
        return f"add {named(field, title(name))}"
    return f"add, for example, {named(field, about['examples'][0])}"


def title(name: str) -> str:
    """Return the name of an entry as people write it: ``data-science`` is Data science."""
    words = re.sub(r"[-_]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def named(key: str | None, value: object) -> str:
    """Return a value with its key, as both are written."""
    return f"`{key}: {as_written(value)}`" if key else f"`{as_written(value)}`"


def entries(text: str) -> list[str]:
    """Split what somebody wrote as one text where a list should be: by lines, commas or spaces."""
    bare = text.strip().removeprefix("[").removesuffix("]") if text.count("[") != text.count("]") else text
    bare = re.sub(r"^\((.*)\)$", r"\1", bare.strip(), flags=re.DOTALL)
    lines = [without_command(line.strip().removeprefix("- ")) for line in bare.split("\n")]
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
