"""Finds what is in images at a revision, in a release, or in the files as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.errors import CallError, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import MatrixError
    from image_matrix.inventory.difference import ImageState


@dataclass(frozen=True, slots=True)
class ComparedState:
    """One of the two states that are compared."""

    title: str
    """How it is called: ``HEAD~1``, ``release 2026.1129.1``, ``the files as they are``."""
    images: Mapping[str, ImageState]
    commit: str | None = None
    """``None``: the files as they are."""
    is_release: bool = False
    unpublished: frozenset[str] = frozenset()
    """Ids of the variants that no release has; they are for the images that are built on them."""

    def beside(self, other: ComparedState) -> ComparedState:
        """Return what is compared with another state: beside a release, only what a release would have."""
        if not other.is_release:
            return self
        kept = {
            name: one
            for name, one in self.images.items()
            if name not in self.unpublished or name in other.images
        }
        return replace(self, images=kept)


def side_of(session: Session, name: str | None) -> ComparedState:
    """Return a state by the name of a revision or release; without one, the files as they are.

    A release is a commit of the release branch: its tag, the branch itself as ``origin`` has it, or a channel.
    Raises :class:`CallError` for a name that is neither, and for a revision whose matrix is not valid;
    :class:`Failure` for a release whose record cannot be read.
    """
    from image_matrix.cli.project import inputs_at, load_project, open_project
    from image_matrix.diagnostics import MatrixError
    from image_matrix.inventory.record import parsed_record
    from image_matrix.project.history import text_of_commit
    from image_matrix.project.revisions import branch_of_origin, revision_named
    from image_matrix.publish.release_files import PACKAGES
    from image_matrix.publish.release_tags import order_of

    if name is None:
        return _state_of("the files as they are", open_project(session))
    revision, commit = revision_named(session.root, name, "diff")
    inputs = inputs_at(session, revision, "diff")
    if inputs is not None:
        try:
            project = load_project(inputs)
        except MatrixError as error:
            raise _invalid(name, error) from error
        return _state_of(name, project, commit)
    # releases push there, so a branch of the clone itself may be old
    commit = branch_of_origin(session.root, name) or commit
    text = text_of_commit(session.root, commit, PACKAGES)
    if text is None:
        raise CallError(
            f"`{name}` has neither {session.matrix} nor {PACKAGES}",
            f"name a revision with {session.matrix}, or a release: its tag, or the branch that releases are on",
        )
    released = parsed_record(text)
    if released is None:
        raise Failure(
            f"{PACKAGES} of `{name}` is not as a release of this version writes it",
            "name another release, or revert the commit that changed it; the next release writes it anew",
        )
    title = f"release {name}" if order_of(name) else name
    return ComparedState(title, released, commit, is_release=True)


def _state_of(title: str, project: Project, commit: str | None = None) -> ComparedState:
    from image_matrix.inventory.difference import image_states

    unpublished = frozenset(name for name, item in project.loaded.variants.items() if not item.publish)
    images = image_states(project.loaded, project.pins)
    return ComparedState(title, images, commit, unpublished=unpublished)


def _invalid(name: str, error: MatrixError) -> CallError:
    """Return what is said of a commit whose matrix is not valid: nobody can edit it there."""
    first = next(one for one in error.diagnostics if one.severity == "error")
    return CallError(
        f"the matrix at `{name}` is not valid: line {first.place.line} of {first.place.file}: {first.message}",
        "name another commit, or a release",
    )
