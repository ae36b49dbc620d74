"""What ``ci plan`` needs of the repository and the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.cli.session import Project, Session, ca_bundle, open_project, say

if TYPE_CHECKING:
    from generator.ci.event import Event
    from generator.ci.plan import Run
    from generator.matrix.model import Platform
    from generator.plan import Entry, Plan, State
    from generator.registry.client import Registry


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
    from generator.registry.client import open_registry
    from generator.release import released

    matrix = state.loaded.matrix
    if matrix.build.scan.tool == "none":
        return ()
    registry = open_registry(matrix, ca_bundle(session, state.loaded))
    done = _present(session, state, registry) if staging else released(state, registry)
    return tuple(
        entry for entry in made.entries if entry.build or (entry.variant, entry.platform) not in done
    )


def _present(session: Session, state: State, registry: Registry) -> set[tuple[str, Platform]]:
    """Return what the default branch has."""
    from generator.plan import references
    from generator.presence import ask

    names = references(state)
    there = ask(names.values(), registry, lambda text: say(session, text, level=1))
    return {leg for leg, name in names.items() if there[name] == "present"}
