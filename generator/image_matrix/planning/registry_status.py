"""Determines which images of a plan the registry has, and when its answers are not enough for a plan.

Denied access does not mean that an image is absent. GHCR answers ``DENIED`` also for a package that does not exist yet,
so a single refusal must not stop the first run of a repository, or a new image. A package is known to exist if the
registry answers for another of its tags, or if it was released before (:func:`require_access_to_existing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.answers import CHECK, Denied, Digest, Unreachable
from image_matrix.registry.reference import parse_reference
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from image_matrix.planning.plan import Presence
    from image_matrix.registry.answers import Answer
    from image_matrix.registry.client import Registry


def presence(answers: Mapping[str, Answer], log: Callable[[str], None]) -> dict[str, Presence]:
    """Return the status for a plan from the registry's answers; denied access is logged and counts as unknown.

    Raises :class:`EnvironmentFailure` if the registry gave no answer after all attempts.
    """
    silent = {name: answer for name, answer in answers.items() if isinstance(answer, Unreachable)}
    if silent:
        first = next(iter(silent.values()))
        which = "" if len(silent) == len(answers) else f" about {listed(silent, 1)}"
        raise EnvironmentFailure(f"the registry gives no answer{which}: {first.reason}", first.remedy)
    refused: dict[str, list[str]] = {}
    for name, answer in answers.items():
        if isinstance(answer, Denied):
            refused.setdefault(answer.reason, []).append(name)
    for reason, names in refused.items():
        log(f"{listed(names, 1)}: access denied: {reason}")
    return {name: _presence(answer) for name, answer in answers.items()}


def _presence(answer: Answer) -> Presence:
    if isinstance(answer, Digest):
        return "present"
    return "unknown" if isinstance(answer, Denied) else "absent"


def require_access_to_existing(answers: Mapping[str, Answer], published: Collection[str]) -> None:
    """Raise :class:`EnvironmentFailure` if the registry denies access to a package that exists.

    A package exists if ``answers`` has an answer for another of its tags, or if its name is in ``published``, the
    packages that were released before. Without this error, images that exist would be built again.
    """
    refused = {name: answer for name, answer in answers.items() if isinstance(answer, Denied)}
    answered = {_repository(name) for name in answers if name not in refused}
    known = [name for name in refused if _repository(name) in answered or _repository(name) in published]
    if known:
        raise EnvironmentFailure(
            f"the registry denies access to {listed(known, 1)}, although it has other images of this name: "
            f"{refused[known[0]].reason}",
            f"{CHECK}, and run the job again; if the packages were deleted, run the workflow by hand with `force`",
        )


def _repository(reference: str) -> str:

    return parse_reference(reference).name


def registry_presence(
    references: Iterable[str], registry: Registry, log: Callable[[str], None]
) -> dict[str, Presence]:
    """Return the status of each reference in the registry, with one HEAD request each."""
    return presence(registry.digests(references), log)
