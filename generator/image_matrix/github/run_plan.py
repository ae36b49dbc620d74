"""Defines what a run does: the legs of its jobs, and the images to scan."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.model import slug
from image_matrix.config.platforms import architecture
from image_matrix.dag import upwards, with_ancestors, with_descendants
from image_matrix.errors import CallError
from image_matrix.planning.plan import with_children
from image_matrix.render.workflow_jobs import job_id, leg_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from image_matrix.config.model import Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.config.workflow import Workflow
    from image_matrix.planning.plan import Plan, PlanEntry


FORCED = ("forced",)
"""The reason of an image that is built again although the registry has it."""
FORK_MINUTES = 350
"""The longest time of a job that builds a chain; GitHub ends a job after 360 minutes."""


@dataclass(frozen=True, slots=True)
class ForkChain:
    """A variant with those that it stands on, which one job of a fork builds and tests."""

    variants: tuple[str, ...]
    """Parents before children."""
    minutes: int = FORK_MINUTES
    """The time of its builds together, after which the job is ended."""
    free_disk: bool = False
    """Whether the job removes what its runner came with."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The work of a run."""

    plan: Plan
    read_only: bool = False
    """Whether the run cannot push: jobs that only read then build ``fork``, and the others do nothing."""
    fork: tuple[ForkChain, ...] = ()
    """The chains of variants that a run builds if it cannot push, the longest first; see :func:`fork_chains`."""
    fork_jobs: int = 10
    """The most jobs that build them, one chain each."""
    unscanned: tuple[PlanEntry, ...] = ()
    force: bool = False
    allow_older: bool = False
    """Whether the release may be of a commit that is older than the last release."""
    outdated: tuple[str, ...] = ()
    """Generated files that do not match the matrix; if there are any, nothing is built."""
    unlocked: tuple[str, ...] = ()
    """Errors about what floats although there is a lock; if there are any, nothing is built."""
    commits: bool = False
    """Whether this run locks and renders, and commits that to the pull request's branch."""
    warnings: tuple[str, ...] = ()
    """Sentences about the set-up of the repository."""
    lost: tuple[str, ...] = ()
    """Problems with profiles and choices that users have saved; if there are any, nothing is built."""
    loosened: tuple[str, ...] = ()
    """What the policy of the base has and the new one does not; if there is any, nothing is built."""


def restricted(plan: Plan, variants: Mapping[str, Variant], names: Collection[str], *, force: bool) -> Plan:
    """Return the plan for the named variants (all, if there are no names) and their missing ancestors.

    ``force`` also builds named variants that exist, and everything that stands on them.
    """
    if not names and not force:
        return plan

    def parents_of(name: str) -> Sequence[str]:
        return variants[name].parents

    named = set(names) or set(variants)
    forced = with_descendants(named, variants, parents_of) if force else set()
    needed = with_ancestors(named | forced, parents_of)
    entries = (
        replace(
            entry,
            build=entry.variant in needed and (entry.build or entry.variant in forced),
            promises=entry.promises if entry.variant in needed else (),
        )
        for entry in plan.entries
    )
    return with_children(
        _with_reasons(replace(plan, entries=tuple(entries)), variants, named, forced), variants
    )


def _with_reasons(
    plan: Plan, variants: Mapping[str, Variant], named: Collection[str], forced: Collection[str]
) -> Plan:
    """Return a plan that says of forced entries, which are in the registry, why they are built again."""

    def reasoned(entry: PlanEntry) -> PlanEntry:
        if entry.variant not in forced or entry.differs or entry.presence not in (None, "present"):
            return entry
        if entry.variant in named:
            return replace(entry, reasons=FORCED)
        above = upwards(entry.variant, lambda name: variants[name].parents)
        return replace(entry, cause=next(name for name in above if name in named), cause_reasons=FORCED)

    return replace(plan, entries=tuple(reasoned(entry) for entry in plan.entries))


def on_platforms(plan: Plan, platforms: Collection[str]) -> Plan:
    """Return the plan for these platforms; for all, if there are none.

    Raises :class:`CallError` for a platform that no image has.
    """
    known = dict.fromkeys(entry.platform for entry in plan.entries)
    unknown = [platform for platform in platforms if platform not in known]
    if unknown:
        raise CallError(f"no image has the platform {unknown[0]}", f"the platforms are {', '.join(known)}")
    if not platforms:
        return plan
    entries = (
        entry if entry.platform in platforms else replace(entry, build=False, promises=())
        for entry in plan.entries
    )
    return replace(plan, entries=tuple(entries))


def fork_chains(
    plan: Plan, variants: Mapping[str, Variant], platform: Platform, workflow: Workflow
) -> tuple[ForkChain, ...]:
    """Return the chains of variants to build or to test on a platform, the longest chain first.

    Each ends at a variant that nothing else of the plan stands on.
    """
    planned = [entry.variant for entry in plan.legs if entry.platform == platform]
    below = {parent for name in planned for parent in variants[name].parents}
    chains = []
    for leaf in (name for name in planned if name not in below):
        needed = with_ancestors({leaf}, lambda name: variants[name].parents)
        chains.append(_chain([variants[name] for name in planned if name in needed], platform, workflow))
    return tuple(sorted(chains, key=lambda chain: len(chain.variants), reverse=True))


def _chain(items: Sequence[Variant], platform: Platform, workflow: Workflow) -> ForkChain:
    settings = [leg_settings(workflow, item, platform) for item in items]
    return ForkChain(
        tuple(item.id for item in items),
        min(FORK_MINUTES, sum(one.timeout for one in settings)),
        any(one.free_disk for one in settings),
    )


def _fork_entries(run: RunPlan) -> list[dict[str, object]]:
    """Return the entries of the jobs of a fork."""
    return [
        {
            "name": chain.variants[-1],
            "variants": " ".join(chain.variants),
            "report": _report(chain.variants[-1]),
            "timeout": chain.minutes,
            "free_disk": chain.free_disk,
        }
        for chain in run.fork[: run.fork_jobs]
    ]


def _report(variant: str) -> str:
    image, _, label = variant.partition(":")
    return f"{slug(image)}-{label}"


def commit_outputs(*, locks: bool, renders: bool) -> dict[str, str]:
    """Return the outputs that start the jobs which lock and render for the author of a pull request."""
    return {"lock": str(locks).lower(), "render": str(renders).lower()}


def outputs(run: RunPlan) -> dict[str, str]:
    """Return the outputs of the plan's job: legs by job, scans by image."""
    legs: dict[str, list[str]] = {}
    scans: dict[str, list[dict[str, str]]] = {}
    for entry in () if run.read_only else run.plan.legs:
        image, _, label = entry.variant.partition(":")
        legs.setdefault(job_id(image, entry.platform), []).append(label)
    for entry in () if run.read_only else run.unscanned:
        image, _, label = entry.variant.partition(":")
        leg = {"label": label, "arch": architecture(entry.platform), "platform": entry.platform}
        scans.setdefault(image, []).append(leg)
    return {
        "legs": json.dumps(legs, separators=(",", ":")),
        "scans": json.dumps(scans, separators=(",", ":")),
        "fork": json.dumps(_fork_entries(run), separators=(",", ":")),
        "work": str(bool(legs or scans or run.read_only)).lower(),
        "force": str(run.force).lower(),
        "allow_older": str(run.allow_older).lower(),
        **commit_outputs(locks=run.commits and bool(run.unlocked), renders=run.commits),
    }
