"""Reads the section ``workflow:``: how GitHub Actions builds and tests. It is not part of any key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Literal

JobMode = Literal["image", "layer"]
Pin = Mapping[str, Any]
"""Fields of the table of pinned actions, programs and images: ``version``, and ``sha``, ``sha256`` or ``digest``."""
EMULATE = "emulate"
"""The runner of a platform that QEMU builds; not a label."""
NO_VALUES: Mapping[str, str] = MappingProxyType({})
"""Axis values of a job that builds no variant."""
RUNNERS = {"linux/amd64": ("ubuntu-24.04",), "linux/arm64": ("ubuntu-24.04-arm",)}
"""GitHub's native runners; docs.github.com/actions/reference/runners/github-hosted-runners."""
LEGS = 256
"""Entries of the matrix of one job; docs.github.com/actions/reference/limits."""


@dataclass(frozen=True, slots=True)
class JobOverride:
    """Settings of the jobs that match; what is not set is ``None`` or empty."""

    images: tuple[str, ...] = ()
    """Names, or patterns with ``*``; none: every image."""
    platforms: tuple[str, ...] = ()
    """None: every platform."""
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Axis to values; none: every variant."""
    runners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Platform to the labels that a runner must have."""
    timeout_minutes: int | None = None
    free_disk: bool | None = None

    def matches(self, image: str, platform: str, values: Mapping[str, str]) -> bool:
        """Say whether the job of an image's variant on a platform is meant."""
        return (
            self.matches_image(image)
            and (not self.platforms or platform in self.platforms)
            and all(values.get(axis) in accepted for axis, accepted in self.axes.items())
        )

    def matches_image(self, image: str) -> bool:
        """Say whether an image is meant, or some of its variants."""
        return not self.images or any(fnmatchcase(image, pattern) for pattern in self.images)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The receiver of the spans of runs."""

    endpoint: str
    headers: str | None = None
    """Name of the secret with the headers of its requests."""


@dataclass(frozen=True, slots=True)
class Prune:
    """What the registry no longer needs, and when it is deleted."""

    schedule: str = "41 4 * * 6"
    keep_releases: int = 10
    """Releases of the release branch, and of each channel, whose images stay."""
    older_days: int = 14
    """Only what is older goes."""
    delete: bool = False
    """Whether the schedule deletes, and not only says what it would."""


@dataclass(frozen=True, slots=True)
class Rescan:
    """What is released is scanned again on a schedule."""

    schedule: str = "41 4 * * 3"
    issue: bool = True
    """Whether findings are in an issue of the repository."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """How images are built on GitHub Actions."""

    rendered: bool = True
    """Whether there is a workflow at all; ``workflow: none`` says no."""
    generator: str | None = None
    """What the jobs install: a requirement, or a path such as ``.``. No default: a name that the project does not
    own on the index of the runners could be registered by anybody."""
    jobs: JobMode = "layer"
    """Whether each image and platform has a job, or each layer of images."""
    default_branch: str = "main"
    staging: str | None = None
    commit_generated: bool = True
    """Whether a run locks and renders for the author of a pull request, where its token may push the files."""
    runners: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: RUNNERS)
    """Platform to the labels of its runner; none: QEMU on a runner of the other platform."""
    timeout_minutes: int = 60
    free_disk: bool = False
    max_parallel: int = 20
    """Legs of one job at once."""
    fork_jobs: int = 10
    """The most jobs that build a pull request that cannot push."""
    lock_schedule: str = "23 3 * * 1"
    prune: Prune | None = None
    """The workflow that deletes what nothing needs; ``None``: there is none."""
    rescan: Rescan | None = None
    """The workflow that scans what is released; ``None``: there is none."""
    environment: str | None = None
    """GitHub environment of the jobs that release, prune and propose; it can hold their secrets."""
    retention_days: int = 7
    """Days for which GitHub keeps the reports of tests and scans."""
    pins: Mapping[str, Pin] = field(default_factory=dict)
    """Actions, programs and images of the workflow that replace those of the table of image-matrix, by name."""
    overrides: tuple[JobOverride, ...] = ()
    telemetry: Telemetry | None = None

    def runner(self, image: str, platform: str, values: Mapping[str, str] = NO_VALUES) -> tuple[str, ...]:
        """Return the labels of a variant's runner for a platform; none where it has to be emulated."""
        labels = self.runners.get(platform, ())
        for override in self._matching(image, platform, values):
            labels = override.runners.get(platform, labels)
        return labels

    def timeout(self, image: str, platform: str, values: Mapping[str, str] = NO_VALUES) -> int:
        """Return the minutes after which a job is ended."""
        matching = self._matching(image, platform, values)
        given = [item.timeout_minutes for item in matching if item.timeout_minutes]
        return [self.timeout_minutes, *given][-1]

    def frees_disk(self, image: str, platform: str, values: Mapping[str, str] = NO_VALUES) -> bool:
        """Say whether a job removes what its runner came with."""
        matching = self._matching(image, platform, values)
        given = [item.free_disk for item in matching if item.free_disk is not None]
        return [self.free_disk, *given][-1]

    def _matching(self, image: str, platform: str, values: Mapping[str, str]) -> list[JobOverride]:
        return [override for override in self.overrides if override.matches(image, platform, values)]


def staging_of(registry: str, workflow: Workflow) -> str:
    """Return the prefix that pull requests push to."""
    return workflow.staging or f"{registry}/staging"


_PLAIN = (
    "generator",
    "jobs",
    "default_branch",
    "staging",
    "commit_generated",
    "timeout_minutes",
    "free_disk",
    "max_parallel",
    "fork_jobs",
    "lock_schedule",
    "environment",
    "retention_days",
    "pins",
)


def read_workflow(item: Mapping[str, Any] | str) -> Workflow:
    """Read the section; a text is ``none``."""
    if isinstance(item, str):
        return Workflow(rendered=False)
    return Workflow(
        **{key: item[key] for key in _PLAIN if key in item},
        runners={**RUNNERS, **_runners(item.get("runners", {}))},
        overrides=tuple(_override(entry) for entry in item.get("overrides", ())),
        prune=Prune(**item["prune"]) if "prune" in item else None,
        rescan=Rescan(**item["rescan"]) if "rescan" in item else None,
        telemetry=Telemetry(**item["telemetry"]) if "telemetry" in item else None,
    )


def _override(item: Mapping[str, Any]) -> JobOverride:
    match = {key: _values(given) for key, given in item["match"].items()}
    return JobOverride(
        images=match.pop("image", ()),
        platforms=match.pop("platform", ()),
        axes=match,
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
