"""Compares a pull request with its base: policies, choices that users lose, and what floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.project import violations_of
from image_matrix.text import listed

if TYPE_CHECKING:
    from image_matrix.cli.project import Project
    from image_matrix.planning.plan import Plan, State


def refuse_violations(project: Project, old: State | None, base: str) -> None:
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


def loosened_policies(project: Project, old: State, base: str) -> tuple[str, ...]:
    """Return what the policy of the base has and the new one does not, as `check --against` will report it."""
    from image_matrix.cli.against import loosened_policy

    diagnostics = loosened_policy(project.loaded, old.loaded, base[:12])
    return tuple(f"{item.message}: {item.help}" for item in diagnostics)


def lost_choices(state: State, old: State, base: str) -> tuple[str, ...]:
    """Return the problems that `check --against` will report, with their remedies."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.profiles.against import vanished

    diagnostics = diagnose(vanished(old.loaded, state.loaded, base[:12]), state.loaded.documents)
    return tuple(f"{item.message}: {item.help}" for item in diagnostics)


def changes_for_users(state: State, planned: Plan, old: State | None) -> str:
    """Return the changes that users will notice, compared with the base."""
    from image_matrix.github.profile_changes import profile_changes
    from image_matrix.render.kubernetes.offer_review import PinnedMatrix

    rebuilt = {entry.variant for entry in planned.entries if entry.differs or (old is None and entry.build)}
    before = PinnedMatrix(old.loaded, old.pins) if old else None
    return profile_changes(PinnedMatrix(state.loaded, state.pins), before, rebuilt)


def floating_note(project: Project) -> str:
    """Return a note for the author of the change about what is not in the lock; empty if everything is."""
    from image_matrix.lock.read import unlocked

    floating = [item.what for item in unlocked(project.loaded, project.pins)]
    if not floating:
        return ""
    return (
        f"Not in the lock, so another build may get other versions: {listed(floating, 3)}. "
        "`image-matrix lock` pins them.\n"
    )
