"""A run's plan: which legs its jobs have, and what is scanned."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.dag import with_ancestors
from image_matrix.render.workflow_jobs import job_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.model import Platform, Variant
    from image_matrix.planning.plan import Plan, PlanEntry


@dataclass(frozen=True, slots=True)
class Run:
    """What a run has to do."""

    plan: Plan
    read_only: bool = False
    """Nothing can be pushed: one job builds ``fork``, and no other has anything to do."""
    fork: tuple[str, ...] = ()
    """Variants that a run which can push nothing builds."""
    unscanned: tuple[PlanEntry, ...] = ()
    force: bool = False
    outdated: tuple[str, ...] = ()
    """Generated files that are not what the matrix says; nothing is built then."""
    renders: bool = False
    """This run commits them to the pull request's branch."""
    unlocked: tuple[str, ...] = ()
    """What the lock says nothing about, where `workflow.require_lock` is on; nothing is built then."""
    lost: tuple[str, ...] = ()
    """What is wrong with profiles and choices that users have stored, in words; nothing is built then."""


def restricted(plan: Plan, variants: Mapping[str, Variant], names: Collection[str], *, force: bool) -> Plan:
    """Return the plan for some variants (all, where none is named) and the missing ones below them.

    ``force`` builds those that are named although they are there.
    """
    if not names and not force:
        return plan
    named = set(names) or set(variants)
    needed = with_ancestors(named, lambda name: variants[name].parent)
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
    for entry in () if run.read_only else run.plan.build:
        image, _, label = entry.variant.partition(":")
        legs.setdefault(job_id(image, entry.platform), []).append(label)
    for entry in () if run.read_only else run.unscanned:
        image, _, label = entry.variant.partition(":")
        scans.setdefault(image, []).append({"label": label, "arch": entry.platform.rpartition("/")[2]})
    return {
        "legs": json.dumps(legs, separators=(",", ":")),
        "scans": json.dumps(scans, separators=(",", ":")),
        "fork": " ".join(run.fork),
        "force": str(run.force).lower(),
        "render": str(run.renders).lower(),
    }
