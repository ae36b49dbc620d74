"""Finds generated files and locks that the run commits for the author of a pull request."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.project import Project, open_project

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.workflow import Workflow
    from image_matrix.diagnostics import MatrixError
    from image_matrix.github.event import Event


def outdated_files(session: Session, project: Project) -> tuple[str, ...]:
    """Return the generated files that differ from those of the matrix without overlays."""
    from image_matrix.cli.project import render_project
    from image_matrix.output_tree.tree import compare

    plain = replace(session, overlays=(), verbosity=-1)
    difference = compare(session.root, render_project(open_project(plain) if session.overlays else project))
    return tuple(change.path for change in difference.outputs or difference.changes)


def may_commit(workflow: Workflow, event: Event, outdated: tuple[str, ...]) -> bool:
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
    return may_commit(workflow, event, tuple(path for path in outdated if changes_workflows((path,))))
