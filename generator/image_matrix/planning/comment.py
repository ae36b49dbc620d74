"""Writes a plan in Markdown, for the comment on a pull request and the summary of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.model import architecture
from image_matrix.dag import with_ancestors
from image_matrix.planning.report import by_variant, summary, why
from image_matrix.render.docs.graph_text import mermaid
from image_matrix.render.docs.images_page import text
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.planning.plan import Plan, PlanEntry

FOLD_FROM = 12
"""The number of rows from which the table is folded."""
TABLE_LIMIT = 25_000
"""The maximum length of the table in characters; GitHub's limit for a comment is 65,536."""
GRAPH_UP_TO = 60
"""The maximum number of images in the graph; Mermaid draws no text over 50,000 characters (maxTextSize)."""
NAMED = 20
"""The maximum number of names in a sentence."""
CAUSES = 8
"""The maximum number of reasons above a folded table."""


def markdown(plan: Plan, parents: Mapping[str, str | None]) -> str:
    """Return what will be built and why, what changed but is already built, and the affected part of the graph."""
    shown = by_variant(entry for entry in plan.entries if entry.is_leg or entry.differs)
    changed = {entry.variant.partition(":")[0] for entry in plan.entries if entry.build or entry.differs}
    headline = summary(plan)
    lines = ["### Images", "", f"**{headline[0].upper()}{headline[1:]}.**{_already(shown)}", ""]
    if shown:
        lines += [*(_graph(changed, parents) if changed else ()), *_table(shown), ""]
    if plan.removed:
        lines += [f"No longer in the matrix: {listed((f'`{name}`' for name in plan.removed), NAMED)}.", ""]
    return "\n".join(lines)


def _already(shown: Mapping[str, Sequence[PlanEntry]]) -> str:
    """Return how many variants have changed but are already built."""
    count = sum(1 for entries in shown.values() if not any(entry.is_leg for entry in entries))
    if not count:
        return ""
    return f" {plural(count, 'variant')} with changes {'is' if count == 1 else 'are'} already built."


def _graph(affected: set[str], parents: Mapping[str, str | None]) -> list[str]:
    """Draw the images that change, with their ancestors."""
    drawn = with_ancestors(affected, lambda name: [above] if (above := parents.get(name)) else [])
    if len(drawn) > GRAPH_UP_TO:
        return []
    edges = {name: parent for name, parent in parents.items() if name in drawn}
    legend = ["Coloured images change; the others are their ancestors.", ""] if drawn - affected else []
    return ["```mermaid", mermaid(edges, {}, affected).rstrip(), "```", "", *legend]


def _table(shown: Mapping[str, Sequence[PlanEntry]]) -> list[str]:
    rows: list[str] = []
    room = TABLE_LIMIT
    for name, entries in shown.items():
        row = _row(name, entries)
        room -= len(row) + 1
        if room < 0:
            break
        rows.append(row)
    rest = len(shown) - len(rows)
    cut = ["", f"… and {plural(rest, 'variant')} more; the log of the run lists all."] if rest else []
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


def _causes(shown: Mapping[str, Sequence[PlanEntry]]) -> list[str]:
    """Return each reason once, with the images that it changes."""
    images: dict[str, dict[str, None]] = {}
    for name, entries in shown.items():
        for entry in entries:
            for reason in _direct_reasons(entry):
                if reason:
                    images.setdefault(reason, {})[name.partition(":")[0]] = None
    rows = [
        f"- {text(reason)}: {listed((f'`{name}`' for name in changed), 5)}"
        for reason, changed in images.items()
    ]
    rest = [f"- … and {plural(len(rows) - CAUSES, 'reason')} more"] if len(rows) > CAUSES else []
    return [*rows[:CAUSES], *rest]


def _direct_reasons(entry: PlanEntry) -> tuple[str, ...]:
    """Return why an entry is in the plan, if that is not because of an ancestor."""
    if entry.test_only:
        return (entry.why,)
    return entry.reasons or (() if entry.cause else (entry.why,))


def _row(name: str, entries: Sequence[PlanEntry]) -> str:
    built = [entry for entry in entries if entry.is_leg]
    archs = ", ".join(architecture(entry.platform) for entry in built or entries)
    reason = why(built or entries)
    return f"| `{name}` | {archs} | {text(reason if built else f'{reason} (already built)')} |"
