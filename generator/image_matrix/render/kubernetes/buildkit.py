"""Renders ``buildkit/`` of a site: a BuildKit that its users and builds share, with a kustomization of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.render.kubernetes import buildkit_access as access
from image_matrix.render.kubernetes.buildkit_pod import stateful_set
from image_matrix.render.kubernetes.buildkit_settings import toml
from image_matrix.render.kubernetes.dump import Block, dump
from image_matrix.render.kubernetes.flux import ABOUT
from image_matrix.render.kubernetes.kustomization import kustomization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.config.model import Matrix

_ALONE = "under `privileged` alone. Let nothing else run in this namespace, and nobody make pods in it."
_ROOTLESS = f"""\
Rootless BuildKit needs an unconfined seccomp profile (it makes namespaces and mounts), which Pod Security allows
{_ALONE}"""
_USER_NAMESPACE = f"""\
BuildKit is root of a user namespace and nobody on the node, but its container says `privileged`, which is allowed
{_ALONE}"""


def buildkit_files(matrix: Matrix) -> dict[str, str]:
    """Return the files, or nothing if the site has no BuildKit or one that is there already."""
    site = matrix.catalog.site
    buildkit = site.buildkit
    if buildkit is None or buildkit.endpoint:
        return {}
    settings = toml(matrix, buildkit)
    objects: dict[str, Sequence[dict[str, Any]]] = {
        "namespace.yaml": [access.namespace(buildkit.namespace, access.PRIVILEGED)],
        "configmap.yaml": [access.config_map(buildkit, Block(settings))],
        "serviceaccount.yaml": [access.service_account(buildkit)],
        "statefulset.yaml": [stateful_set(buildkit, settings, matrix.network)],
        "service.yaml": [access.service(buildkit)],
        "networkpolicy.yaml": [access.network_policy(site, buildkit)],
        "poddisruptionbudget.yaml": [access.disruption_budget(buildkit)],
        **({"openshift.yaml": access.openshift_objects(buildkit)} if buildkit.openshift else {}),
    }
    notes = {"namespace.yaml": f"{ABOUT}\n{_ROOTLESS if buildkit.host_users else _USER_NAMESPACE}"}
    texts = {name: dump(*items, about=notes.get(name, ABOUT)) for name, items in objects.items()}
    return {**texts, "kustomization.yaml": dump(kustomization(resources=[*texts]), about=ABOUT)}
