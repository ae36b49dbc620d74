"""Asks the registry what a run builds and what it scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.github.event import Event
    from image_matrix.github.run_plan import RunPlan
    from image_matrix.planning.plan import Plan, PlanEntry, Presence, State
    from image_matrix.publish.signing import Verifier
    from image_matrix.publish.trust import Trust
    from image_matrix.registry.client import Registry


def run_of(
    session: Session, state: State, event: Event, registry: Registry, old: State | None, *, staging: bool
) -> RunPlan:
    """Return what the run builds and scans; raises :class:`EnvironmentFailure` if the registry does not answer.

    A run for a fork reads no registry: it may hold no login.
    """
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
    from image_matrix.planning.registry_locations import registry_locations
    from image_matrix.registry.push_right import refuse_unpushable
    from image_matrix.registry.reference import parse_reference

    matrix = registry_locations(state, staging=staging).target.loaded.matrix
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
    from image_matrix.planning.registry_locations import presence_anywhere, registry_locations
    from image_matrix.planning.registry_status import require_access_to_existing

    matrix, names = state.loaded.matrix, references(state).values()
    if not staging and (matrix.release.scan.tool != "none" or matrix.release.sign.tool != "none"):
        registry.manifests(names)
    with span("ask the registry"):
        looked_up = presence_anywhere(
            registry_locations(state, staging=staging), registry, lambda text: say(session, text)
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
    from image_matrix.project.revisions import commit_of
    from image_matrix.publish.release_files import DIGESTS, read_entries
    from image_matrix.registry.reference import parse_reference

    git = actions_git(session.root)
    commit = commit_of(session.root, f"refs/remotes/{git.remote}/{branch}")
    if commit is None:
        return frozenset()
    try:
        entries = read_entries(text_at(git, commit, DIGESTS))
    except Failure as failure:
        say(session, failure.message)
        return frozenset()
    return frozenset(parse_reference(entry["reference"]).name for entry in entries.values())


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
