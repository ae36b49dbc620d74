"""Separates findings that follow from a mistake from those that are independent of it.

An entry is what a section declares under a name: ``images.base``. It is in doubt if a mistake stands in it, or if it
names an entry that is in doubt. What else is wrong with it may only follow from that mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

_EMPTY_ENTRIES: dict[str, Any] = {
    "axes": [],
    "sources": "",
    "downloads": {"version": "", "url": ""},
    "accelerators": {},
    "bundles": {},
    "images": {},
    "sizes": {"display_name": ""},
    "sites": {},
    "profiles": {"display_name": "", "images": {}},
}
"""Section to an entry that has nothing but its name."""
_NAMELESS = {"defaults", "network", "workflow", "release"}
"""Fields that declare no names, and that no entry is compared with."""
_OF_A_NAME = (rules.UNKNOWN_PARENT, rules.UNKNOWN_REFERENCE, rules.UNKNOWN_KIND)
"""Rules about one field that names something, whatever else is wrong with the entry."""
_COMPARED_WITH = {rules.NEEDS_CHART: "sites"}
"""Rule to the section that an entry is compared with, although the entry does not name what is there."""
_BESIDE: dict[Path, str] = {("network", "logins"): "release"}
"""Field of a nameless section to one that it is compared with: logins are for hosts of copies and scanners."""
MOST_PLACES = 3
"""Further places of an unknown name that are shown."""


def in_doubt(value: Json, faults: Collection[Path]) -> set[Path]:
    """Return the paths of the entries of a matrix that are in doubt because something is wrong at ``faults``."""
    doubted = {path[:2] for path in faults if len(path) > 1 and path[0] in _EMPTY_ENTRIES}
    if not doubted:
        return set()
    names = {
        (section, name): set(_texts(entry))
        for section in _EMPTY_ENTRIES
        for name, entry in (value.get(section) or {}).items()
    }
    while more := {
        entry
        for entry, texts in names.items()
        if entry not in doubted and not texts.isdisjoint(path[1] for path in doubted)
    }:
        doubted |= more
    return doubted


def _texts(value: Json) -> Iterator[object]:
    """Yield every key and every scalar of a value."""
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)
    if not isinstance(value, (dict, list)):
        yield value


def without_faults(value: Json, faults: Collection[Path]) -> Json:
    """Return a matrix of the right shape, in which faulty fields of entries are left out and every name is kept.

    ``None`` if a section is faulty as a whole: then its names are not known.
    """
    if () in faults:
        return None
    result = dict(value)
    for section, *path in faults:
        if section in _NAMELESS:
            result.pop(section, None)
        elif section not in _EMPTY_ENTRIES or not path:
            return None
        else:
            entry = _without(result[section][path[0]], path[1:], _EMPTY_ENTRIES[section])
            result[section] = {**result[section], path[0]: entry}
    return result


def _without(entry: Json, path: Sequence[str | int], empty: Json) -> Json:
    """Return an entry without one of its fields; empty, where that says nothing."""
    if not path or not isinstance(entry, dict) or not isinstance(empty, dict):
        return empty
    return {**empty, **{key: item for key, item in entry.items() if key != path[0]}}


def independent(finding: Finding, doubted: Collection[Path], faults: Collection[Path]) -> bool:
    """Say whether a finding about a declaration does not follow from ``faults``."""
    compared = (_COMPARED_WITH.get(finding.rule), _BESIDE.get(finding.path[:2]))
    if any(path[0] in compared for path in faults):
        return False
    if finding.path[:2] not in doubted or finding.rule is rules.BAD_NAME:
        return True
    return finding.rule in _OF_A_NAME and all(finding.fields["name"] not in path[1:2] for path in faults)


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with one for each unknown name; the other places of that name stand beside it."""
    first: dict[object, Finding] = {}
    for finding in findings:
        cause = _unknown_name(finding) or id(finding)
        known = first.setdefault(cause, finding)
        if known is not finding and len(known.related) < MOST_PLACES:
            first[cause] = known.beside(*known.related, (finding.path, "and here"))
    return list(first.values())


def _unknown_name(finding: Finding) -> tuple[object, ...] | None:
    fields = finding.fields
    if finding.rule is rules.UNKNOWN_PARENT:
        return "image", fields["name"]
    if finding.rule is rules.UNKNOWN_REFERENCE:
        # images and sources share one namespace
        return "image" if fields["what"] == "source" else fields["what"], fields["name"]
    if finding.rule in (rules.UNKNOWN_AXIS_VALUE, rules.NO_PARENT_VARIANT):
        return fields["axis"], fields["value"]
    return None
