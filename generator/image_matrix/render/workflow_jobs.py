"""Computes the jobs of the generated workflow: one per image and platform, one scan per image, and their needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.model import slug
from image_matrix.config.platforms import architecture
from image_matrix.config.read import image_contexts
from image_matrix.config.workflow import NO_VALUES

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.config.workflow import Workflow


@dataclass(frozen=True, slots=True)
class LegSettings:
    """The settings of a job for one of its variants."""

    runner: tuple[str, ...]
    emulated: bool
    timeout: int
    free_disk: bool


@dataclass(frozen=True, slots=True)
class WorkflowJob:
    """Builds and tests variants of one image on one platform; the plan selects the variants."""

    image: str
    platform: Platform
    parents: tuple[str, ...]
    """Ids of the jobs on the same platform of what the image is built from: its parent first."""
    legs: Mapping[str, LegSettings]
    """The variants that the job can build: label to settings."""
    secrets: tuple[str, ...] = ()
    """Names of the secrets that their builds read."""

    @property
    def arch(self) -> str:
        """``amd64`` or ``arm64``."""
        return architecture(self.platform)

    @property
    def runners(self) -> dict[str, tuple[str, ...]]:
        """Label of a variant to the labels of its runner."""
        return {label: leg.runner for label, leg in self.legs.items()}

    @property
    def timeouts(self) -> dict[str, int]:
        """Label of a variant to minutes."""
        return {label: leg.timeout for label, leg in self.legs.items()}

    @property
    def emulated(self) -> dict[str, bool]:
        """Label of a variant to whether QEMU builds it."""
        return {label: leg.emulated for label, leg in self.legs.items()}

    @property
    def frees_disk(self) -> dict[str, bool]:
        """Label of a variant to whether its job removes what the runner came with."""
        return {label: leg.free_disk for label, leg in self.legs.items()}

    @property
    def id(self) -> str:
        """``jupyter-scipy-amd64``; unique, since other jobs have a ``_`` or no architecture in their id."""
        return job_id(self.image, self.platform)


@dataclass(frozen=True, slots=True)
class Scan:
    """Scans an image's variants on all platforms."""

    image: str
    needs: tuple[str, ...]
    free_disk: bool

    @property
    def id(self) -> str:
        """The id of its job: no other job has a ``_`` in its id."""
        return f"scan_{slug(self.image)}"


def job_id(image: str, platform: Platform) -> str:
    """Return the id of an image's job for a platform."""
    return f"{slug(image)}-{architecture(platform)}"


def build_jobs(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[WorkflowJob, ...]:
    """Return the build jobs, parents before children; of jobs in one layer, the one with the longest chain first."""
    legs: dict[tuple[str, Platform], dict[str, LegSettings]] = {}
    for item in variants.values():
        for platform in item.platforms:
            legs.setdefault((item.image, platform), {})[item.label] = leg_settings(
                matrix.workflow, item, platform
            )
    layers, heights = matrix.order.layers, matrix.order.heights
    secrets: dict[str, dict[str, None]] = {}
    for item in variants.values():
        secrets.setdefault(item.image, {}).update(dict.fromkeys(item.secrets))
    jobs = (
        replace(_job(matrix, place, of_job, legs), secrets=tuple(secrets[place[0]]))
        for place, of_job in legs.items()
    )
    return tuple(sorted(jobs, key=lambda job: (layers[job.image], -heights[job.image])))


def _job(
    matrix: Matrix,
    place: tuple[str, Platform],
    legs: Mapping[str, LegSettings],
    known: Container[tuple[str, Platform]],
) -> WorkflowJob:
    image, platform = place
    declared = matrix.images[image]
    above = declared.parents + image_contexts(matrix.defaults, declared, matrix.images)
    jobs = tuple(job_id(name, platform) for name in dict.fromkeys(above) if (name, platform) in known)
    return WorkflowJob(image=image, platform=platform, parents=jobs, legs=legs)


def leg_settings(workflow: Workflow, item: Variant, platform: Platform) -> LegSettings:
    """Return the settings of the job that builds a variant on a platform."""
    runner = workflow.runner(item.image, platform, item.values)
    return LegSettings(
        runner=runner or native_runner(workflow, item.image, item.values),
        emulated=not runner,
        timeout=workflow.timeout(item.image, platform, item.values),
        free_disk=workflow.frees_disk(item.image, platform, item.values),
    )


def native_platform(workflow: Workflow, image: str = "", values: Mapping[str, str] = NO_VALUES) -> Platform:
    """Return the first platform that has a runner; emulated jobs, and jobs without a platform, run on it."""
    return next(platform for platform in workflow.runners if workflow.runner(image, platform, values))


def native_runner(
    workflow: Workflow, image: str = "", values: Mapping[str, str] = NO_VALUES
) -> tuple[str, ...]:
    """Return the runner for emulated jobs and for jobs without a platform."""
    return workflow.runner(image, native_platform(workflow, image, values), values)


def scan_jobs(
    matrix: Matrix, variants: Mapping[str, Variant], jobs: Iterable[WorkflowJob]
) -> tuple[Scan, ...]:
    """Return one scan per published image, or nothing if scans are off."""
    if matrix.release.scan.tool == "none":
        return ()
    needs: dict[str, list[WorkflowJob]] = {}
    published = {item.image for item in variants.values() if item.publish}
    for job in (one for one in jobs if one.image in published):
        needs.setdefault(job.image, []).append(job)
    return tuple(
        Scan(image, tuple(job.id for job in builds), any(any(job.frees_disk.values()) for job in builds))
        for image, builds in needs.items()
    )
