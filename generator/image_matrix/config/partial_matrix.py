"""What remains of a matrix whose shape is wrong in places: one of the right shape, so that one run says all.

What is wrong is left out; where the schema asks for it, its example takes the place. What is known to be meant stays: a
number that lacks quotes is the text that was written, and a package keeps its name whatever is wrong with its version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from image_matrix.config.schema import check_shape
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.document import Documents
    from image_matrix.diagnostics import Finding, Path

ROUNDS = 20
"""An empty list is wrong once its entries are left out, and so on up the tree, which is 8 levels deep."""
LEFT_OUT = object()


@dataclass(frozen=True, slots=True)
class Repair:
    """What stands at a path in place of what is wrong there."""

    value: Any = LEFT_OUT
    meant: bool = False
    """Whether it is what the user means."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """A value of the right shape, and what in it is not the user's."""

    value: Any
    repairs: Mapping[Path, Repair]
    """By the path in what the user wrote."""
    left: frozenset[Path] = frozenset()
    """Paths at which something is wrong still: packages."""

    @property
    def gaps(self) -> set[Path]:
        """The paths at which it is not known what the user means."""
        return {path for path, repair in self.repairs.items() if not repair.meant}

    def written(self, path: Path) -> Path:
        """Return where something in the remainder stands in what the user wrote: lists have lost entries."""
        found: Path = ()
        for step in path:
            found = (*found, self._position(found, step) if isinstance(step, int) else step)
        return found

    def _position(self, above: Path, step: int) -> int:
        kept = (at for at in count() if not _left_out(self.repairs.get((*above, at))))
        return next(islice(kept, step, None))


def _left_out(repair: Repair | None) -> bool:
    return repair is not None and repair.value is LEFT_OUT


def remainder(documents: Documents, wrong: Iterable[Finding]) -> Remainder | None:
    """Return what remains without ``wrong``, the findings about the shape; ``None`` where that is nothing."""
    found, wrong = Remainder(documents.value, {}), list(wrong)
    for _ in range(ROUNDS):
        repairs = {path: repair for finding in wrong for path, repair in _repair(finding, found.repairs)}
        if () in repairs:
            return None
        if not repairs:
            return replace(found, left=frozenset(finding.path for finding in wrong))
        repairs = {**found.repairs, **repairs}
        found = Remainder(_mended(documents.value, repairs, _added(repairs)), repairs)
        left = check_shape(replace(documents, value=found.value))
        wrong = [replace(finding, path=found.written(finding.path)) for finding in left]
    return None


def _repair(finding: Finding, known: Mapping[Path, Repair]) -> Iterable[tuple[Path, Repair]]:
    path, fields = finding.path, finding.fields
    if finding.rule is rules.MISSING_FIELD:
        return [((*path, str(fields["field"])), Repair(fields["example"]))]
    within = next((path[:length] for length in range(len(path) + 1) if path[:length] in known), None)
    if finding.rule is rules.BAD_PACKAGE and fields["value"]:
        return [] if within else [(path, Repair(fields["value"], meant=True))]
    if finding.rule is rules.UNQUOTED_NUMBER and within is None:
        return [(path, Repair(fields["written"], meant=True))]
    return [(within or path, Repair())]


def _added(repairs: Mapping[Path, Repair]) -> dict[Path, dict[str | int, Any]]:
    """Return what repairs put into each mapping."""
    added: dict[Path, dict[str | int, Any]] = {}
    for path, repair in repairs.items():
        if repair.value is not LEFT_OUT:
            added.setdefault(path[:-1], {})[path[-1]] = repair.value
    return added


def _mended(
    value: Any,  # noqa: ANN401 - a YAML value
    repairs: Mapping[Path, Repair],
    added: Mapping[Path, Mapping[str | int, Any]],
    here: Path = (),
) -> Any:  # noqa: ANN401
    """Return a copy of a value with its repairs."""
    mine = added.get(here, {})

    def kept(step: str | int, item: Any) -> Any:  # noqa: ANN401
        path = (*here, step)
        return mine[step] if step in mine else _mended(item, repairs, added, path)

    if isinstance(value, dict):
        steps = (key for key in (*value, *(key for key in mine if key not in value)))
        return {key: kept(key, value.get(key)) for key in steps if not _left_out(repairs.get((*here, key)))}
    if isinstance(value, list):
        return [kept(at, item) for at, item in enumerate(value) if not _left_out(repairs.get((*here, at)))]
    return value
