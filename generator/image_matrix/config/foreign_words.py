"""Suggests what to write instead of keys of other programs, with the value that was written.

:data:`image_matrix.config.synonyms.WORDS` is the table of such words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from image_matrix.config.platforms import DOCKERS_NAMES
from image_matrix.config.synonyms import WORDS
from image_matrix.config.yaml_text import as_written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.synonyms import Word
    from image_matrix.diagnostics import Path

_LONG = 160
"""Characters of a help; what is longer is not written out."""


def answered(
    path: Path,
    key: str,
    mapping: Mapping[str, Any],
    matrix: Mapping[str, Any],
    typed: Any = None,  # noqa: ANN401 - a YAML value
) -> str:
    """Return what to write instead of a foreign word ``key`` of the mapping at ``path``; empty for other words.

    ``typed`` is its value with numbers as texts, as they are written.
    """
    word = _word(path, key, mapping[key])
    if word is None:
        return ""
    texts = forms(path, key, mapping[key], matrix, typed)
    if not _is_field(word.ours):
        return re.sub("<(\\w+)>", lambda match: texts[match[1]], word.ours)
    ours = word.ours.format_map(texts)
    if not word.under:
        return f"write `{ours}`" if len(ours) < _LONG else _renamed(ours, key)
    return _moved(word, path, mapping, matrix) if len(ours) < _LONG else _elsewhere(ours, word.under)


def provided(path: Path, mapping: Mapping[str, Any]) -> set[str]:
    """Return the fields of a mapping that it has under foreign words: they are not missing."""
    words = (word for key, value in mapping.items() if (word := _word(path, key, value)))
    return {
        (word.under or word.ours.partition(":")[0]).partition(".")[0]
        for word in words
        if _is_field(word.ours)
    } - {""}


def plain(key: str) -> str:
    """Return a key as the table has it: ``dependsOn`` and ``DEPENDS-ON`` as ``depends_on``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.strip()).replace("-", "_").lower()


def _word(path: Path, key: str, value: object) -> Word | None:
    name, kind = plain(key), _type(value)
    keys = {"", *value, *("/" for one in value if "/" in str(one))} if isinstance(value, dict) else {""}
    words = (word for word in WORDS if name in word.words and word.of in ("", kind) and word.has in keys)
    return next((word for word in words if any(_is_at(pattern, path) for pattern in word.where)), None)


def _is_at(pattern: str, path: Path) -> bool:
    steps = pattern.split(".") if pattern else []
    return len(steps) == len(path) and all(step in ("*", path[at]) for at, step in enumerate(steps))


def _is_field(ours: str) -> bool:
    return re.match(r"(\w+|\{word\}): ", ours) is not None


def _type(value: object) -> str:
    return "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "text"


def forms(
    path: Path,
    key: str,
    value: Any,  # noqa: ANN401 - a YAML value
    matrix: Mapping[str, Any],
    typed: Any = None,  # noqa: ANN401
) -> dict[str, str]:
    """Return a value in every form that a field may want, as YAML in one line; ``typed`` has numbers as texts."""
    typed = value if typed is None else typed
    texts = _texts(typed)
    host = str(matrix.get("registry", "")).partition("/")[0] or "HOST"
    return {
        "word": plain(key),
        "owner": str(path[1]) if len(path) > 1 else "NAME",
        "host": as_written(host),
        "value": "VALUE" if value is None else as_written(value),
        "name": as_written(texts[0]) if texts else "NAME",
        "text": as_written(str(typed)),
        "list": as_written(texts or ["NAME"]),
        "texts": as_written(texts or ["3.13"]),
        "names": as_written(value if isinstance(value, dict) else texts or ["NAME"]),
        "axes": as_written(_axes(typed)),
        "platforms": as_written([platform_named(text) for text in texts] or ["linux/amd64"]),
        "mapping": as_written(_mapping(value)),
        "memory": as_written(re.sub(r"(?<=[KMGT])B?$", "i", str(value))),
        "count": str(value) if isinstance(value, int) and value > 1 else "1",
        "devices": as_written(_devices(value, matrix)),
        "overrides": as_written(_overrides(value)),
        "snapshot": as_written(_snapshot(value)),
        "provider": as_written(value.get("provider", "uv")) if isinstance(value, dict) else "uv",
    }


