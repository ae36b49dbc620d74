"""Gathers what the repository says of packages, to say what would mend a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.cli.project import Project
    from image_matrix.findings.model import ScanResult
    from image_matrix.findings.remedies import Knowledge, LockProposal
    from image_matrix.planning.plan import State


def knowledge_of(
    project: Project,
    state: State,
    names: Collection[str],
    proposals: Iterable[LockProposal] = (),
    results: Iterable[ScanResult] = (),
) -> Knowledge:
    """Return what matrix and lock say of the variants with these ids, as far as the matrix has them.

    ``results`` are all scans, which say what channels have and the release branch does not.
    """
    from image_matrix.findings.remedies import Knowledge
    from image_matrix.findings.rows import fixed_in_release
    from image_matrix.inventory.contents import inventories

    loaded = project.loaded
    declared = [name for name in names if name in loaded.variants]
    return Knowledge(
        loaded,
        project.lock,
        inventories(loaded.matrix, loaded.variants, project.pins, declared),
        frozenset((name, state.keys[name].index) for name in declared),
        tuple(proposals),
        fixed_in_release(results),
    )
