"""Compares the matrix with the repository that a run belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.release import GITHUB_REGISTRY
from image_matrix.config.workflow import staging_of
from image_matrix.errors import Failure

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix
    from image_matrix.github.event import Event


def refuse_foreign_owner(event: Event, matrix: Matrix) -> None:
    """Raise :class:`Failure` if GitHub's token may not push to the registry path: it belongs to another owner.

    Source: docs.github.com/packages, "Working with the Container registry".
    """
    if event.repository is None or event.fork or GITHUB_REGISTRY in matrix.network.logins:
        return
    owner = event.repository.partition("/")[0].lower()
    for path in (matrix.registry, staging_of(matrix.registry, matrix.workflow)):
        host, _, rest = path.partition("/")
        if host == GITHUB_REGISTRY and rest.partition("/")[0] != owner:
            better = f"{GITHUB_REGISTRY}/{owner}/{rest.partition('/')[2]}".rstrip("/")
            field = f"registry: {better}" if path == matrix.registry else f"workflow: {{staging: {better}}}"
            raise Failure(
                f"GitHub's token of {event.repository} may not push to {path}",
                f"write `{field}`, or name the secrets of an account that may, "
                "`network: {logins: {ghcr.io: {username: …, password: …}}}`",
            )


def setup_warnings(event: Event, matrix: Matrix) -> tuple[str, ...]:
    """Return what will not work as the matrix says, in this repository."""
    branch, declared = event.repository_branch, matrix.workflow.default_branch
    if branch in (None, declared):
        return ()
    problem = (
        f"The default branch of this repository is `{branch}`, and the workflow releases from `{declared}`"
    )
    remedy = f"If that is a mistake, write `workflow: {{default_branch: {branch}}}`."
    return (f"{problem}: pushes to `{branch}` start no run. {remedy}",)
