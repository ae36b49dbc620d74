"""Computes the jobs of a workflow by layers: each layer builds in as many jobs as it needs, whatever images it has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.platforms import architecture
from image_matrix.config.variant_ids import image_of
from image_matrix.config.workflow import LEGS
from image_matrix.render.workflow_jobs import job_id, leg_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.model import LegId, Matrix, Variant
    from image_matrix.config.platforms import Platform

Chunks = list[list[dict[str, object]]]
"""What each job of a layer gets as the entries of its matrix."""

ROOM = 64
"""Legs that a layer has room for beside those of today, so that the workflow stays when images come."""


@dataclass(frozen=True, slots=True)
class BuildLayer:
    """Images that wait for those of the layer before them, and for no others."""

    index: int
    jobs: int
    """The number of jobs that build it."""
    scans: int
    """The number of jobs that scan it."""

    @property
    def check(self) -> str:
        """Id of the job before it, which leaves out what cannot be built."""
        return f"layer_{self.index}"

    @property
    def builds(self) -> tuple[str, ...]:
        """Ids of the jobs that build it; no image's slug has a ``_``."""
        return tuple(f"build_{self.index}_{number}" for number in range(self.jobs))

    @property
    def scan_jobs(self) -> tuple[str, ...]:
        """Ids of the jobs that scan it."""
        return tuple(f"scan_{self.index}_{number}" for number in range(self.scans))


def layers(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[BuildLayer, ...]:
    """Return the layers of a matrix, those that have no parents first."""
    legs: dict[int, int] = {}
    scans: dict[int, int] = {}
    for item in variants.values():
        index = matrix.order.layers[item.image]
        legs[index] = legs.get(index, 0) + len(item.platforms)
        if item.publish and matrix.release.scan.tool != "none":
            scans[index] = scans.get(index, 0) + len(item.platforms)
    return tuple(
        BuildLayer(index, _jobs(legs[index]), _jobs(scans[index]) if index in scans else 0)
        for index in range(max(legs, default=-1) + 1)
    )


def _jobs(legs: int) -> int:
    return -(-(legs + ROOM) // LEGS)


def by_layer(matrix: Matrix, legs: Iterable[LegId]) -> dict[int, list[LegId]]:
    """Sort legs by the layer of their image."""
    sorted_legs: dict[int, list[LegId]] = {}
    for leg in legs:
        sorted_legs.setdefault(matrix.order.layers[image_of(leg[0])], []).append(leg)
    return sorted_legs


def build_chunks(matrix: Matrix, variants: Mapping[str, Variant], legs: Sequence[LegId]) -> Chunks:
    """Return the entries of the jobs that build a layer."""
    return _chunks([_build_entry(matrix, variants[name], platform) for name, platform in legs])


def scan_chunks(matrix: Matrix, variants: Mapping[str, Variant], legs: Sequence[LegId]) -> Chunks:
    """Return the entries of the jobs that scan a layer."""
    return _chunks([_scan_entry(matrix, variants[name], platform) for name, platform in legs])


def _chunks(entries: list[dict[str, object]]) -> Chunks:
    """Return entries in as few jobs as possible: so long as jobs are free, the first ones are filled."""
    return [entries[start : start + LEGS] for start in range(0, len(entries), LEGS)]


def _build_entry(matrix: Matrix, item: Variant, platform: Platform) -> dict[str, object]:
    settings = leg_settings(matrix.workflow, item, platform)
    return {
        **_entry(item, platform),
        "runner": list(settings.runner),
        "timeout": settings.timeout,
        "free_disk": settings.free_disk,
        "emulate": settings.emulated,
        **({"secrets": f",{','.join(item.secrets)},"} if item.secrets else {}),
    }


def _scan_entry(matrix: Matrix, item: Variant, platform: Platform) -> dict[str, object]:
    return {**_entry(item, platform), "free_disk": leg_settings(matrix.workflow, item, platform).free_disk}


def _entry(item: Variant, platform: Platform) -> dict[str, object]:
    return {
        "variant": item.id,
        "platform": platform,
        "arch": architecture(platform),
        "report": f"{job_id(item.image, platform)}-{item.label}",
    }


def names_of(legs: Iterable[LegId]) -> str:
    """Return legs as one text without spaces in a name: ``base:python3.13@linux/amd64``."""
    return " ".join(f"{name}@{platform}" for name, platform in legs)


def legs_of(names: str) -> list[LegId]:
    """Read what :func:`names_of` wrote."""
    return [(name, platform) for name, _, platform in (word.rpartition("@") for word in names.split())]


def layer_outputs(
    matrix: Matrix, variants: Mapping[str, Variant], legs: Iterable[LegId], scans: Iterable[LegId]
) -> dict[str, str]:
    """Return the plan's outputs by layer: entries of the first one, names of the others, and names to scan.

    The check before a layer makes entries of its names.
    """
    builds, scanned = by_layer(matrix, legs), by_layer(matrix, scans)
    outputs = {"entries": compact(build_chunks(matrix, variants, builds.get(0, [])))}
    for layer in layers(matrix, variants):
        outputs[f"layer_{layer.index}"] = names_of(builds.get(layer.index, [])) if layer.index else ""
        outputs[f"scan_{layer.index}"] = names_of(scanned.get(layer.index, []))
    return outputs


def compact(value: object) -> str:
    """Return JSON without spaces: outputs have a limit."""
    return json.dumps(value, separators=(",", ":"))
