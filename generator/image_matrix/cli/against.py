"""``check --against``: finds profiles and choices that users may have saved and that no longer exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.cli.project import Project, inputs_at, load_project

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import Diagnostic


def vanished_since(session: Session, project: Project, revision: str) -> list[Diagnostic]:
    """Return diagnostics for the slugs and choice keys of a revision that the matrix does not have.

    If they cannot be compared, prints why.
    """
    from image_matrix.diagnostics import MatrixError, diagnose
    from image_matrix.profiles.against import vanished

    try:
        inputs = inputs_at(session, revision, "--against")
        if inputs is None:
            say(session, f"{revision} has no {session.matrix}: it has no choices to compare with")
            return []
        old = load_project(inputs).loaded
    except MatrixError as error:
        code = error.diagnostics[0].code
        say(
            session,
            f"the matrix at {revision} is not valid ({code}): its choices cannot be compared",
        )
        return []
    return diagnose(vanished(old, project.loaded, revision), project.loaded.documents)
