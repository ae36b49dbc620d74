"""Determines which jobs for images do not have to wait: those with a leg that no other leg of the run is needed for.

A job is skipped where all its legs are blocked. GitHub has one result for all legs of a job, so a condition reads two
things of each job above: whether any of its legs has passed (its output ``passed``), and whether a leg of the job below
needs none of them (the plan's output ``ready``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.render.workflow_jobs import build_jobs, job_id, scan_jobs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.config.model import LegId, Matrix, Variant
    from image_matrix.render.workflow_jobs import WorkflowJob


def ready_outputs(
    matrix: Matrix, variants: Mapping[str, Variant], legs: Collection[LegId], scans: Iterable[LegId]
) -> dict[str, str]:
    """Return the plan's output ``ready``: names between commas, of jobs that have a leg that need not wait.

    A build is there as ``JOB<PARENT``: a leg of JOB stands on nothing that the job PARENT builds in this run. A scan is
    there with its id: it has a leg that this run does not build.
    """
    jobs = build_jobs(matrix, variants)
    builds = {f"{job}<{parent}": None for job, parent in _builds(variants, jobs, legs)}
    ids = {scan.image: scan.id for scan in scan_jobs(matrix, variants, jobs)}
    scanned = {ids[variants[leg[0]].image]: None for leg in scans if leg not in legs}
    names = [*builds, *scanned]
    return {"ready": f",{','.join(names)}," if names else ""}


def _builds(
    variants: Mapping[str, Variant], jobs: Iterable[WorkflowJob], legs: Collection[LegId]
) -> Iterator[tuple[str, str]]:
    above = {job.id: job.parents for job in jobs}
    for name, platform in legs:
        item = variants[name]
        job = job_id(item.image, platform)
        waits_for = {
            job_id(variants[parent].image, platform) for parent in item.parents if (parent, platform) in legs
        }
        yield from ((job, parent) for parent in above[job] if parent not in waits_for)
