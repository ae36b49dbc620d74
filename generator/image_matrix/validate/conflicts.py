"""Finds what contradicts: versions in a variant and its ancestors, and lines in two bundles of an image."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from image_matrix.config.filling import filled
from image_matrix.config.layer_order import fits
from image_matrix.config.layers import Layer, Origin
from image_matrix.config.model import MANAGERS, TEST_KINDS
from image_matrix.config.package_names import package_name
from image_matrix.config.package_versions import READERS, exclude
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.text import listed
from image_matrix.validate.filled_texts import texts_of
from image_matrix.validate.references import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Manager, Matrix, Settings, Variant
    from image_matrix.config.package_versions import VersionRange
    from image_matrix.diagnostics import Finding, Path

    _Key = tuple[str, str]
    """A field (``pip``, ``tests.commands``) and a name in it."""
    _Lines = dict[_Key, dict[str, tuple[str, Path]]]
    """What is declared of a name: a line as it is compared, to it as it is written and its place in the bundle."""

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RequestedPackage:
    """A line that names versions of a package, in one variant."""

    line: str
    asks: VersionRange
    variant: Variant
    manager: Manager


def pinned_otherwise(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Versions that exclude each other along a chain; what other packages need is known to the lock alone."""
    pairs_by_lines: dict[tuple[str, ...], list[tuple[RequestedPackage, RequestedPackage]]] = {}
    for ours, theirs in _pairs(expanded):
        key = (ours.variant.image, ours.line, theirs.variant.image, theirs.line)
        pairs_by_lines.setdefault(key, []).append((ours, theirs))
    for pairs in pairs_by_lines.values():
        yield _conflict(matrix, expanded, pairs)


def _pairs(expanded: Mapping[str, Variant]) -> Iterator[tuple[RequestedPackage, RequestedPackage]]:
    """Yield what a variant asks for with what an ancestor pins, where no version is both."""
    for manager, read in READERS.items():
        known: dict[str, dict[str, RequestedPackage]] = {}
        for item in expanded.values():
            pinned = known.get(item.parent or "", {})
            asks = {
                package_name(manager, line): RequestedPackage(line, asked, item, manager)
                for line in item.packages.get(manager, ())
                if (asked := read(line))
            }
            known[item.id] = {**pinned, **{name: one for name, one in asks.items() if one.asks.pin}}
            yield from (
                (requested, pinned[name])
                for name, requested in asks.items()
                if name in pinned and exclude(requested.asks, pinned[name].asks)
            )


def _conflict(
    matrix: Matrix,
    expanded: Mapping[str, Variant],
    pairs: Sequence[tuple[RequestedPackage, RequestedPackage]],
) -> Finding:
    """Return the finding about two lines, with the variants in which they meet where these are not all."""
    ours, theirs = pairs[0]
    everywhere = len(pairs) == sum(item.image == ours.variant.image for item in expanded.values())
    has = f"{package_name(theirs.manager, theirs.line)} {theirs.asks.pin}"
    image = ours.variant.image
    fields = {
        "image": image if everywhere else listed((pair[0].variant.id for pair in pairs), MOST_SHOWN),
        "ancestor": theirs.variant.image,
        "wants": f"needs {ours.line}",
        "has": has,
        "ours": f"`{ours.line}`",
        "theirs": f"`{theirs.line}`",
    }
    finding = rules.PIP_CONFLICT.at(_place(matrix, expanded, ours), **fields)
    return finding.beside((_place(matrix, expanded, theirs), f"{has} comes from here"))


def _place(matrix: Matrix, expanded: Mapping[str, Variant], requested: RequestedPackage) -> Path:
    """Return where a line stands: in an image, an override or a bundle."""
    manager, line = requested.manager, requested.line
    packages = resolution_of(matrix, expanded, requested.variant).packages[manager]
    entry = next(item for item in packages if item.value == line)
    return (*entry.origin.path, manager, entry.position or 0)


