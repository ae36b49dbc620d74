"""Plans a run of the workflow from the repository, the event and the registry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.cli.ci_base import base_commit
from image_matrix.cli.ci_outdated import may_commit, outdated_files
from image_matrix.cli.ci_presence import run_of
from image_matrix.cli.ci_review import (
    changes_for_users,
    floating_note,
    loosened_policies,
    lost_choices,
    refuse_violations,
)
from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import say
from image_matrix.cli.project import floating_despite_lock, open_with_warnings, refuse_contradictions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.github.event import Event
    from image_matrix.github.run_plan import RunPlan
    from image_matrix.github.staged import StagedImage
    from image_matrix.planning.plan import Plan, State
    from image_matrix.registry.client import Registry


@dataclass(frozen=True, slots=True)
class Planned:
    """A run's plan, with the texts for its log and its comment."""

    run: RunPlan
    table: str
    """The whole plan, for the log."""
    comment: str
    """Markdown, for the pull request and the run's summary."""
    base: str
    """The commit that the run is compared with; empty if there is none."""
    by_mode: Mapping[str, str]
    """The outputs that only a workflow with jobs for layers has, or one with jobs for images."""


def plan_run(session: Session, event: Event, *, staging: bool) -> Planned:
    """Return what the run builds and scans, with its texts."""
    from image_matrix.cli.plan import formatted, state_at, state_of
    from image_matrix.github.comment import comment
    from image_matrix.github.setup import refuse_foreign_owner, setup_warnings
    from image_matrix.planning.plan import empty

    project = open_with_warnings(session)
    refuse_contradictions(project)
    unlocked = tuple(item.message for item in floating_despite_lock(project))
    refuse_foreign_owner(event, project.loaded.matrix)
    warnings = setup_warnings(event, project.loaded.matrix)
    for warning in warnings:
        say(session, f"warning: {warning}")
    state = state_of(project)
    branch = project.loaded.matrix.workflow.default_branch
    base = base_commit(session, event, branch)
    old = state_at(session, base, "ci plan") if base else None
    proposed = event.proposes(branch)
    refuse_violations(project, old if proposed else None, (base or "")[:12])
    outdated = outdated_files(session, project)
    registry = registry_of(session, state.loaded)
    run = replace(
        run_of(session, state, event, registry, (old or empty(state)) if base else None, staging=staging),
        warnings=warnings,
        outdated=outdated,
        commits=bool(outdated or unlocked) and may_commit(state.loaded.matrix.workflow, event, outdated),
        unlocked=unlocked,
        lost=lost_choices(state, old, base) if base and old and proposed else (),
        loosened=loosened_policies(project, old, base) if base and old and proposed else (),
    )
    floating = "" if run.unlocked else floating_note(project)
    report = "\n".join(
        (_plan_report(state, run, old, registry, event), changes_for_users(state, run.plan, old), floating)
    )
    stages = event.pull_request and not run.read_only
    images = _staged(state, run.plan, registry, staging=staging) if stages else ()
    text = comment(report, event, run, state.loaded.matrix, images)
    return Planned(run, formatted(run.plan, state, "table"), text, base or "", _by_mode(state, run))


def _plan_report(state: State, run: RunPlan, old: State | None, registry: Registry, event: Event) -> str:
    """Return the plan in Markdown; for a pull request of the repository with the last builds of its images."""
    from image_matrix.planning.comment import estimated, markdown
    from image_matrix.planning.last_builds import last_builds
    from image_matrix.render.docs.images_page import image_parents

    variants = state.loaded.variants
    legs = [(entry.variant, entry.platform) for entry in run.plan.build]
    known = last_builds(old, legs, registry) if old and event.pull_request and not run.read_only else {}
    return markdown(run.plan, image_parents(variants), known, estimated(run.plan, variants, known))


def _staged(state: State, planned: Plan, registry: Registry, *, staging: bool) -> tuple[StagedImage, ...]:
    """Return the images that users of a pull request can run; the registry's answers are known already."""
    from image_matrix.github.staged import staged_images
    from image_matrix.planning.registry_locations import existing_images, registry_locations

    locations = registry_locations(state, staging=staging)
    legs = [(entry.variant, entry.platform) for entry in planned.entries if entry.differs and not entry.build]
    existing = existing_images(locations.order, legs, registry, lambda _: None)
    return staged_images(planned.entries, locations.target, existing, state.loaded.serving)


def _by_mode(state: State, run: RunPlan) -> dict[str, str]:
    from image_matrix.render.workflow_layers import layer_outputs
    from image_matrix.render.workflow_ready import ready_outputs

    matrix, variants = state.loaded.matrix, state.loaded.variants
    write = layer_outputs if matrix.workflow.jobs == "layer" else ready_outputs
    entries, scans = ((), ()) if run.read_only else (run.plan.legs, run.unscanned)
    return write(
        matrix,
        variants,
        [(entry.variant, entry.platform) for entry in entries],
        [(entry.variant, entry.platform) for entry in scans],
    )
