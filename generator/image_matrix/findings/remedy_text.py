"""Says in words what would mend findings: for a table, for a terminal, for an issue."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import printable
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from image_matrix.findings.remedies import Remedy
    from image_matrix.findings.rows import FindingRow

NAMED = 5
"""The maximum number of packages that a sentence names."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """How a place shows text of others: names of packages and paths in images."""

    words: Callable[[str], str]
    code: Callable[[str], str]


TERMINAL = TextPlace(printable, lambda text: f"`{printable(text)}`")


def short(remedy: Remedy) -> str:
    """Return a remedy as the cell of a table."""
    match remedy.action:
        case "wait":
            return "no fixed version yet"
        case "release":
            return "the next release"
        case "promote":
            return f"promote --to {remedy.subject}"
        case "merge":
            return f"pull request {remedy.subject}"
        case "lock":
            return f"lock --upgrade {remedy.subject}"
        case "edit":
            return remedy.at or remedy.subject
        case "look":
            return f"see {remedy.subject}"


def run_command(names: Iterable[str]) -> str:
    """Return the command that starts the refresh of these names on GitHub."""
    return f'gh workflow run lock.yaml -f names="{" ".join(names)}"'


def by_remedy(rows: Iterable[FindingRow]) -> dict[Remedy, list[FindingRow]]:
    """Return what each remedy mends."""
    groups: dict[Remedy, list[FindingRow]] = {}
    for row in rows:
        for one in row.remedies:
            groups.setdefault(one, []).append(row)
    return groups


def packages_of(rows: Iterable[FindingRow]) -> str:
    """Return the packages of findings, each once."""
    return listed(dict.fromkeys(row.finding.package for row in rows), NAMED)


def advice(rows: Sequence[FindingRow], *, in_run: bool, place: TextPlace = TERMINAL) -> list[str]:
    """Return a sentence for each thing that mends findings; by default as help on a terminal.

    ``in_run`` names the command that starts the refresh on GitHub, in place of the one for a laptop.
    """
    groups = by_remedy(rows)
    names = [one.subject for one in groups if one.action == "lock"]
    refreshed = packages_of(
        row for one, matching in groups.items() if one.action == "lock" for row in matching
    )
    local = f"image-matrix lock --upgrade {shlex.join(names)} && image-matrix render"
    command = run_command(names) if in_run else local
    lines = [f"{place.code(command)} brings {place.words(refreshed)}"] if names else []
    return [
        *lines,
        *(
            sentence(one, place.words(packages_of(matching)), place)
            for one, matching in groups.items()
            if one.action != "lock"
        ),
    ]


def sentence(remedy: Remedy, packages: str, place: TextPlace) -> str:
    """Return what mends some packages; the lock has one command for all that it moves."""
    match remedy.action:
        case "wait":
            return f"{packages}: no fixed version yet; `fixed_only: true` of `release.scan` lets such findings pass"
        case "release":
            return f"{packages}: the matrix has a fixed version; the next release brings it"
        case "promote":
            command = place.code(f"image-matrix promote --to {remedy.subject}")
            return f"{packages}: the release no longer has this, {remedy.subject} does; {command} brings it"
        case "merge":
            return f"{packages}: merge pull request {remedy.subject}"
        case "edit":
            where = f" in {place.words(remedy.at)}" if remedy.at else ""
            return f"{packages}: {place.code(remedy.subject)}{where} asks for a version without the fix; raise it"
        case _:
            return (
                f"{packages}: nothing that the lock knows brings {place.words(remedy.subject)}; raise what "
                "installs it, or add the finding to `release.scan.ignore` with a date"
            )
