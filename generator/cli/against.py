"""``check --against``: what users have stored and would not find any more."""

from __future__ import annotations

from generator.cli.session import Project, Session, inputs_at, report, say, understand


def refuse_vanished(session: Session, project: Project, revision: str) -> int:
    """Report slugs and choice keys that a revision had; return the exit code."""
    from generator.diagnostics import MatrixError, diagnose
    from generator.profiles.against import vanished

    inputs = inputs_at(session, revision, "--against")
    if inputs is None:
        say(session, f"{revision} has no {session.matrix}: no choice of it can vanish")
        return 0
    try:
        old = understand(inputs).loaded
    except MatrixError as error:
        code = error.diagnostics[0].code
        say(
            session,
            f"the matrix at {revision} is not valid by today's rules ({code}): nothing to compare with",
        )
        return 0
    found = diagnose(vanished(old, project.loaded, revision), project.loaded.documents)
    report(found)
    return 1 if found else 0
