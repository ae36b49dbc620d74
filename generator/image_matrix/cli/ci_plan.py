"""Plans a run of the workflow from the repository, the event and the registry."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.cli.project import (
    Project,
    floating_despite_lock,
    open_project,
    refuse_contradictions,
    violations_of,
)
from image_matrix.cli.site_files import registry_of
from image_matrix.telemetry import span
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.config.workflow import Workflow
    from image_matrix.diagnostics import MatrixError
    from image_matrix.github.branch_commit import Git
    from image_matrix.github.event import Event
    from image_matrix.github.run_plan import RunPlan
    from image_matrix.github.staged import StagedImage
    from image_matrix.planning.plan import Plan, PlanEntry, Presence, State
    from image_matrix.publish.signing import Verifier
    from image_matrix.publish.trust import Trust
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

    project = open_project(session)
    refuse_contradictions(project)
    unlocked = tuple(item.message for item in floating_despite_lock(project))
    refuse_foreign_owner(event, project.loaded.matrix)
    warnings = setup_warnings(event, project.loaded.matrix)
    for warning in warnings:
        say(session, f"warning: {warning}")
    state = state_of(project)
    branch = project.loaded.matrix.workflow.default_branch
    base = _base(session, event, branch)
    old = state_at(session, base, "ci plan") if base else None
    proposed = event.proposes(branch)
    _refuse_violations(project, old if proposed else None, (base or "")[:12])
    outdated = _outdated(session, project)
    registry = registry_of(session, state.loaded)
    run = replace(
        _run(session, state, event, registry, (old or empty(state)) if base else None, staging=staging),
        warnings=warnings,
        outdated=outdated,
        commits=bool(outdated or unlocked) and _may_commit(state.loaded.matrix.workflow, event, outdated),
        unlocked=unlocked,
        lost=_lost_choices(state, old, base) if base and old and proposed else (),
        loosened=_loosened(project, old, base) if base and old and proposed else (),
    )
    floating = "" if run.unlocked else _floating_note(_floating(project))
    report = "\n".join(
        (_plan_report(state, run, old, registry, event), _profiles(state, run.plan, old), floating)
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
    from image_matrix.planning.registry_locations import existing_images, places

    locations = places(state, staging=staging)
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


def _run(
    session: Session, state: State, event: Event, registry: Registry, old: State | None, *, staging: bool
) -> RunPlan:
    from image_matrix.cli.signatures import trust_of
    from image_matrix.config.variant_selectors import select
    from image_matrix.github.run_plan import RunPlan, fork_chains, on_platforms, restricted
    from image_matrix.planning.plan import make_plan
    from image_matrix.render.workflow_jobs import native_platform

    if event.fork:
        planned, workflow = make_plan(state, old, None), state.loaded.matrix.workflow
        return RunPlan(
            planned,
            read_only=True,
            fork=fork_chains(planned, state.loaded.variants, native_platform(workflow), workflow),
            fork_jobs=workflow.fork_jobs,
        )
    trust = trust_of(session, state.loaded, staging=staging)
    looked_up = _presence(session, state, event, registry, staging=staging)
    done = _done(session, state, registry, staging=staging)
    unsigned = _unsigned(session, state, registry, done, trust) if trust else {}
    whole = make_plan(state, old, {**looked_up, **unsigned})
    variants = state.loaded.variants
    names = select(variants, event.names) if event.names else ()
    planned = on_platforms(restricted(whole, variants, names, force=event.force), event.platforms)
    _try_login(state, planned, registry, staging=staging)
    left_out = {(entry.variant, entry.platform) for entry in whole.build} - {
        (entry.variant, entry.platform) for entry in planned.build
    }
    unscanned = tuple(
        entry
        for entry in _unscanned(state, planned, done)
        if (entry.variant, entry.platform) not in left_out  # it does not exist: the release refuses
    )
    return RunPlan(planned, unscanned=unscanned, force=event.force, allow_older=event.allow_older)


def _try_login(state: State, planned: Plan, registry: Registry, *, staging: bool) -> None:
    """Raise :class:`EnvironmentFailure` if the account of `network.logins` may not push the first image of the plan.

    GitHub's own token can only read in this job, so `build` tries it.
    """
    from image_matrix.planning.registry_locations import places
    from image_matrix.registry.push_right import refuse_unpushable
    from image_matrix.registry.reference import parse_reference

    matrix = places(state, staging=staging).target.loaded.matrix
    if planned.build and parse_reference(matrix.registry).host in matrix.network.logins:
        first = state.loaded.variants[planned.build[0].variant]
        refuse_unpushable(registry, [matrix.repository(first)])


def _presence(
    session: Session, state: State, event: Event, registry: Registry, *, staging: bool
) -> Mapping[str, Presence]:
    """Return what the registry has; raises :class:`EnvironmentFailure` if it does not answer.

    The default branch needs whole manifests of the images that it scans or verifies; they are requested first, because
    they answer the other requests too.
    """
    from image_matrix.planning.plan import references
    from image_matrix.planning.registry_locations import places, presence_anywhere
    from image_matrix.planning.registry_status import require_access_to_existing

    matrix, names = state.loaded.matrix, references(state).values()
    if not staging and (matrix.release.scan.tool != "none" or matrix.release.sign.tool != "none"):
        registry.manifests(names)
    with span("ask the registry"):
        looked_up = presence_anywhere(
            places(state, staging=staging), registry, lambda text: say(session, text)
        )
    if not event.force:
        require_access_to_existing(registry.digests(names), _published(session, matrix.release.branch))
    return looked_up


def _published(session: Session, branch: str) -> frozenset[str]:
    """Return the repositories of the images on the release branch, if the checkout has the branch.

    A digest file that cannot be read counts as empty: `release` refuses it.
    """
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import actions_git, text_at
    from image_matrix.publish.release_files import DIGESTS, read_entries
    from image_matrix.registry.reference import parse_reference

    git = actions_git(session.root)
    commit = git.try_("rev-parse", "--verify", "--quiet", f"refs/remotes/{git.remote}/{branch}^{{commit}}")
    if commit.returncode:
        return frozenset()
    try:
        entries = read_entries(text_at(git, commit.stdout.decode().strip(), DIGESTS))
    except Failure as failure:
        say(session, failure.message)
        return frozenset()
    return frozenset(parse_reference(entry["reference"]).name for entry in entries.values())


def _outdated(session: Session, project: Project) -> tuple[str, ...]:
    """Return the generated files that differ from those of the matrix without overlays."""
    from image_matrix.cli.project import render_project
    from image_matrix.output_tree.tree import compare

    plain = replace(session, overlays=(), verbosity=-1)
    difference = compare(session.root, render_project(open_project(plain) if session.overlays else project))
    return tuple(change.path for change in difference.outputs or difference.changes)


def _may_commit(workflow: Workflow, event: Event, outdated: tuple[str, ...]) -> bool:
    """Return whether the run commits to the pull request's branch: only if its token may push these files."""
    from image_matrix.github.comment import changes_workflows

    if event.name != "pull_request" or event.fork or not workflow.commit_generated:
        return False
    return os.environ.get("IMAGE_MATRIX_HAS_TOKEN") == "true" or not changes_workflows(outdated)


