"""Checks the jobs of the workflow: what overrides them, their runners, schedules and number."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from image_matrix.config.variants import resolution_of
from image_matrix.config.workflow import LEGS, RUNNERS
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.cron import cron_faults
from image_matrix.validate.findings import bad_value, unknown, unknown_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.workflow import JobOverride
    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath


def overridden_images(matrix: Matrix) -> Iterator[Finding]:
    """Overrides whose pattern matches no image."""
    for at, override in enumerate(matrix.workflow.overrides):
        for position, pattern in enumerate(override.images):
            if not any(fnmatchcase(name, pattern) for name in matrix.images):
                path: FieldPath = ("workflow", "overrides", at, "match", "image", position)
                yield unknown(path, "image", pattern, matrix.images)


def unknown_in_overrides(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Overrides of jobs that compare with axes or values that no image of theirs has, or that no job is for."""
    for at, override in enumerate(matrix.workflow.overrides):
        path: FieldPath = ("workflow", "overrides", at, "match")
        meant = [item for item in expanded.values() if override.matches_image(item.image)]
        faults = list(_unknown_in_override(path, override, meant))
        yield from faults
        if meant and not faults and not any(_is_for(override, item) for item in meant):
            yield bad_value(path, "no job matches", "correct it, or remove the override")


def _unknown_in_override(
    path: FieldPath, override: JobOverride, meant: Sequence[Variant]
) -> Iterator[Finding]:
    axes: dict[str, list[str]] = {}
    for item in meant:
        for axis, value in item.values.items():
            axes.setdefault(axis, []).append(value)
    for axis, values in override.axes.items():
        if axis not in axes:
            yield unknown((*path, axis), "axis", axis, [*axes, "image", "platform"], target="key")
        for position, value in enumerate(values):
            if axis in axes and value not in axes[axis]:
                yield unknown_value((*path, axis, position), path, axis, value, axes[axis])


def _is_for(override: JobOverride, item: Variant) -> bool:
    return any(override.matches(item.image, platform, item.values) for platform in item.platforms)


def runners(matrix: Matrix) -> Iterator[Finding]:
    """Images that no runner would build, not even by emulation."""
    if not any(matrix.workflow.runner("", platform) for platform in matrix.workflow.runners):
        yield _emulated(("workflow", "runners"))


def without_runner(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Platforms that GitHub has no runner for, and that `runners` does not name."""
    workflow = matrix.workflow
    named = {*RUNNERS, *workflow.runners, *(name for one in workflow.overrides for name in one.runners)}
    first: dict[str, Variant] = {}
    for item in expanded.values() if workflow.rendered else ():
        for platform in item.platforms:
            if platform not in named:
                first.setdefault(platform, item)
    for platform, item in first.items():
        origin = resolution_of(matrix, expanded, item).platforms.origin
        problem = f"GitHub has no runner for {platform}"
        advice = f"add `workflow: {{runners: {{{platform}: emulate}}}}`, or name a runner of yours"
        yield bad_value((*origin.path, "platforms"), problem, advice)


def runners_of_variants(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Overrides that leave a variant without a runner."""
    workflow = matrix.workflow
    for item in expanded.values():
        if not any(workflow.runner(item.image, platform, item.values) for platform in workflow.runners):
            for at, override in enumerate(workflow.overrides):
                if override.runners and override.matches_image(item.image):
                    yield _emulated(("workflow", "overrides", at, "runners"))


def _emulated(path: FieldPath) -> Finding:
    advice = "name a runner for one of the platforms; the other can be emulated there"
    return bad_value(path, "every platform is emulated", advice)


def schedules(matrix: Matrix) -> Iterator[Finding]:
    """A schedule that GitHub would refuse, and with it the whole workflow; or one that has nothing to do."""
    yield from cron_faults(("workflow", "lock_schedule"), matrix.workflow.lock_schedule)
    if matrix.workflow.prune:
        yield from cron_faults(("workflow", "prune", "schedule"), matrix.workflow.prune.schedule)
    if matrix.workflow.rescan:
        yield from cron_faults(("workflow", "rescan", "schedule"), matrix.workflow.rescan.schedule)
        if matrix.release.scan.tool == "none":
            yield bad_value(
                ("workflow", "rescan"),
                "nothing scans, with `release.scan: none`",
                "name a scanner there, or remove this section",
                "key",
            )


def too_many_legs(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images with more variants than one job of a workflow can have legs; layers have several jobs."""
    if not matrix.workflow.rendered or matrix.workflow.jobs != "image":
        return
    counts: dict[str, int] = {}
    for item in expanded.values():
        counts[item.image] = counts.get(item.image, 0) + len(item.platforms)
    for image, count in counts.items():
        if count > LEGS:
            problem = f"image `{image}` has {count} variants over its platforms, and a job of a workflow at most {LEGS}"
            advice = "write `workflow: {jobs: layer}`, which has no such limit, or restrict the `axes` of the image"
            yield rules.WORKFLOW_LIMIT.at(("images", image), "key", problem=problem, advice=advice)
