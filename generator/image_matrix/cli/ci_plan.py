"""What ``ci plan`` needs of the repository and the registry."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.cli.session import Project, Session, open_locked, open_project, registry_of, say
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.model import Platform
    from image_matrix.github.event import Event
    from image_matrix.github.run_plan import RunPlan
    from image_matrix.planning.plan import Plan, PlanEntry, Presence, State
    from image_matrix.registry.client import Registry


@dataclass(frozen=True, slots=True)
class Planned:
    """A run's plan with what people are told."""

    run: RunPlan
    table: str
    """The whole plan, for the log."""
    comment: str
    """Markdown, for the pull request and the run's summary."""
    base: str
    """The commit that the run is compared with; empty where there is none."""


def plan_run(session: Session, event: Event, *, staging: bool) -> Planned:
    """Return what the run has to do and what is said of it."""
    from image_matrix.cli.plan import formatted, state_at, state_of
    from image_matrix.github.comment import comment
    from image_matrix.planning.plan import empty

    project = open_locked(session)
    state = state_of(project)
    base = _base(session, event)
    old = state_at(session, base, "ci plan") if base else None
    outdated = _outdated(session, project)
    run = replace(
        _run(session, state, event, (old or empty(state)) if base else None, staging=staging),
        outdated=outdated,
        renders=_renders(state, event, outdated),
        unlocked=_floating(project) if state.loaded.matrix.workflow.require_lock else (),
        lost=_lost(state, old, base) if base and old and event.pull_request else (),
    )
    floating = "" if run.unlocked else _said_floating(_floating(project))
    report = "\n".join((formatted(run.plan, state, "markdown"), _profiles(state, run.plan, old), floating))
    said = comment(report, event, run, state.loaded.matrix)
    return Planned(run, formatted(run.plan, state, "table"), said, base or "")


def _run(session: Session, state: State, event: Event, old: State | None, *, staging: bool) -> RunPlan:
    from image_matrix.config.variant_selectors import select
    from image_matrix.github.run_plan import RunPlan, fork_variants, restricted
    from image_matrix.planning.plan import make_plan
    from image_matrix.render.workflow_jobs import native_platform

    if event.fork:
        made = make_plan(state, old, None)
        return RunPlan(
            made, read_only=True, fork=fork_variants(made, native_platform(state.loaded.matrix.workflow))
        )
    registry = registry_of(session, state.loaded)
    whole = make_plan(state, old, _presence(session, state, event, registry, staging=staging))
    variants = state.loaded.variants
    names = select(variants, event.names) if event.names else ()
    made = restricted(whole, variants, names, force=event.force)
    unscanned = _unscanned(session, state, made, registry, staging=staging)
    return RunPlan(made, unscanned=unscanned, force=event.force)


def _presence(
    session: Session, state: State, event: Event, registry: Registry, *, staging: bool
) -> Mapping[str, Presence]:
    """Return what the registry has; raises :class:`EnvironmentFailure` where it does not say it.

    The default branch wants whole manifests of what it scans: asked for first, they answer everything else.
    """
    from image_matrix.planning.plan import references
    from image_matrix.planning.registry_locations import places, presence_anywhere
    from image_matrix.planning.registry_status import require_access_to_existing

    matrix, names = state.loaded.matrix, references(state).values()
    if not staging and matrix.release.scan.tool != "none":
        registry.manifests(names)
    looked_up = presence_anywhere(places(state, staging=staging), registry, lambda text: say(session, text))
    if not event.force:
        require_access_to_existing(registry.digests(names), _published(session, matrix.release.branch))
    return looked_up


def _published(session: Session, branch: str) -> frozenset[str]:
    """Return the repositories of the images that the release branch offers, as far as the checkout has the branch.

    A digest file that cannot be read is for the release to refuse; here it only says nothing.
    """
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import actions_git, text_at
    from image_matrix.publish.release import DIGESTS, read_entries
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
    """Return the generated files that are not what the matrix alone, without a site's overlay, says."""
    from image_matrix.cli.session import render_project
    from image_matrix.output_tree.tree import compare

    plain = replace(session, overlays=(), verbosity=-1)
    difference = compare(session.root, render_project(open_project(plain) if session.overlays else project))
    return tuple(change.path for change in difference.outputs or difference.changes)


