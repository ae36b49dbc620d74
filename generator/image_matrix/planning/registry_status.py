"""Which of a plan's images the registry has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from image_matrix.planning.plan import Presence
    from image_matrix.registry.answers import Answer
    from image_matrix.registry.client import Registry


def presence(answers: Mapping[str, Answer], tell: Callable[[str], None]) -> dict[str, Presence]:
    """Turn answers into what a plan needs; what could not be looked up is told and counts as unknown.

    Raises :class:`EnvironmentFailure` where no registry gave any answer: nothing could be planned then.
    """
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.registry.answers import Absent, Denied, Digest, Unreachable

    silent = {name: answer for name, answer in answers.items() if isinstance(answer, Unreachable)}
    if silent and len(silent) == len(answers):
        reason = next(iter(silent.values())).reason
        raise EnvironmentFailure(
            f"the registry gives no answer: {reason}", "check `registry:`, the network and the login"
        )
    found: dict[str, Presence] = {}
    unseen: dict[str, list[str]] = {}
    for name, answer in answers.items():
        if isinstance(answer, (Denied, Unreachable)):
            found[name] = "unknown"
            unseen.setdefault(answer.reason, []).append(name)
        else:
            assert isinstance(answer, (Digest, Absent))  # noqa: S101 - all there is
            found[name] = "present" if isinstance(answer, Digest) else "absent"
    for reason, names in unseen.items():
        tell(f"{listed(names, 1)}: cannot look: {reason}")
    return found


def ask(references: Iterable[str], registry: Registry, tell: Callable[[str], None]) -> dict[str, Presence]:
    """Ask the registry for every reference, one HEAD each."""
    return presence(registry.digests(references), tell)
