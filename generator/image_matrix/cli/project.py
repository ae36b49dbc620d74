"""Opens the project that a command works on, and renders it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.cli.printing import note, warn
from image_matrix.diagnostics import MatrixError
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.policy import StatedPolicy
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.lock.model import Lock
    from image_matrix.lock.pins import Pins
    from image_matrix.output_tree.files import File
    from image_matrix.project.inputs import Inputs
    from image_matrix.render.templates import Templates


@dataclass(frozen=True, slots=True)
class Project:
    """A repository that was read and loaded."""

    inputs: Inputs
    loaded: Loaded
    lock: Lock
    pins: Pins


FEW = 3
"""How many warnings a command prints that is about something else."""


def open_project(session: Session) -> Project:
    """Read and load the repository, and print its warnings if there are few; raises :class:`MatrixError`."""
    project = project_on_disk(session)
    warnings = project.loaded.warnings
    if len(warnings) > FEW:
        note(session, f"{len(warnings)} warnings about the matrix; `image-matrix check` prints them")
    else:
        warn(session, warnings)
    return project


def open_with_warnings(session: Session) -> Project:
    """Open the project as :func:`open_project` does, and print every warning: for commands that judge the matrix."""
    project = project_on_disk(session)
    warn(session, project.loaded.warnings)
    return project


def project_on_disk(session: Session) -> Project:
    """Read and load the repository without a word; raises :class:`MatrixError`."""
    from image_matrix.cli.lock_remedies import naming_what_restores
    from image_matrix.project.inputs import read_inputs

    with naming_what_restores(session.root):
        return load_project(read_inputs(session.root, session.matrix, session.overlays))


def inputs_at(session: Session, revision: str, option: str) -> Inputs | None:
    """Read the repository at a revision, with the current overlays; ``None`` if it had no matrix.

    ``option`` is the option that named the revision.
    """
    from image_matrix.project.history import read_inputs_at
    from image_matrix.project.text_files import read_text

    overlays = {name: read_text(Path(name), name) for name in session.overlays}
    return read_inputs_at(session.root, revision, session.matrix, overlays, option)


def load_project(inputs: Inputs) -> Project:
    """Load a project from a repository's texts; raises :class:`MatrixError`."""
    from image_matrix.lock import text
    from image_matrix.lock.read import pins_of

    loaded = load_inputs(inputs)
    lock = text.read(inputs.lock)
    return Project(inputs, loaded, lock, pins_of(lock, loaded))


def load_inputs(inputs: Inputs) -> Loaded:
    """Load the matrix of a repository's texts; raises :class:`MatrixError`."""
    from image_matrix.project import load
    from image_matrix.project.content_cache import content_cache

    return load.load_inputs(inputs, content_cache())


def open_locked(session: Session) -> Project:
    """Open the project as :func:`open_project` does, and refuse a lock that was written for another matrix.

    All commands that render use it: a locked value must not float. Raises :class:`MatrixError`.
    """
    project = open_project(session)
    refuse_contradictions(project)
    refuse_violations(project)
    return project


def refuse_violations(project: Project, others: Sequence[StatedPolicy] = ()) -> None:
    """Raise :class:`MatrixError` if something is against a policy: those of the files, the organisation's, others."""
    if violated := violations_of(project, others):
        raise MatrixError(violated)


def violations_of(project: Project, others: Sequence[StatedPolicy] = ()) -> list[Diagnostic]:
    """Return what is against a policy today: those of the files, the organisation's, and others.

    Raises :class:`MatrixError` if the organisation's policy cannot be read.
    """
    from datetime import UTC, datetime

    from image_matrix.policy.check import violations

    policies = (*project.loaded.policies, *organisation_policy(), *others)
    if not policies:
        return []
    return violations(policies, project.loaded, project.pins, datetime.now(UTC).date().isoformat())


def organisation_policy() -> tuple[StatedPolicy, ...]:
    """Return the policy in the environment, if there is one; raises :class:`MatrixError` if it cannot be read."""
    from image_matrix.cli.session import POLICY_VARIABLE
    from image_matrix.project.organisation import policy_of_text

    text = os.environ.get(POLICY_VARIABLE, "")
    return policy_of_text(text, POLICY_VARIABLE) if text.strip() else ()