def locks_for_the_author(session: Session, event: Event, error: MatrixError) -> bool:
    """Return whether the run locks and commits what moved without its lock, and nothing else is wrong.

    Nothing can be rendered before that but the workflows, which do not depend on the lock.
    """
    from image_matrix.diagnostics import catalogue as rules
    from image_matrix.github.comment import changes_workflows
    from image_matrix.output_tree.tree import compare
    from image_matrix.project.render import render_workflows

    if any(item.code != rules.PIN_MOVED.code for item in error.diagnostics):
        return False
    project = open_project(replace(session, overlays=(), verbosity=-1))
    workflow = project.loaded.matrix.workflow
    rendered = render_workflows(project.loaded, project.inputs.templates) if workflow.rendered else {}
    outdated = (change.path for change in compare(session.root, rendered).changes)
    return _may_commit(workflow, event, tuple(path for path in outdated if changes_workflows((path,))))


def _refuse_violations(project: Project, old: State | None, base: str) -> None:
    """Raise :class:`MatrixError` if something is against a policy, that of the base included.

    What is not in the lock is left to `check`: the run may lock it for the author.
    """
    from image_matrix.config.policy import project_policies
    from image_matrix.diagnostics import MatrixError
    from image_matrix.diagnostics import catalogue as rules

    violated = violations_of(project, project_policies(old.loaded, base) if old else ())
    refused = [item for item in violated if item.code != rules.NOT_LOCKED_BY_POLICY.code]
    if refused:
        raise MatrixError(refused)


def _loosened(project: Project, old: State, base: str) -> tuple[str, ...]:
    """Return what the policy of the base has and the new one does not, as `check --against` will report it."""
    from image_matrix.cli.against import loosened_policy

    diagnostics = loosened_policy(project.loaded, old.loaded, base[:12])
    return tuple(f"{item.message}: {item.help}" for item in diagnostics)


