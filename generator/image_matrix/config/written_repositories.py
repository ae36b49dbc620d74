"""Lists the repositories that runs write, for registries in which they have to exist before the first push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.workflow import staging_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Matrix, Variant


def written_repositories(matrix: Matrix, variants: Mapping[str, Variant]) -> list[str]:
    """Return full repositories in order: of images, of pull requests, of copies and of the artifact of ``deploy/``.

    Caches, signatures and reports are tags of the same repositories.
    """
    names = dict.fromkeys(item.repository for item in variants.values())
    published = dict.fromkeys(item.repository for item in variants.values() if item.publish)
    written = [f"{matrix.registry}/{name}" for name in names]
    if matrix.workflow.rendered:
        written += [f"{staging_of(matrix.registry, matrix.workflow)}/{name}" for name in names]
    written += [f"{path}/{name}" for path in matrix.release.copies for name in published]
    return list(dict.fromkeys([*written, *([matrix.artifact] if matrix.artifact else [])]))
