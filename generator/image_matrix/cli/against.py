"""``check --against``: what users have stored and would not find any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.session import Project, Session, inputs_at, say, understand

if TYPE_CHECKING:
    from image_matrix.diagnostics import Diagnostic


def vanished_since(session: Session, project: Project, revision: str) -> list[Diagnostic]:
    """Return the slugs and choice keys that a revision had and the matrix has not; says where none can be compared."""
    from image_matrix.diagnostics import MatrixError, diagnose
    from image_matrix.profiles.against import vanished

    try:
        inputs = inputs_at(session, revision, "--against")
        if inputs is None:
            say(session, f"{revision} has no {session.matrix}: no choice of it can vanish")
            return []
        old = understand(inputs).loaded
    except MatrixError as error:
        code = error.diagnostics[0].code
        say(
            session,
            f"the matrix at {revision} is not valid by today's rules ({code}): nothing to compare with",
        )
        return []
    return diagnose(vanished(old, project.loaded, revision), project.loaded.documents)