def disagreeing(matrix: Matrix) -> Iterator[Finding]:
    """Two bundles in one list that say different things of a package or a test, which the image itself leaves open."""
    declared = {name: _declarations(settings) for name, settings in matrix.bundles.items()}
    for path, settings in settings_of(matrix):
        yield from _disagreements(path, settings, declared)


def disagreeing_by_placeholders(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Two bundles that say different things once the values of a variant are put in; once for each image's list."""
    with_braces = {name for name, settings in matrix.bundles.items() if _has_placeholders(settings)}
    for path, settings in settings_of(matrix) if with_braces else ():
        if len(settings.bundles) > 1 and not with_braces.isdisjoint(settings.bundles):
            image = matrix.images[str(path[1])]
            match = image.overrides[int(path[3])].match if len(path) > 2 else {}
            items = (
                one for one in expanded.values() if one.image == image.name and fits(match, image, one.values)
            )
            every = chain.from_iterable(_when_filled(matrix, expanded, one, path, settings) for one in items)
            yield from islice(every, 1)


def _has_placeholders(settings: Settings) -> bool:
    declared = _declarations(settings).items()
    return any("{" in text for (_, name), lines in declared for text in (name, *lines))


def _when_filled(
    matrix: Matrix, expanded: Mapping[str, Variant], item: Variant, path: Path, settings: Settings
) -> Iterator[Finding]:
    texts = texts_of(matrix, expanded, item)

    def of_variant(given: Settings) -> Settings:
        return filled(Layer(Origin("image"), given), texts).settings

    bundles = {name: matrix.bundles[name] for name in settings.bundles if name in matrix.bundles}
    declared = {name: _declarations(of_variant(bundle)) for name, bundle in bundles.items()}
    return _disagreements(path, of_variant(settings), declared)


def _disagreements(path: Path, settings: Settings, declared: dict[str, _Lines]) -> Iterator[Finding]:
    decided = _declarations(settings).keys()
    names = [name for name in settings.bundles if name in declared]
    for at, second in enumerate(names):
        place = (*path, "bundles", settings.bundles.index(second))
        for key in declared[second].keys() - decided:
            losing = (name for name in names[:at] if _loses(declared[name], declared[second], key))
            for first in islice(losing, 1):
                yield _disagreement(place, key, declared, first, second)


def _declarations(settings: Settings) -> _Lines:
    lines: _Lines = {}
    for manager in MANAGERS:
        for at, line in enumerate(settings.packages.get(manager, ())):
            key = manager, package_name(manager, line)
            lines.setdefault(key, {})[_comparable(manager, line)] = line, (manager, at)
    for name, version in settings.provides.items():
        lines.setdefault(("provides", name), {})[version] = f"{name}: {version}", ("provides", name)
    for kind in TEST_KINDS:
        for name, value in settings.tests.get(kind, {}).items():
            text = f"{name}: {value}" if value else name
            lines.setdefault((f"tests.{kind}", name), {})[value] = text, ("tests", kind, name)
    return lines


def _comparable(manager: Manager, line: str) -> str:
    """Return a line without what makes no difference: blanks, and how its package is spelt."""
    name = package_name(manager, line)
    return name + "".join(line[len(name) :].split())


def _loses(first: _Lines, second: _Lines, key: _Key) -> bool:
    """Say whether a bundle says something of a name that a later one does not; a bare name says nothing."""
    lines = first.get(key, {}).keys() - {key[1]}
    return bool(lines - second[key].keys())


def _disagreement(path: Path, key: _Key, declared: dict[str, _Lines], first: str, second: str) -> Finding:
    ours, theirs = declared[first][key], declared[second][key]
    line, place = next(item for plain, item in ours.items() if plain not in theirs)
    other, other_place = next(iter(theirs.values()))
    fields = {"field": key[0], "first": line, "second": other, "first_bundle": first, "second_bundle": second}
    finding = rules.BUNDLES_DISAGREE.at(path, where=human(path[:-2]), **fields)
    others = (("bundles", first, *place), "the one line"), (("bundles", second, *other_place), "the other")
    return finding.beside(*others)