def refuse_contradictions(project: Project) -> None:
    """Raise :class:`MatrixError` if a locked value has changed in the matrix, or does not fit the matrix."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.lock.extension_checks import extension_findings
    from image_matrix.lock.moved import moved
    from image_matrix.lock.source_checks import source_findings
    from image_matrix.validate.tags import locked_tags

    custom = project.inputs.templates.custom_contract
    findings = [
        *moved(project.lock, project.loaded, project.pins, _without_overlays(project.inputs)),
        *source_findings(project.loaded, project.lock.sources, custom),
        *extension_findings(project.loaded, project.lock, project.pins),
        *locked_tags(project.loaded, project.pins),
    ]
    if findings:
        raise MatrixError(diagnose(findings, project.loaded.documents))


def floating_despite_lock(project: Project) -> list[Diagnostic]:
    """Return an error for everything that the lock says nothing about; nothing without a lock.

    The lock belongs to the matrix, so what an overlay replaces does not count.
    """
    from dataclasses import replace

    from image_matrix.lock.read import pins_of

    if project.inputs.lock is None:
        return []
    alone = _without_overlays(project.inputs)
    plain = replace(project, loaded=alone, pins=pins_of(project.lock, alone)) if alone else project
    return not_locked(plain)


def not_locked(project: Project) -> list[Diagnostic]:
    """Return an error for everything that is not locked, and for sources that the lock does not fully know."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.lock.read import unlocked
    from image_matrix.lock.source_checks import unknown_sources

    documents = project.loaded.documents
    missing = [item.diagnostic(documents) for item in unlocked(project.loaded, project.pins)]
    unknown = diagnose(unknown_sources(project.loaded, project.lock.sources), documents)
    return sorted(dict.fromkeys([*missing, *unknown]), key=lambda item: item.place)


def not_lockable(project: Project) -> list[Diagnostic]:
    """Return a warning for everything that ``lock`` will refuse, as far as the matrix alone shows it."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.lock import unknown_pythons

    return diagnose(unknown_pythons.not_lockable(project.loaded), project.loaded.documents)


def _without_overlays(inputs: Inputs) -> Loaded | None:
    """Return the matrix without overlays, if there are overlays and it is valid without them."""
    from dataclasses import replace

    first = dict([next(iter(inputs.texts.items()))])
    if len(first) == len(inputs.texts):
        return None
    try:
        return load_inputs(replace(inputs, texts=first))
    except MatrixError:
        return None


def workflow_settings(project: Project) -> list[Diagnostic]:
    """Return the warnings about a workflow's settings; raises :class:`MatrixError` if it cannot be rendered."""
    from image_matrix.diagnostics import errors
    from image_matrix.validate.workflow import diagnostics

    warnings = diagnostics(project.loaded)
    if errors(warnings):
        raise MatrixError(warnings)
    return warnings


def template_warnings(project: Project) -> list[Diagnostic]:
    """Return the warnings about the repository's own templates."""
    from image_matrix.project.custom_templates import unchecked_fetches
    from image_matrix.project.unused_templates import unused_templates

    templates = project.inputs.templates
    return [*unused_templates(templates, project.loaded), *unchecked_fetches(templates)]


def note_overlays(session: Session) -> None:
    """Print a note if outputs are rendered with overlays from the environment."""
    if session.overlays_from_environment and session.overlays:
        note(session, f"rendered with {', '.join(session.overlays)}, from IMAGE_MATRIX_OVERLAY")


def render_project(project: Project) -> dict[str, File]:
    """Render every output in memory."""
    from image_matrix.project.render import render_all

    return _rendered(project, render_all)


def render_builds(project: Project) -> dict[str, File]:
    """Render the files that builds read and keys hash, in memory."""
    from image_matrix.project import render as outputs

    return _rendered(project, outputs.render_builds)


def _rendered(
    project: Project, render: Callable[[Loaded, Pins, Templates], dict[str, File]]
) -> dict[str, File]:
    from image_matrix.render.templates import with_builtin_hint

    templates = project.inputs.templates
    try:
        return render(project.loaded, project.pins, templates)
    except MatrixError as error:
        raise with_builtin_hint(error, templates) from error


def floating(project: Project) -> tuple[str, ...]:
    """Return what is rendered without a lock entry."""
    from image_matrix.lock.read import unlocked

    return tuple(item.what for item in unlocked(project.loaded, project.pins))


def note_never_refreshed(session: Session, loaded: Loaded) -> None:
    """Print a note about steps that nothing locks, and that run again only when something else moves."""
    from image_matrix.lock.refreshed import never_refreshed

    names = never_refreshed(loaded)
    if names:
        shown = listed(names, 3)
        note(
            session,
            f"nothing locks what is fetched by {shown}; `refresh_days` at the image has it run again",
        )


def note_floating(session: Session, names: Sequence[str]) -> None:
    """Print a note about what is rendered without a lock entry, and about a lock that was deleted."""
    from image_matrix.cli.lock_remedies import note_deleted

    if names and not note_deleted(session):
        shown = listed(names, 3)
        note(session, f"not locked: {shown}; `image-matrix lock` pins them")
