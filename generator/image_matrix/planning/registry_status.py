"""Which of a plan's images the registry has, and when its answers are not enough for a plan.

A refusal is not absence. GHCR answers ``DENIED`` also for a package that does not exist yet, so one refusal alone says
nothing: the first run of a repository, and a new image, must go on. That a package exists is known when another tag of
it is answered, or when it was released before (:func:`refuse_what_is_known_to_exist`).
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


def presence(answers: Mapping[str, Answer], tell: Callable[[str], None]) -> dict[str, Presence]:
    """Turn answers into what a plan needs; what the registry refused to say is told and counts as unknown.

    Raises :class:`EnvironmentFailure` where it gave no answer, after every try: nothing is guessed.
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
        tell(f"{listed(names, 1)}: cannot look: {reason}")
    return {name: _presence(answer) for name, answer in answers.items()}


def _presence(answer: Answer) -> Presence:
    if isinstance(answer, Digest):
        return "present"
    return "unknown" if isinstance(answer, Denied) else "absent"


def refuse_what_is_known_to_exist(answers: Mapping[str, Answer], published: Collection[str]) -> None:
    """Raise :class:`EnvironmentFailure` where the registry refuses to say what it has of a package that is there.

    A package is there when another of its tags is answered in ``answers``, or its name is in ``published``, those that
    were released before. What is built then would be built a second time, or everything would.
    """
    refused = {name: answer for name, answer in answers.items() if isinstance(answer, Denied)}
    answered = {_repository(name) for name in answers if name not in refused}
    known = [name for name in refused if _repository(name) in answered or _repository(name) in published]
    if known:
        raise EnvironmentFailure(
            f"the registry does not say whether it has {listed(known, 1)}, although it has other images of this name: "
            f"{refused[known[0]].reason}",
            f"{CHECK}, and run the job again; where the packages were deleted, run the workflow by hand with `force`",
        )


def _repository(reference: str) -> str:

    return parse_reference(reference).name


def ask(references: Iterable[str], registry: Registry, tell: Callable[[str], None]) -> dict[str, Presence]:
    """Ask the registry for every reference, one HEAD each."""
    return presence(registry.digests(references), tell)