def _lost_choices(state: State, old: State, base: str) -> tuple[str, ...]:
    """Return the problems that `check --against` will report, with their remedies."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.profiles.against import vanished

    diagnostics = diagnose(vanished(old.loaded, state.loaded, base[:12]), state.loaded.documents)
    return tuple(f"{item.message}: {item.help}" for item in diagnostics)


def _profiles(state: State, planned: Plan, old: State | None) -> str:
    """Return the changes that users will notice, compared with the base."""
    from image_matrix.github.profile_changes import profile_changes
    from image_matrix.render.kubernetes.offer_review import PinnedMatrix

    rebuilt = {entry.variant for entry in planned.entries if entry.differs or (old is None and entry.build)}
    before = PinnedMatrix(old.loaded, old.pins) if old else None
    return profile_changes(PinnedMatrix(state.loaded, state.pins), before, rebuilt)


def _floating(project: Project) -> tuple[str, ...]:
    """Return what is not in the lock."""
    from image_matrix.lock.read import unlocked

    return tuple(item.what for item in unlocked(project.loaded, project.pins))


def _floating_note(floating: tuple[str, ...]) -> str:
    """Return a note for the author of the change."""
    if not floating:
        return ""
    shown = listed(floating, 3)
    return (
        f"Not in the lock, so another build may get other versions: {shown}. `image-matrix lock` pins them.\n"
    )


def _base(session: Session, event: Event, default_branch: str) -> str | None:
    """Return the commit to compare with, if the checkout has it: a force push can remove the old one.

    A run that somebody starts on another branch compares with the commit at which that left the default branch.

    For a pull request, its merge is checked out. The first parent of the merge is the current base; the base that the
    event names is older if somebody else has merged since.
    """
    from image_matrix.github.branch_commit import actions_git

    git = actions_git(session.root)
    if event.base is None:
        return _fork_point(git, default_branch) if event.proposes(default_branch) else None
    parents = git.try_("show", "--no-patch", "--format=%P", "HEAD").stdout.decode().split()
    if event.head and parents[1:] == [event.head]:
        return parents[0]
    if git.try_("cat-file", "-e", f"{event.base}^{{commit}}").returncode:
        say(session, f"the commit {event.base[:12]} no longer exists: reasons cannot compare with it")
        return None
    return event.base


def _fork_point(git: Git, default_branch: str) -> str | None:
    """Return the commit at which HEAD left the default branch, if the checkout knows that branch."""
    answer = git.try_("merge-base", "HEAD", f"refs/remotes/{git.remote}/{default_branch}")
    return answer.stdout.decode().strip() or None


def _done(session: Session, state: State, registry: Registry, *, staging: bool) -> set[LegId]:
    """Return what is not scanned: on the default branch what is released, elsewhere what the registry has."""
    from image_matrix.cli.signatures import verifier_of

    return (
        _present(state, registry)
        if staging
        else _released(session, state, registry, verifier_of(session, state.loaded))
    )


def _unsigned(
    session: Session, state: State, registry: Registry, released: set[LegId], trust: Trust
) -> dict[str, Presence]:
    """Return the references, among those that the registry has, of images that no run has signed as tested today.

    The signature of an index vouches for its images, so what is released is not verified once more.
    """
    from image_matrix.planning.plan import references
    from image_matrix.planning.registry_locations import existing_images
    from image_matrix.publish.trust import never_tested, untested

    names = references(state)
    legs = [leg for leg in names if leg not in released]
    images = existing_images((state,), legs, registry, lambda _: None)
    missing = untested(state, images, trust)
    reasons = never_tested(state, {leg: images[leg] for leg in missing}, trust)
    for leg, reason in reasons.items():
        say(session, f"{names[leg]}: it is built again: {reason}")
    return {names[leg]: "unsigned" if leg in reasons else "other tests" for leg in missing}


def _unscanned(state: State, planned: Plan, done: set[LegId]) -> tuple[PlanEntry, ...]:
    """Return what has to be scanned."""
    if state.loaded.matrix.release.scan.tool == "none":
        return ()
    return tuple(
        entry
        for entry in planned.entries
        if state.loaded.variants[entry.variant].publish
        and (entry.build or (entry.variant, entry.platform) not in done)
    )


def _released(session: Session, state: State, registry: Registry, refusal: Verifier) -> set[LegId]:
    """Return what a release has signed; nothing if signing is off."""
    from image_matrix.publish.indexes import released

    matrix = state.loaded.matrix
    if matrix.release.sign.tool == "none":
        if matrix.release.scan.tool == "none":
            return set()
        say(
            session,
            "signing is off (`release.sign`), so nothing proves what was scanned: everything is scanned",
        )
        return set()
    return released(state, registry, refusal, lambda text: say(session, text))


def _present(state: State, registry: Registry) -> set[LegId]:
    """Return the legs that exist on the default branch."""
    from image_matrix.planning.plan import references
    from image_matrix.registry.answers import Digest

    names = references(state)
    answers = registry.digests(names.values())
    return {leg for leg, name in names.items() if isinstance(answers[name], Digest)}
