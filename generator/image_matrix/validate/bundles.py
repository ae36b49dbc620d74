"""Checks that the bundles of an image do not contradict each other."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from image_matrix.config.model import MANAGERS, TEST_KINDS
from image_matrix.config.resolve import package_name
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.validate.references import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Manager, Matrix, Settings
    from image_matrix.diagnostics import Finding, Path

    _Key = tuple[str, str]
    """A field (``pip``, ``tests.commands``) and a name in it."""
    _Lines = dict[_Key, dict[str, tuple[str, Path]]]
    """What is declared of a name: a line as it is compared, to it as it is written and its place in the bundle."""


def disagreeing(matrix: Matrix) -> Iterator[Finding]:
    """Two bundles in one list that say different things of a package or a test, which the image itself leaves open."""
    declared = {name: _lines(settings) for name, settings in matrix.bundles.items()}
    for path, settings in settings_of(matrix):
        decided = _lines(settings).keys()
        names = [name for name in settings.bundles if name in declared]
        for at, second in enumerate(names):
            place = (*path, "bundles", settings.bundles.index(second))
            for key in declared[second].keys() - decided:
                losing = (name for name in names[:at] if _loses(declared[name], declared[second], key))
                for first in islice(losing, 1):
                    yield _finding(place, key, declared, first, second)


def _lines(settings: Settings) -> _Lines:
    lines: _Lines = {}
    for manager in MANAGERS:
        for at, line in enumerate(settings.packages.get(manager, ())):
            key = manager, package_name(manager, line)
            lines.setdefault(key, {})[_plain(manager, line)] = line, (manager, at)
    for name, version in settings.provides.items():
        lines.setdefault(("provides", name), {})[version] = f"{name}: {version}", ("provides", name)
    for kind in TEST_KINDS:
        for name, value in settings.tests.get(kind, {}).items():
            text = f"{name}: {value}" if value else name
            lines.setdefault((f"tests.{kind}", name), {})[value] = text, ("tests", kind, name)
    return lines


def _plain(manager: Manager, line: str) -> str:
    """Return a line without what makes no difference: blanks, and how its package is spelt."""
    name = package_name(manager, line)
    return name + "".join(line[len(name) :].split())


def _loses(first: _Lines, second: _Lines, key: _Key) -> bool:
    """Say whether a bundle says something of a name that a later one does not; a bare name says nothing."""
    lines = first.get(key, {}).keys() - {key[1]}
    return bool(lines - second[key].keys())


def _finding(path: Path, key: _Key, declared: dict[str, _Lines], first: str, second: str) -> Finding:
    ours, theirs = declared[first][key], declared[second][key]
    line, place = next(item for plain, item in ours.items() if plain not in theirs)
    other, other_place = next(iter(theirs.values()))
    fields = {"field": key[0], "first": line, "second": other, "first_bundle": first, "second_bundle": second}
    finding = rules.BUNDLES_DISAGREE.at(path, where=human(path[:-2]), **fields)
    others = (("bundles", first, *place), "the one line"), (("bundles", second, *other_place), "the other")
    return finding.beside(*others)
