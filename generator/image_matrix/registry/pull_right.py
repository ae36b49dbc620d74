"""Asks, before anything is built, whether the registries give what a build pulls: one request each, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.answers import Denied, Unreachable, words
from image_matrix.registry.reference import DOCKER_HUB, parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.registry.client import Registry


def refuse_unpullable(registry: Registry, pulled: Mapping[str, str], warn: Callable[[str], None]) -> None:
    """Raise :class:`EnvironmentFailure` that names every registry which denies access to what is pulled from it.

    ``pulled`` has a word for each reference: what it is. BuildKit pulls with the same logins. A registry that cannot be
    reached from here is a warning: the builder may be in another network. Other answers are left to the builder.
    """
    answers = registry.digests(pulled)
    denied = {name: answer for name, answer in answers.items() if isinstance(answer, Denied)}
    for name, answer in answers.items():
        if isinstance(answer, Unreachable) and answer.is_general:
            warn(f"{pulled[name]}: {name}: {answer.reason}")
    if not denied:
        return
    listed = "; ".join(f"{pulled[name]}: {name}: {words(answer)}" for name, answer in denied.items())
    hosts = dict.fromkeys(parse_reference(name).host for name in denied)
    commands = " and ".join(f"`docker login{'' if host == DOCKER_HUB else f' {host}'}`" for host in hosts)
    raise EnvironmentFailure(
        f"the build cannot pull {listed}",
        f"{commands} with an account that may pull it; in runs, `network.logins` or `network.docker_config`",
    )
