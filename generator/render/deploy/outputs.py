"""All of ``deploy/``, from a catalog and one image reference for each variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.profiles.offer import offers, used_variants
from generator.render.deploy import flux
from generator.render.deploy.kubespawner import profile_list
from generator.render.deploy.prepull import prepull
from generator.render.deploy.spawner_ui import spawner_ui
from generator.render.deploy.workspace_kind import workspace_kinds
from generator.render.file import File

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.keys import Keys
    from generator.matrix.model import Matrix, Variant


def deploy_files(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    references: Mapping[str, str],
    previous: Sequence[Mapping[str, Any]] = (),
) -> dict[str, File]:
    """Return path to file; nothing where the matrix has no profile.

    ``references`` has every offered variant's image reference by its id; ``previous`` are the WorkspaceKinds of
    the last release. Raises :class:`KeyError` for a variant without reference;
    :func:`generator.profiles.references.with_digests` says so before.
    """
    found = offers(matrix, variants)
    if not found:
        return {}
    namespace = matrix.catalog.site.namespace
    values = flux.values_text(profile_list(matrix, found, references))
    texts = {
        "deploy/helmrelease.example.yaml": flux.helm_release(namespace),
        "deploy/jupyterhub/configmap.yaml": flux.config_map(values, namespace),
        "deploy/jupyterhub/kustomization.yaml": flux.plain_kustomization(),
        "deploy/jupyterhub/prepull.yaml": prepull(matrix, found, references),
        "deploy/jupyterhub/values.yaml": values,
        "deploy/kubeflow/spawner_ui_config.yaml": spawner_ui(matrix, variants, found, references),
        "deploy/kubeflow/workspacekind.yaml": workspace_kinds(matrix, variants, found, references, previous),
        "deploy/kustomization.yaml": flux.hashed_kustomization(namespace),
        "deploy/kustomizeconfig.yaml": flux.name_reference(),
    }
    return {path: File(text.encode()) for path, text in texts.items()}


def tagged(matrix: Matrix, variants: Mapping[str, Variant], keys: Mapping[str, Keys]) -> dict[str, str]:
    """Return the references of a pull request: every variant under its immutable tag."""
    return {item.id: f"{matrix.registry}/{item.image}:{keys[item.id].tag}" for item in variants.values()}


def needed(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[str, ...]:
    """Return the ids of the variants that users can pick: what a release must have a digest for."""
    return tuple(used_variants(offers(matrix, variants)))
