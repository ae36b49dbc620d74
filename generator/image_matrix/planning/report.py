"""A plan as people and programs read it: table, JSON, a workflow's outputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.errors import CallError
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.planning.plan import Entry, Plan

OUTPUT_LIMIT = 400_000
"""Bytes of one workflow output; GitHub allows about 1 MB for all of a job, counted as UTF-16."""


def summary(plan: Plan) -> str:
    """Return one sentence: how much of how much is built."""
    total = len({entry.variant for entry in plan.entries})
    count = len({entry.variant for entry in plan.build})
    if not count:
        asked = any(entry.presence for entry in plan.entries)
        reason = f"all {total} variants are there" if asked else f"none of {total} variants has changed"
        return f"nothing to build: {reason}"
    images = len({entry.variant.partition(":")[0] for entry in plan.build})
    variants = f"{count} of {total} variants"
    return f"{variants} to build, {plural(images, 'image')}, {plural(len(plan.build), 'build')} over all platforms"


def by_variant(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Group entries by variant, in their order."""
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.variant, []).append(entry)
    return grouped


def rows(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Return layer, variant, architectures and reason of everything to build."""
    return [
        (str(items[0].layer), name, ",".join(item.platform.rpartition("/")[2] for item in items), why(items))
        for name, items in by_variant(plan.build).items()
    ]


def why(items: Sequence[Entry]) -> str:
    """Return the reason of a variant's entries."""
    return by_architecture({entry.platform: entry.why for entry in items})


def by_architecture(words: Mapping[str, str]) -> str:
    """Return what is said of platforms in one line: once where all of them have the same, else one after the other."""
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{platform.rpartition('/')[2]}: {text}" for platform, text in words.items())


def as_json(plan: Plan) -> dict[str, Any]:
    """Return plain data; docs/plan.md has its schema."""
    return {
        "summary": summary(plan),
        "build": [_entry(entry) for entry in plan.build],
        "keep": [_entry(entry) for entry in plan.entries if not entry.build],
        "removed": list(plan.removed),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "variant": entry.variant,
        "platform": entry.platform,
        "layer": entry.layer,
        "key": entry.key,
        "tag": entry.tag,
        "presence": entry.presence,
        "reasons": list(entry.reasons),
        "cause": entry.cause,
        "cause_reasons": list(entry.cause_reasons),
        "children": list(entry.children),
    }


def outputs(plan: Plan) -> dict[str, str]:
    """Return a workflow's outputs: for each image and architecture the variants to build, and how many there are.

    ``legs`` maps ``IMAGE-ARCH`` to labels; both are empty where nothing is to do. Raises :class:`CallError` where they
    are more than a job can hand on.
    """
    legs: dict[str, list[str]] = {}
    for entry in plan.build:
        image, _, label = entry.variant.partition(":")
        legs.setdefault(f"{image}-{entry.platform.rpartition('/')[2]}", []).append(label)
    found = {
        "legs": json.dumps(legs, separators=(",", ":")),
        "count": str(len(plan.build)),
        "summary": summary(plan),
    }
    size = max(len(value) for value in found.values())
    if size > OUTPUT_LIMIT:
        raise CallError(
            f"the plan has {size // 1000} kB, and a job's output holds {OUTPUT_LIMIT // 1000}",
            "plan with --since or --registry, or split the matrix into two; `--format json` has no limit",
        )
    return found
