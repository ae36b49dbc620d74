"""Renders all files of ``deploy/`` from the profiles and one image reference for each variant."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from image_matrix.lock.pins import Pins
from image_matrix.output_tree.files import File
from image_matrix.profiles.audience import in_form, in_kinds
from image_matrix.profiles.offer import offers, released_offers, used_variants
from image_matrix.render.kubernetes import flux, kubeflow
from image_matrix.render.kubernetes.build_jobs import build_files
from image_matrix.render.kubernetes.buildkit import buildkit_files
from image_matrix.render.kubernetes.image_streams import STREAMS, image_stream_files
from image_matrix.render.kubernetes.kubespawner import profile_list
from image_matrix.render.kubernetes.pod_defaults import pod_defaults
from image_matrix.render.kubernetes.prepull import prepull
from image_matrix.render.kubernetes.spawner_ui import spawner_ui
from image_matrix.render.kubernetes.workspace_kind import workspace_kinds

Kept: TypeAlias = "Mapping[str, Sequence[Mapping[str, Any]]]"
"""The objects of a release that the next one goes on from, by site: WorkspaceKinds or ImageStreams."""
WORKSPACE_KINDS = "kubeflow/notebooks-2/workspacekind.yaml"
IMAGE_STREAMS = f"opendatahub/{STREAMS}"
BUILDKIT, BUILDS = "buildkit", "builds"
"""Below the folder of a site: what offers nothing to users."""
NO_PINS = Pins()
KEPT = (WORKSPACE_KINDS, IMAGE_STREAMS)
"""Below the folder of a site: what has such objects."""

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.profiles.offer import Offer


def deploy_files(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    references: Mapping[str, str],
    previous: Kept = MappingProxyType({}),
    pins: Pins = NO_PINS,
    commits: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, File]:
    """Return path to file, or nothing if the matrix has neither a profile nor a BuildKit.

    ``references`` has the image reference of each released variant by its id: only those are offered. ``commits`` has
    what a variant was released from; ``previous`` are objects of the last release. Where every variant needs a
    reference, :func:`image_matrix.profiles.references.with_digests` refuses earlier.
    """
    texts: dict[str, str] = {}
    for view in matrix.at_sites():
        offered, site = released_offers(view, variants, references), view.catalog.site
        builders = {BUILDKIT: buildkit_files(view), BUILDS: build_files(view, variants, references)}
        for folder, files in builders.items():
            texts |= {f"{site.folder}/{folder}/{path}": text for path, text in files.items()}
        if not offered:
            continue
        before = previous.get(site.name, ())
        if site.spawner == "jupyterhub":
            files = _for_jupyterhub(view, offered, references)
        elif site.spawner == "kubeflow":
            files = _for_kubeflow(view, variants, offered, references, before)
        else:
            streams = image_stream_files(view, variants, offered, references, pins, commits, before)
            files = {f"opendatahub/{path}": text for path, text in streams.items()}
        texts |= {f"{site.folder}/{path}": text for path, text in files.items()}
    return {path: File(text.encode()) for path, text in texts.items()}


def _for_jupyterhub(
    matrix: Matrix, offered: Sequence[Offer], references: Mapping[str, str]
) -> dict[str, str]:
    site = matrix.catalog.site
    values = flux.values_text(profile_list(matrix, offered, references), site)
    return {
        "jupyterhub/configmap.yaml": flux.config_map(values, site),
        "jupyterhub/kustomization.yaml": flux.plain_kustomization("configmap.yaml"),
        "jupyterhub/values.yaml": values,
        "prepull/daemonsets.yaml": prepull(matrix, offered, references),
        "prepull/kustomization.yaml": flux.plain_kustomization("daemonsets.yaml"),
        "helmrelease.example.yaml": flux.helm_release(site),
        "kustomization.yaml": flux.hashed_kustomization(site),
        "kustomizeconfig.yaml": flux.name_reference(),
    }


def _for_kubeflow(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    offered: Sequence[Offer],
    references: Mapping[str, str],
    previous: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    site = matrix.catalog.site
    texts: dict[str, str] = {}
    in_lists = in_form(site, offered)
    if in_lists:
        texts |= {
            "notebooks-1/kustomization.yaml": kubeflow.of_web_app(site, "form"),
            "notebooks-1/form/kustomization.yaml": kubeflow.of_form(site),
            "notebooks-1/form/spawner_ui_config.yaml": spawner_ui(matrix, variants, in_lists, references),
        }
    if defaults := pod_defaults(in_lists, site):
        texts |= {
            "notebooks-1/pod-defaults/kustomization.yaml": kubeflow.of_pod_defaults(),
            "notebooks-1/pod-defaults/poddefaults.yaml": defaults,
        }
    if listed := in_kinds(site, offered):
        texts |= {
            "notebooks-2/kustomization.yaml": kubeflow.of_kinds(),
            "notebooks-2/workspacekind.yaml": workspace_kinds(matrix, variants, listed, references, previous),
        }
    texts["kustomization.yaml"] = kubeflow.of_folders(dict.fromkeys(path.split("/")[0] for path in texts))
    return {f"kubeflow/{path}": text for path, text in texts.items()}


def needed(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[str, ...]:
    """Return the ids of the variants that users of any site can choose, if all are released."""
    return tuple(used_variants(offer for view in matrix.at_sites() for offer in offers(view, variants)))
