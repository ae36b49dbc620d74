"""``check --against``: what changes for users since a revision, and what they may have saved that no longer exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.printing import say
from image_matrix.cli.project import Project, inputs_at, load_project, violations_of
from image_matrix.cli.terminal import terminal_width, wrapped
from image_matrix.text import plural

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.profiles.offer_change import OfferChange
    from image_matrix.render.kubernetes.offer_review import OfferReview

PACKAGES = 5
"""The maximum number of packages in a line."""
PACKAGE_LINES = 8
"""The maximum number of lines about packages; JSON has all of them."""


@dataclass(frozen=True, slots=True)
class Since:
    """What differs from an earlier revision."""

    revision: str = ""
    review: OfferReview | None = None
    """What changes for users; ``None`` if nothing was compared."""
    lost: tuple[Diagnostic, ...] = ()
    """The slugs and choice keys that the matrix no longer has, and what is against the policy of the revision."""


def compared_with(session: Session, project: Project, revision: str) -> Since:
    """Compare a project with a revision; if they cannot be compared, print why."""
    from image_matrix.config.policy import project_policies
    from image_matrix.diagnostics import MatrixError, diagnose
    from image_matrix.profiles.against import vanished
    from image_matrix.render.kubernetes.offer_review import PinnedMatrix, offer_review

    try:
        inputs = inputs_at(session, revision, "--against")
        if inputs is None:
            say(session, f"{revision} has no {session.matrix}: it has no choices to compare with")
            return Since()
        old = load_project(inputs)
    except MatrixError as error:
        code = error.diagnostics[0].code
        say(session, f"the matrix at {revision} is not valid ({code}): its choices cannot be compared")
        return Since()
    lost = [
        *diagnose(vanished(old.loaded, project.loaded, revision), project.loaded.documents),
        *loosened_policy(project.loaded, old.loaded, revision),
        *(violations_of(project, project_policies(old.loaded, revision)) if old.loaded.policies else ()),
    ]
    before, after = (PinnedMatrix(one.loaded, one.pins) for one in (old, project))
    return Since(revision, offer_review(before, after), tuple(lost))


def loosened_policy(loaded: Loaded, old: Loaded, revision: str) -> list[Diagnostic]:
    """Return what the policy of a revision asks for and the one of today does not."""
    from image_matrix.config.policy import project_policies
    from image_matrix.policy.changes import loosened

    return loosened(project_policies(old), project_policies(loaded), revision, loaded.documents)


def say_changes(session: Session, since: Since) -> None:
    """Print what changes for users, unless ``-q`` asks for silence."""
    if since.review is None or session.verbosity < 0:
        return
    text = change_text(since.review)
    head = f"what changes for users since {since.revision}:" if text else ""
    click.echo(head or f"nothing changes for users since {since.revision}")
    click.echo(wrapped(text, terminal_width()), nl=False)


def change_text(review: OfferReview) -> str:
    """Return a line for each change; empty if users notice nothing."""
    from image_matrix.profiles.change_words import TERMINAL, change_lines
    from image_matrix.profiles.content_words import package_lines, source_lines

    packages = package_lines(review.packages, TERMINAL, PACKAGES)
    more = len(packages) - PACKAGE_LINES
    lines = (
        *change_lines(review.offers, TERMINAL),
        *packages[:PACKAGE_LINES],
        *(
            [f"… and packages of other images ({plural(more, 'line')}; --format json has all)"]
            if more > 0
            else ()
        ),
        *source_lines(review.sources, TERMINAL),
    )
    return "".join(f"- {line}\n" for line in lines)


def changes_as_data(since: Since) -> dict[str, Any]:
    """Return the changes for JSON, as ``changes``; nothing if nothing was compared."""
    if since.review is None:
        return {}
    from dataclasses import asdict

    packages = [asdict(item) for item in since.review.packages]
    changes = {
        "offers": [_offer_as_data(item) for item in since.review.offers],
        "packages": [{**item.pop("package"), **item} for item in packages],
        "sources": [asdict(item) for item in since.review.sources],
    }
    return {"changes": changes}


def _offer_as_data(item: OfferChange) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "option": item.option or None,
        "choice": item.subject,
        **asdict(item.change),
        "profiles": [profile.slug for profile in item.profiles],
        "sites": list(item.sites),
    }