def _texts(value: object) -> list[str]:
    """Return the texts of a list, the keys of a mapping, or the one text."""
    if isinstance(value, (dict, list)):
        return [str(item) for item in value if isinstance(item, (str, int, float))]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def _snapshot(value: object) -> object:
    """Return whether, or on which sources, packages come from snapshots; a day is in the lock."""
    asked = value.get("snapshot") if isinstance(value, dict) else value
    return asked if isinstance(asked, (bool, list)) else True


def _axes(value: object) -> object:
    if isinstance(value, dict):
        return {axis: _texts(item) for axis, item in value.items()}
    return _texts(value) or ["python"]


def platform_named(text: str) -> str:
    """Return the platform that the name of an architecture means: ``x86_64`` is ``linux/amd64``."""
    text = text.lower().removeprefix("linux/")
    bare = DOCKERS_NAMES.get(text, text)
    return bare if "/" in bare else f"linux/{bare}"


def _mapping(value: object) -> dict[str, Any]:
    """Return a mapping, or one of the entries ``NAME=TEXT`` of a list."""
    if isinstance(value, dict):
        return {
            key: item if isinstance(item, (str, dict)) else as_written(item) for key, item in value.items()
        }
    pairs = [text.partition("=") for text in _texts(value)]
    return {name: text for name, _, text in pairs} or {"NAME": "VALUE"}


def _devices(value: object, matrix: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with the names of accelerators replaced by those of their devices."""
    known = matrix.get("accelerators")
    accelerators = known if isinstance(known, dict) else {}
    asked = value if isinstance(value, dict) else dict.fromkeys(_texts(value), 1)

    def device(name: str) -> str:
        item = accelerators.get(name)
        asked_for = (item.get("device") or item.get("resource")) if isinstance(item, dict) else None
        return str(asked_for or (name if "/" in name else "nvidia.com/gpu"))

    return {device(name): _count(item) for name, item in asked.items()} or {"nvidia.com/gpu": 1}


def _count(amount: object) -> object:
    return int(amount) if isinstance(amount, str) and amount.isdecimal() else amount


def _overrides(value: object) -> list[dict[str, Any]]:
    named = value.items() if isinstance(value, dict) else ()
    return [{"match": {"image": name}, **(item if isinstance(item, dict) else {})} for name, item in named]


def _renamed(ours: str, key: str) -> str:
    return f"write `{ours.partition(':')[0]}:` instead of `{key}:`"


def _elsewhere(ours: str, under: str) -> str:
    return f"write it as `{ours.partition(':')[0]}:` below `{under.removeprefix('.')}`"


def _moved(word: Word, path: Path, mapping: Mapping[str, Any], matrix: Mapping[str, Any]) -> str:
    """Return where the fields of a mapping go that belong under the same one, this one among them."""
    fields = list(_under(word.under, path, mapping, matrix))
    steps = word.under.removeprefix(".").split(".")
    owner: Mapping[str, Any] = matrix if word.under.startswith(".") else mapping
    if steps[0] in owner:
        listed = " and ".join(f"`{field}`" for field in fields)
        packages = ", and its list as `packages:`" if isinstance(owner[steps[0]], list) else ""
        return f"write {listed} below `{'.'.join(steps)}:`{packages}"
    text = ", ".join(fields)
    for step in reversed(steps):
        text = f"{step}: {{{text}}}"
    at_the_top = " at the top of the matrix" if word.under.startswith(".") and path else ""
    return f"write `{text}`{at_the_top}"


def _under(under: str, path: Path, mapping: Mapping[str, Any], matrix: Mapping[str, Any]) -> Iterator[str]:
    for key, value in mapping.items():
        word = _word(path, key, value)
        if word is not None and word.under == under and _is_field(word.ours):
            yield word.ours.format_map(forms(path, key, value, matrix))
