"""A run's plan: which legs its jobs have, what is scanned, and what people are told."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from generator.graph import Dag
from generator.render.workflow_jobs import job_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from generator.ci.event import Event
    from generator.matrix.model import Platform, Variant
    from generator.plan import Entry, Plan

COMMENT_LIMIT = 60_000
"""Characters; GitHub takes 65,536 for a comment."""
MARKER = "<!-- image-matrix -->"
"""Finds our comment again."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run has to do."""

    plan: Plan
    fork: tuple[str, ...] = ()
    """Variants that one job builds without pushing; then no other job has anything to do."""
    unscanned: tuple[Entry, ...] = ()
    force: bool = False


def restricted(plan: Plan, variants: Mapping[str, Variant], names: Collection[str], *, force: bool) -> Plan:
    """Return the plan for some variants (all, where none is named) and the missing ones below them.

    ``force`` builds those that are named although they are there.
    """
    if not names and not force:
        return plan
    named = set(names) or set(variants)
    needed = set(Dag({item.id: item.parent for item in variants.values()}).with_ancestors(named))
    entries = (
        replace(entry, build=entry.variant in needed and (entry.build or (force and entry.variant in named)))
        for entry in plan.entries
    )
    return replace(plan, entries=tuple(entries))


def fork_variants(plan: Plan, platform: Platform) -> tuple[str, ...]:
    """Return the variants to build that a fork's one job can build and test."""
    return tuple(entry.variant for entry in plan.build if entry.platform == platform)


def outputs(run: Run) -> dict[str, str]:
    """Return the outputs of the plan's job: legs by job, scans by image."""
    legs: dict[str, list[str]] = {}
    scans: dict[str, list[dict[str, str]]] = {}
    for entry in () if run.fork else run.plan.build:
        image, _, label = entry.variant.partition(":")
        legs.setdefault(job_id(image, entry.platform), []).append(label)
    for entry in () if run.fork else run.unscanned:
        image, _, label = entry.variant.partition(":")
        scans.setdefault(image, []).append({"label": label, "arch": entry.platform.rpartition("/")[2]})
    return {
        "legs": json.dumps(legs, separators=(",", ":")),
        "scans": json.dumps(scans, separators=(",", ":")),
        "fork": " ".join(run.fork),
        "force": str(run.force).lower(),
    }


def comment(report: str, event: Event, run: Run, *, default_branch: str, staging: str) -> str:
    """Return what a pull request or a run's summary says: the plan's report, and what happens with it."""
    return f"{MARKER}\n{_cut(report)}\n{_outcome(event, run, default_branch, staging)}\n"


def failure_comment(text: str) -> str:
    """Return what a pull request says whose matrix is wrong."""
    fence = "`" * 4
    head = "### Images\n\n**matrix.yaml cannot be used as it is.** Nothing is built until this is mended:"
    return f"{MARKER}\n{head}\n\n{fence}text\n{_cut(text)}\n{fence}\n"


def _cut(text: str) -> str:
    rest = "\n\n… (cut; `image-matrix plan` prints all of it)"
    return text if len(text) <= COMMENT_LIMIT else f"{text[:COMMENT_LIMIT]}{rest}"


def _outcome(event: Event, run: Run, default_branch: str, staging: str) -> str:
    if run.fork:
        return (
            "This pull request comes from a fork: its images are built and tested in one job, for one platform, and "
            "nothing is pushed."
        )
    if event.name == "pull_request" and run.plan.build:
        return (
            f"They are built and tested now, under `{staging}`. When this is merged, `{default_branch}` builds, "
            "tests, scans and signs its own, and moves tags and `deploy/` only when all of that went well."
        )
    if event.name == "pull_request":
        return f"No image changes. When this is merged, `{default_branch}` releases what is there already."
    return ""
