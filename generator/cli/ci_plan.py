"""What ``ci plan`` needs of the repository and the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.cli.session import Project, Session, ca_bundle, open_project, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.ci.event import Event
    from generator.ci.plan import Run
    from generator.plan import Entry, Plan, State


def run_of(session: Session, event: Event, *, staging: bool) -> tuple[Run, State, str]:
    """Return what the run has to do, and the report of it."""
    from generator.ci.plan import Run, fork_variants, restricted
    from generator.cli.plan import planned, state_of
    from generator.render.images_page import image_parents
    from generator.render.plan_report import markdown
    from generator.selection import select

    project = open_project(session)
    state = state_of(project)
    variants = state.loaded.variants
    base = _known_commit(session, event.base)
    if event.fork:
        made = planned(session, state, base, registry=False)
        native = next(p for p in state.loaded.matrix.build.runners if state.loaded.matrix.build.runner("", p))
        run = Run(made, fork=fork_variants(made, native))
    else:
        whole = planned(session, state, base, registry=True, staging=staging)
        names = select(variants, event.names) if event.names else ()
        made = restricted(whole, variants, names, force=event.force)
        run = Run(made, unscanned=_unscanned(session, state, made, staging=staging), force=event.force)
    report = markdown(made, image_parents(variants))
    return run, state, "\n".join((report, _profiles(session, state, made, base), _floating(project)))


def _profiles(session: Session, state: State, made: Plan, base: str | None) -> str:
    """Return what users will notice, compared with the base."""
    from generator.ci.profiles import profile_changes
    from generator.cli.plan import state_at

    old = state_at(session, base) if base else None
    rebuilt = {entry.variant for entry in made.build if old is None or entry.reasons or entry.cause}
    return profile_changes(state.loaded, old.loaded if old else None, rebuilt)


def _floating(project: Project) -> str:
    """Return what the lock says nothing about, in a sentence for whoever changed the matrix."""
    from generator.lock.read import unlocked

    found = [item.what for item in unlocked(project.loaded, project.pins)]
    if not found:
        return ""
    shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return (
        f"Not in the lock, so another build may get other versions: {shown}. `image-matrix lock` pins them.\n"
    )


def _known_commit(session: Session, commit: str | None) -> str | None:
    """Return a commit where the checkout has it; a force push can take the old one away."""
    from generator.ci.git import actions_git

    if commit is None:
        return None
    if actions_git(session.root).try_("cat-file", "-e", f"{commit}^{{commit}}").returncode:
        say(session, f"the commit {commit[:12]} is gone: reasons compare with nothing")
        return None
    return commit


def _unscanned(session: Session, state: State, made: Plan, *, staging: bool) -> tuple[Entry, ...]:
    """Return what has to be scanned: on the default branch what is not released, elsewhere what is not there."""
    from generator.plan import references
    from generator.presence import ask
    from generator.registry.client import open_registry

    matrix = state.loaded.matrix
    if matrix.build.scan.tool == "none":
        return ()
    names: Mapping[tuple[str, str], str] = references(state)
    if not staging:
        names = {leg: index_reference(state, leg[0]) for leg in names}
    registry = open_registry(matrix, ca_bundle(session, state.loaded))
    there = ask(names.values(), registry, lambda text: say(session, text, level=1))
    return tuple(
        entry
        for entry in made.entries
        if entry.build or there[names[entry.variant, entry.platform]] != "present"
    )


def index_reference(state: State, variant: str) -> str:
    """Return the full reference of a variant's immutable index."""
    item = state.loaded.variants[variant]
    return f"{state.loaded.matrix.registry}/{item.image}:{state.keys[variant].tag}"
