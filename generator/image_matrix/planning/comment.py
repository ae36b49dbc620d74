"""A plan in Markdown: what a pull request's comment and a run's summary say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dag import with_ancestors
from image_matrix.planning.report import by_variant, summary, why
from image_matrix.render.docs.graph_text import mermaid
from image_matrix.render.docs.images_page import text
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.planning.plan import Entry, Plan

FOLD_FROM = 12
"""Rows from which the table is folded."""
TABLE_LIMIT = 25_000
"""Characters of the table; GitHub takes 65,536 for a comment."""
GRAPH_UP_TO = 60
"""Images that are drawn; nobody reads a larger graph, and Mermaid draws none over 50,000 characters (maxTextSize)."""
NAMED = 20
"""Names that are listed in a sentence."""
CAUSES = 8
"""Reasons that are listed above a folded table."""


def markdown(plan: Plan, parents: Mapping[str, str | None]) -> str:
    """Return what will be built and why, and what differs and is there already; the affected part of the graph."""
    shown = by_variant(entry for entry in plan.entries if entry.build or entry.differs)
    headline = summary(plan)
    lines = ["### Images", "", f"**{headline[0].upper()}{headline[1:]}.**{_already(shown)}", ""]
    if shown:
        lines += [*_graph({name.partition(":")[0] for name in shown}, parents), *_table(shown), ""]
    if plan.removed:
        lines += [f"No longer in the matrix: {listed((f'`{name}`' for name in plan.removed), NAMED)}.", ""]
    return "\n".join(lines)


def _already(shown: Mapping[str, Sequence[Entry]]) -> str:
    """Say how many variants differ and need no build."""
    count = sum(1 for entries in shown.values() if not any(entry.build for entry in entries))
    if not count:
        return ""
    return f" {plural(count, 'variant')} with changes {'is' if count == 1 else 'are'} built already."


def _graph(affected: set[str], parents: Mapping[str, str | None]) -> list[str]:
    """Draw the images that change with everything above them."""
    drawn = with_ancestors(affected, parents.get)
    if len(drawn) > GRAPH_UP_TO:
        return []
    edges = {name: parent for name, parent in parents.items() if name in drawn}
    legend = ["Coloured images change; the others are what they stand on.", ""] if drawn - affected else []
    return ["```mermaid", mermaid(edges, {}, affected).rstrip(), "```", "", *legend]


def _table(shown: Mapping[str, Sequence[Entry]]) -> list[str]:
    rows: list[str] = []
    room = TABLE_LIMIT
    for name, entries in shown.items():
        row = _row(name, entries)
        room -= len(row) + 1
        if room < 0:
            break
        rows.append(row)
    rest = len(shown) - len(rows)
    cut = ["", f"… and {plural(rest, 'variant')} more; the log of the run has all."] if rest else []
    table = ["| variant | platforms | why |", "| --- | --- | --- |", *rows, *cut]
    if len(shown) < FOLD_FROM:
        return table
    return [
        *_causes(shown),
        "",
        f"<details><summary>All {len(shown)} variants</summary>",
        "",
        *table,
        "",
        "</details>",
    ]


def _causes(shown: Mapping[str, Sequence[Entry]]) -> list[str]:
    """Say once what changes many variants, with the images where it was edited."""
    images: dict[str, dict[str, None]] = {}
    for name, entries in shown.items():
        for entry in entries:
            for reason in entry.reasons or (() if entry.cause else (entry.why,)):
                if reason:
                    images.setdefault(reason, {})[name.partition(":")[0]] = None
    rows = [
        f"- {text(reason)}: {listed((f'`{name}`' for name in found), 5)}" for reason, found in images.items()
    ]
    rest = [f"- … and {plural(len(rows) - CAUSES, 'reason')} more"] if len(rows) > CAUSES else []
    return [*rows[:CAUSES], *rest]


def _row(name: str, entries: Sequence[Entry]) -> str:
    built = [entry for entry in entries if entry.build]
    archs = ", ".join(entry.platform.rpartition("/")[2] for entry in built or entries)
    reason = why(built or entries)
    return f"| `{name}` | {archs} | {text(reason if built else f'{reason} (built already)')} |"
