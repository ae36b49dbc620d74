"""Hands on what apt said in released images: to a job that runs code of packages, and so may not log in to ask itself.

The file comes from another job. It is data: what has another form becomes a failure.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from image_matrix.json_data import read_json
from image_matrix.lock.apt_updates import CVE, NAME, VERSION, AptFindings, AptUpdate
from image_matrix.text import listed

if TYPE_CHECKING:
    import re
    from collections.abc import Collection

    from image_matrix.json_data import Json

FIELDS = {"sources", "updates", "source_of", "released", "current", "failures"}
MISSING = "not asked: the job that asks has handed nothing on; its log says why"
_PATTERNS: dict[str, re.Pattern[str]] = {
    "package": NAME,
    "old": VERSION,
    "new": VERSION,
    "debian_source": NAME,
    "installed": VERSION,
}
MOST_NAMES = 5


class AnswersError(ValueError):
    """What was handed on does not have the form that :func:`written` gives it."""


@dataclass(frozen=True, slots=True)
class AptAnswers:
    """What was found, and on which sources images were asked."""

    sources: frozenset[str]
    findings: AptFindings


def written(answers: AptAnswers) -> bytes:
    """Return answers as JSON. A failure becomes one printable line."""
    findings = answers.findings
    data = {
        "sources": sorted(answers.sources),
        "updates": {name: [asdict(one) for one in updates] for name, updates in findings.updates.items()},
        "source_of": dict(findings.source_of),
        "released": sorted(findings.released),
        "current": sorted(findings.current),
        "failures": [_printable(line) for line in findings.failures],
    }
    return json.dumps(data, indent=1).encode()


def read_answers(content: bytes) -> AptAnswers:
    """Return the answers that :func:`written` has written; raises :class:`AnswersError`."""
    try:
        data = read_json(content)
    except ValueError as error:
        raise AnswersError(f"it is no JSON: {_printable(str(error))}") from None
    if not isinstance(data, dict) or data.keys() != FIELDS:
        raise AnswersError(f"it does not have the fields {', '.join(sorted(FIELDS))}")
    sources = frozenset(_texts(data["sources"], "sources"))
    source_of = _mapping(data, "source_of")
    _texts([*source_of.values()], "source_of")
    if not {*source_of.values()} <= sources:
        raise AnswersError("`source_of` names a source that is not in `sources`")
    findings = AptFindings(
        {name: _updates(value) for name, value in _mapping(data, "updates").items()},
        source_of,
        frozenset(_texts(data["released"], "released")),
        frozenset(_texts(data["current"], "current")),
        _texts(data["failures"], "failures"),
    )
    return AptAnswers(sources, findings)


def answered(content: bytes | None, sources: Collection[str], variants: Collection[str]) -> AptFindings:
    """Return what another job found on some sources; ``None`` if it has handed nothing on.

    ``variants`` are the ids that the matrix has. Where the answers are missing, the entries of these sources stay: the
    findings have the reason.
    """
    if not sources:
        return AptFindings()
    if content is None:
        return _not_asked(sources, MISSING)
    try:
        answers = read_answers(content)
        _refuse_strangers(answers.findings, variants)
    except AnswersError as error:
        return _not_asked(sources, f"not asked: what the job that asks has handed on cannot be read: {error}")
    missing = sorted({*sources} - answers.sources)
    if missing:
        return _not_asked(sources, f"not asked on {listed(missing, MOST_NAMES)}: the job asked on others")
    return answers.findings


def _not_asked(sources: Collection[str], reason: str) -> AptFindings:
    """Return findings without answers; whether something is released on the sources is not known."""
    return AptFindings(released=frozenset(sources), failures=(reason,))


def _refuse_strangers(findings: AptFindings, variants: Collection[str]) -> None:
    named = {*findings.updates, *findings.source_of, *findings.current}
    if strangers := sorted(named - {*variants}):
        raise AnswersError(f"the matrix has no {listed(strangers, MOST_NAMES)}")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _mapping(data: Json, field: str) -> dict[str, Json]:
    if not isinstance(data[field], dict):
        raise AnswersError(f"`{field}` is no mapping")
    _texts([*data[field]], field)
    return dict(data[field])


def _texts(value: Json, field: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise AnswersError(f"`{field}` is no list")
    if not all(isinstance(one, str) and one.isprintable() for one in value):
        raise AnswersError(f"`{field}` has something else than printable text")
    return tuple(value)


def _updates(value: Json) -> tuple[AptUpdate, ...]:
    if not isinstance(value, list):
        raise AnswersError("an entry of `updates` is no list")
    return tuple(_update(one) for one in value)


def _update(value: Json) -> AptUpdate:
    if not isinstance(value, dict) or value.keys() != {*_PATTERNS, "cves"}:
        raise AnswersError(f"an update does not have the fields {', '.join([*_PATTERNS, 'cves'])}")
    texts = {name: _matching(value[name], name, pattern) for name, pattern in _PATTERNS.items()}
    if not isinstance(value["cves"], list):
        raise AnswersError("`cves` is no list")
    return AptUpdate(**texts, cves=tuple(_matching(one, "cves", CVE) for one in value["cves"]))


def _matching(value: Json, field: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise AnswersError(f"`{field}` of an update is not of the expected form")
    return value
