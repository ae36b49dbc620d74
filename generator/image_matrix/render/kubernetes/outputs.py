"""Renders all files of ``deploy/`` from the profiles and one image reference for each variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.output_tree.files import File
from image_matrix.profiles.offer import offers, used_variants
from image_matrix.render.kubernetes import flux
from image_matrix.render.kubernetes.kubespawner import profile_list
from image_matrix.render.kubernetes.prepull import prepull
from image_matrix.render.kubernetes.spawner_ui import spawner_ui
from image_matrix.render.kubernetes.workspace_kind import workspace_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant


def deploy_files(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    references: Mapping[str, str],
    previous: Sequence[Mapping[str, Any]] = (),
) -> dict[str, File]:
    """Return path to file, or nothing if the matrix has no profile.

    ``references`` has the image reference of each offered variant by its id; ``previous`` are the WorkspaceKinds of
    the last release. Raises :class:`KeyError` for a variant without a reference;
    :func:`image_matrix.profiles.references.with_digests` reports it earlier.
    """
    offered = offers(matrix, variants)
    if not offered:
        return {}
    site = matrix.catalog.site
    values = flux.values_text(profile_list(matrix, offered, references))
    texts = {
        "deploy/helmrelease.example.yaml": flux.helm_release(site),
        "deploy/jupyterhub/configmap.yaml": flux.config_map(values, site),
        "deploy/jupyterhub/kustomization.yaml": flux.plain_kustomization(),
        "deploy/jupyterhub/prepull.yaml": prepull(matrix, offered, references),
        "deploy/jupyterhub/values.yaml": values,
        "deploy/kubeflow/spawner_ui_config.yaml": spawner_ui(matrix, variants, offered, references),
        "deploy/kubeflow/workspacekind.yaml": workspace_kinds(
            matrix, variants, offered, references, previous
        ),
        "deploy/kustomization.yaml": flux.hashed_kustomization(site),
        "deploy/kustomizeconfig.yaml": flux.name_reference(),
    }
    return {path: File(text.encode()) for path, text in texts.items()}


def needed(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[str, ...]:
    """Return the ids of the variants that users can choose; a release needs a digest for each of them."""
    return tuple(used_variants(offers(matrix, variants)))
