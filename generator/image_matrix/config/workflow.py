"""The section ``workflow:``: how GitHub Actions builds and tests. Nothing of it is part of a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

EMULATE = "emulate"
"""The runner of a platform that QEMU builds; not a label."""
RUNNERS = {"linux/amd64": ("ubuntu-24.04",), "linux/arm64": ("ubuntu-24.04-arm",)}
"""GitHub's native runners; docs.github.com/actions/reference/runners/github-hosted-runners."""


@dataclass(frozen=True, slots=True)
class JobOverride:
    """Settings of the jobs that match; what is not set is ``None`` or empty."""

    images: tuple[str, ...] = ()
    """Names, or patterns with ``*``; none: every image."""
    platforms: tuple[str, ...] = ()
    """None: every platform."""
    runners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Platform to the labels that a runner must have."""
    timeout_minutes: int | None = None
    free_disk: bool | None = None

    def matches(self, image: str, platform: str) -> bool:
        """Say whether the job of an image on a platform is meant."""
        return (not self.images or any(fnmatchcase(image, pattern) for pattern in self.images)) and (
            not self.platforms or platform in self.platforms
        )


@dataclass(frozen=True, slots=True)
class Workflow:
    """How images are built on GitHub Actions."""

    rendered: bool = True
    """Whether there is a workflow at all; ``workflow: none`` says no."""
    generator: str | None = None
    """What the jobs install: a requirement, or a path such as ``.``. No default: a name that the project does not
    own on the index of the runners could be registered by anybody."""
    default_branch: str = "main"
    staging: str | None = None
    commit_generated: bool = False
    require_lock: bool = False
    """Whether runs build nothing while something floats."""
    runners: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: RUNNERS)
    """Platform to the labels of its runner; none: QEMU on a runner of the other platform."""
    timeout_minutes: int = 60
    free_disk: bool = False
    max_parallel: int = 20
    """Legs of one job at once."""
    lock_schedule: str = "23 3 * * 1"
    overrides: tuple[JobOverride, ...] = ()

    def runner(self, image: str, platform: str) -> tuple[str, ...]:
        """Return the labels of an image's runner for a platform; none where it has to be emulated."""
        labels = self.runners.get(platform, ())
        for override in self._matching(image, platform):
            labels = override.runners.get(platform, labels)
        return labels

    def timeout(self, image: str, platform: str) -> int:
        """Return the minutes after which a job is ended."""
        given = [item.timeout_minutes for item in self._matching(image, platform) if item.timeout_minutes]
        return [self.timeout_minutes, *given][-1]

    def frees_disk(self, image: str, platform: str) -> bool:
        """Say whether a job removes what its runner came with."""
        given = [item.free_disk for item in self._matching(image, platform) if item.free_disk is not None]
        return [self.free_disk, *given][-1]

    def _matching(self, image: str, platform: str) -> list[JobOverride]:
        return [override for override in self.overrides if override.matches(image, platform)]


def staging_of(registry: str, workflow: Workflow) -> str:
    """Return the prefix that pull requests push to."""
    return workflow.staging or f"{registry}/staging"


_PLAIN = (
    "generator",
    "default_branch",
    "staging",
    "commit_generated",
    "require_lock",
    "timeout_minutes",
    "free_disk",
    "max_parallel",
    "lock_schedule",
)


def read_workflow(item: Mapping[str, Any] | str) -> Workflow:
    """Read the section; a text is ``none``."""
    if isinstance(item, str):
        return Workflow(rendered=False)
    return Workflow(
        **{key: item[key] for key in _PLAIN if key in item},
        runners={**RUNNERS, **_runners(item.get("runners", {}))},
        overrides=tuple(_override(entry) for entry in item.get("overrides", ())),
    )


def _override(item: Mapping[str, Any]) -> JobOverride:
    return JobOverride(
        images=_values(item["match"].get("image", ())),
        platforms=_values(item["match"].get("platform", ())),
        runners=_runners(item.get("runners", {})),
        timeout_minutes=item.get("timeout_minutes"),
        free_disk=item.get("free_disk"),
    )


def _values(given: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _runners(item: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Read labels, one or a list; ``emulate`` is not a label."""
    return {
        platform: () if _values(labels) == (EMULATE,) else _values(labels)
        for platform, labels in item.items()
    }
