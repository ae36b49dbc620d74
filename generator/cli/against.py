"""``check --against``: what users have stored and would not find any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.cli.session import Project, Session, report, say, understand

if TYPE_CHECKING:
    from collections.abc import Iterator


def refuse_vanished(session: Session, project: Project, revision: str) -> int:
    """Report slugs and choice keys that a revision had; return the exit code."""
    from generator.diagnostics import MatrixError, diagnose
    from generator.history import read_inputs_at
    from generator.profiles.against import vanished

    inputs = read_inputs_at(session.root, revision, session.matrix, dict(_overlays(session)))
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


def _overlays(session: Session) -> Iterator[tuple[str, str]]:
    from pathlib import Path

    from generator.project import read_text

    for name in session.overlays:
        yield name, read_text(Path(name), name)
