"""Holds a matrix against policies: each of them by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.policy.floating import floating_things
from image_matrix.policy.licences import refused_licences
from image_matrix.policy.packages import refused_packages
from image_matrix.policy.sizes import excessive_sizes
from image_matrix.policy.sources import refused_sources
from image_matrix.policy.violation import reported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.policy import Policy, StatedPolicy
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.lock.pins import Pins
    from image_matrix.policy.violation import Violation


def violations(policies: Iterable[StatedPolicy], loaded: Loaded, pins: Pins, today: str) -> list[Diagnostic]:
    """Return everything that a policy does not allow on a day (YYYY-MM-DD), sorted by place.

    What several policies say in the same words is said once.
    """
    reports: dict[tuple[str, object, str], Diagnostic] = {}
    for stated in policies:
        for violation in _of_one(stated.policy, loaded, pins, today):
            item = reported(violation, stated, today)
            if item is not None:
                reports.setdefault((item.code, item.place, item.message), item)
    return sorted(reports.values(), key=lambda item: (item.place, item.code, item.message))


def _of_one(policy: Policy, loaded: Loaded, pins: Pins, today: str) -> Iterator[Violation]:
    yield from refused_sources(policy, loaded, today)
    yield from refused_packages(policy, loaded, pins, today)
    yield from refused_licences(policy, loaded, pins, today)
    yield from floating_things(policy, loaded, pins, today)
    yield from excessive_sizes(policy, loaded)
