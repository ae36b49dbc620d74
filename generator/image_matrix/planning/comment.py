"""Writes a plan in Markdown, for the comment on a pull request and the summary of a run."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.config.platforms import architecture
from image_matrix.config.variant_ids import image_of
from image_matrix.dag import with_ancestors
from image_matrix.planning.last_builds import longest_chain
from image_matrix.planning.report import by_variant, summary, why
from image_matrix.render.docs.graph_text import mermaid
from image_matrix.render.docs.images_page import text
from image_matrix.text import fitting, listed, plural, size_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import LegId, Variant
    from image_matrix.planning.last_builds import LastBuild
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


NOTHING: Mapping[LegId, LastBuild] = MappingProxyType({})


def markdown(
    plan: Plan,
    parents: Mapping[str, str | None],
    known: Mapping[LegId, LastBuild] = NOTHING,
    estimate: str = "",
) -> str:
    """Return what will be built and why, what changed but is already built, and the affected part of the graph.

    ``known`` are the last builds of the images; ``estimate`` is a sentence about all of them.
    """
    shown = by_variant(entry for entry in plan.entries if entry.is_leg or entry.differs)
    changed = {image_of(entry.variant) for entry in plan.entries if entry.build or entry.differs}
    headline = summary(plan)
    lines = ["### Images", "", f"**{headline[0].upper()}{headline[1:]}.**{_already(shown)}", ""]
    lines += [estimate, ""] if estimate else []
    if shown:
        lines += [*(_graph(changed, parents) if changed else ()), *_table(shown, known), ""]
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


def estimated(plan: Plan, variants: Mapping[str, Variant], known: Mapping[LegId, LastBuild]) -> str:
    """Return a sentence about how long the builds may take and how large the images may be; empty if nothing says so.

    It is about builds alone: tests, scans and waiting for a runner come on top.
    """
    builds = [known[leg] for entry in plan.build if (leg := (entry.variant, entry.platform)) in known]
    if not builds:
        return ""
    count = f"{len(builds)} of {len(plan.build)}" if len(builds) < len(plan.build) else "all"
    size = f"{size_text(sum(one.size for one in builds))} compressed, layers of parents included"
    seconds = [one.seconds for one in builds if one.seconds is not None]
    time = (
        f"{_minutes(longest_chain(plan.build, variants, known))} along the longest chain, "
        f"{_minutes(sum(seconds))} of runners in all"
        if seconds
        else "their times are not known"
    )
    return f"By the last builds of these images ({count}): {time}; {size}. Tests and scans come on top."


def _minutes(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 60 else f"{round(seconds / 60)} min"


def _last(entries: Sequence[PlanEntry], known: Mapping[LegId, LastBuild]) -> str:
    """Return size and time of the largest and of the longest of a variant's last builds."""
    builds = [known[leg] for entry in entries if (leg := (entry.variant, entry.platform)) in known]
    if not builds:
        return ""
    seconds = [one.seconds for one in builds if one.seconds is not None]
    time = f", {_minutes(max(seconds))}" if seconds else ""
    return f"{size_text(max(one.size for one in builds))}{time}"


def _table(shown: Mapping[str, Sequence[PlanEntry]], known: Mapping[LegId, LastBuild]) -> list[str]:
    every = (
        f"{_row(name, entries)}{f' {_last(entries, known)} |' if known else ''}\n"
        for name, entries in shown.items()
    )
    rows = [row.rstrip("\n") for row in fitting(every, TABLE_LIMIT)]
    rest = len(shown) - len(rows)
    cut = ["", f"… and {plural(rest, 'variant')} more; the log of the run lists all."] if rest else []
    head = ("| variant | platforms | why |", "| --- | --- | --- |")
    if known:
        head = (f"{head[0]} last build |", f"{head[1]} --- |")
    table = [*head, *rows, *cut]
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
                    images.setdefault(reason, {})[image_of(name)] = None
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
