"""Computes the jobs of the generated workflow: one per image and platform, one scan per image, and their needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.model import Matrix, Platform, Variant
    from image_matrix.config.workflow import Workflow


@dataclass(frozen=True, slots=True)
class WorkflowJob:
    """Builds and tests the variants of one image on one platform; its legs come from the plan."""

    image: str
    platform: Platform
    parent: str | None
    """Id of the parent image's job on the same platform."""
    labels: tuple[str, ...]
    """The labels of the variants that the job can build."""
    runner: tuple[str, ...]
    emulated: bool
    timeout: int
    free_disk: bool

    @property
    def arch(self) -> str:
        """``amd64`` or ``arm64``."""
        return self.platform.rpartition("/")[2]

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


def job_id(image: str, platform: Platform) -> str:
    """Return the id of an image's job for a platform."""
    return f"{image}-{platform.rpartition('/')[2]}"


def build_jobs(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[WorkflowJob, ...]:
    """Return the build jobs, parents before children; of jobs in one layer, the one with the longest chain first."""
    labels: dict[tuple[str, Platform], list[str]] = {}
    for item in variants.values():
        for platform in item.platforms:
            labels.setdefault((item.image, platform), []).append(item.label)
    layers, heights = matrix.order.layers, matrix.order.heights
    jobs = (_job(matrix, place, tuple(names), labels) for place, names in labels.items())
    return tuple(sorted(jobs, key=lambda job: (layers[job.image], -heights[job.image])))


def _job(
    matrix: Matrix,
    place: tuple[str, Platform],
    labels: tuple[str, ...],
    known: Iterable[tuple[str, Platform]],
) -> WorkflowJob:
    image, platform = place
    parent = matrix.images[image].parent
    workflow = matrix.workflow
    labels_of_runner = workflow.runner(image, platform)
    return WorkflowJob(
        image=image,
        platform=platform,
        parent=job_id(parent, platform) if parent and (parent, platform) in known else None,
        labels=labels,
        runner=labels_of_runner or native_runner(workflow, image),
        emulated=not labels_of_runner,
        timeout=workflow.timeout(image, platform),
        free_disk=workflow.frees_disk(image, platform),
    )


def native_platform(workflow: Workflow, image: str = "") -> Platform:
    """Return the first platform that has a runner; emulated jobs, and jobs without a platform, run on it."""
    return next(platform for platform in workflow.runners if workflow.runner(image, platform))


def native_runner(workflow: Workflow, image: str = "") -> tuple[str, ...]:
    """Return the runner for emulated jobs and for jobs without a platform."""
    return workflow.runner(image, native_platform(workflow, image))


def scan_jobs(matrix: Matrix, jobs: Iterable[WorkflowJob]) -> tuple[Scan, ...]:
    """Return one scan per image, or nothing if scans are off."""
    if matrix.release.scan.tool == "none":
        return ()
    needs: dict[str, list[WorkflowJob]] = {}
    for job in jobs:
        needs.setdefault(job.image, []).append(job)
    return tuple(
        Scan(image, tuple(job.id for job in builds), any(job.free_disk for job in builds))
        for image, builds in needs.items()
    )
