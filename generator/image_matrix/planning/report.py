"""Writes a plan as a table, as JSON, and as the outputs of a workflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.config.platforms import architecture
from image_matrix.config.variant_ids import image_of
from image_matrix.errors import CallError
from image_matrix.render.workflow_jobs import job_id
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.planning.plan import Plan, PlanEntry

OUTPUT_LIMIT = 400_000
"""The maximum length of a workflow output in bytes; GitHub allows 1 MB, as UTF-16, for all outputs of a job."""


def summary(plan: Plan) -> str:
    """Return one sentence: how many variants of how many are built, and how many are only tested."""
    tested = len({entry.variant for entry in plan.test_only})
    more = f"; {plural(tested, 'variant')} only to test" if tested else ""
    return f"{_built(plan)}{more}"


def _built(plan: Plan) -> str:
    total = len({entry.variant for entry in plan.entries})
    count = len({entry.variant for entry in plan.build})
    if not count:
        compared = any(entry.presence for entry in plan.entries)
        reason = (
            f"the registry has all {total} variants" if compared else f"none of {total} variants has changed"
        )
        return f"nothing to build: {reason}"
    images = len({image_of(entry.variant) for entry in plan.build})
    variants = f"{count} of {total} variants"
    return f"{variants} to build, {plural(images, 'image')}, {plural(len(plan.build), 'build')} over all platforms"


def by_variant(entries: Iterable[PlanEntry]) -> dict[str, list[PlanEntry]]:
    """Group entries by variant, in their order."""
    grouped: dict[str, list[PlanEntry]] = {}
    for entry in entries:
        grouped.setdefault(entry.variant, []).append(entry)
    return grouped


def rows(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Return layer, variant, architectures and reason of each variant to build or to test."""
    return [
        (str(items[0].layer), name, ",".join(architecture(item.platform) for item in items), why(items))
        for name, items in by_variant(plan.legs).items()
    ]


def why(items: Sequence[PlanEntry]) -> str:
    """Return the reason of a variant's entries."""
    return by_architecture({entry.platform: entry.why for entry in items})


def by_architecture(words: Mapping[str, str]) -> str:
    """Return the texts of platforms in one line: once if they are the same, else one for each architecture."""
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{architecture(platform)}: {text}" for platform, text in words.items())


def as_json(plan: Plan) -> dict[str, Any]:
    """Return plain data for JSON; docs/plan.md has its schema."""
    return {
        "summary": summary(plan),
        "build": [_entry(entry) for entry in plan.build],
        "test": [_entry(entry) for entry in plan.test_only],
        "keep": [_entry(entry) for entry in plan.entries if not entry.is_leg],
        "removed": list(plan.removed),
    }


def _entry(entry: PlanEntry) -> dict[str, Any]:
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
        "promises": list(entry.promises),
    }


def outputs(plan: Plan) -> dict[str, str]:
    """Return a workflow's outputs: the variants to build or to test for each image and architecture.

    ``legs`` maps ``IMAGE-ARCH`` to labels; it is empty if there is nothing to do. ``count`` is the number of builds.
    Raises :class:`CallError` if the outputs exceed GitHub's limit.
    """
    legs: dict[str, list[str]] = {}
    for entry in plan.legs:
        image, _, label = entry.variant.partition(":")
        legs.setdefault(job_id(image, entry.platform), []).append(label)
    result = {
        "legs": json.dumps(legs, separators=(",", ":")),
        "count": str(len(plan.build)),
        "summary": summary(plan),
    }
    size = max(len(value) for value in result.values())
    if size > OUTPUT_LIMIT:
        raise CallError(
            f"the plan has {size // 1000} kB, and a job's output holds {OUTPUT_LIMIT // 1000}",
            "plan with --since or --registry, or split the matrix into two; `--format json` has no limit",
        )
    return result