def _renders(state: State, event: Event, outdated: tuple[str, ...]) -> bool:
    """Say whether the run commits what is out of date: where it may push, and may push these files."""
    from image_matrix.github.comment import changes_workflows

    if not outdated or event.name != "pull_request" or event.fork:
        return False
    trusted = os.environ.get("IMAGE_MATRIX_HAS_TOKEN") == "true"
    return state.loaded.matrix.workflow.commit_generated and (trusted or not changes_workflows(outdated))


def _lost(state: State, old: State, base: str) -> tuple[str, ...]:
    """Return what `check --against` will refuse, with what to write instead."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.profiles.against import vanished

    found = diagnose(vanished(old.loaded, state.loaded, base[:12]), state.loaded.documents)
    return tuple(f"{item.message}: {item.help}" for item in found)


def _profiles(state: State, made: Plan, old: State | None) -> str:
    """Return what users will notice, compared with the base."""
    from image_matrix.github.profile_changes import profile_changes

    rebuilt = {entry.variant for entry in made.entries if entry.differs or (old is None and entry.build)}
    return profile_changes(state.loaded, old.loaded if old else None, rebuilt)


def _floating(project: Project) -> tuple[str, ...]:
    """Return what the lock says nothing about."""
    from image_matrix.lock.read import unlocked

    return tuple(item.what for item in unlocked(project.loaded, project.pins))


def _said_floating(found: tuple[str, ...]) -> str:
    """Say it to whoever changed the matrix."""
    if not found:
        return ""
    shown = listed(found, 3)
    return (
        f"Not in the lock, so another build may get other versions: {shown}. `image-matrix lock` pins them.\n"
    )


def _base(session: Session, event: Event) -> str | None:
    """Return the commit to compare with, where the checkout has it; a force push can take the old one away.

    Of a pull request its merge is checked out, whose first parent is the base as it is now: the one that the event
    names is older once somebody else has merged.
    """
    from image_matrix.github.branch_commit import actions_git

    if event.base is None:
        return None
    git = actions_git(session.root)
    parents = git.try_("show", "--no-patch", "--format=%P", "HEAD").stdout.decode().split()
    if event.head and parents[1:] == [event.head]:
        return parents[0]
    if git.try_("cat-file", "-e", f"{event.base}^{{commit}}").returncode:
        say(session, f"the commit {event.base[:12]} is gone: reasons compare with nothing")
        return None
    return event.base


def _unscanned(
    session: Session, state: State, made: Plan, registry: Registry, *, staging: bool
) -> tuple[PlanEntry, ...]:
    """Return what has to be scanned: on the default branch what is not released, elsewhere what is not there."""
    from image_matrix.cli.signatures import verifier_of

    refusal = verifier_of(session, state.loaded)
    if state.loaded.matrix.release.scan.tool == "none":
        return ()
    done = _present(state, registry) if staging else _released(session, state, registry, refusal)
    return tuple(
        entry for entry in made.entries if entry.build or (entry.variant, entry.platform) not in done
    )


def _released(
    session: Session, state: State, registry: Registry, refusal: Callable[[str], str | None]
) -> set[tuple[str, Platform]]:
    """Return what a release has signed; nothing where signing is off, and then no index has to be asked for."""
    from image_matrix.publish.release import released

    if state.loaded.matrix.release.sign.tool == "none":
        say(session, "signing is off (`release.sign`): nothing says what was scanned, so everything is")
        return set()
    return released(state, registry, refusal, lambda text: say(session, text))


def _present(state: State, registry: Registry) -> set[tuple[str, Platform]]:
    """Return what the default branch has."""
    from image_matrix.planning.plan import references
    from image_matrix.registry.answers import Digest

    names = references(state)
    answers = registry.digests(names.values())
    return {leg for leg, name in names.items() if isinstance(answers[name], Digest)}
