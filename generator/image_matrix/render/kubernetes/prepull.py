"""Renders a DaemonSet for each kind of node that pulls only the images that run on such nodes.

The JupyterHub chart's own puller pulls every image on every user node (zero-to-jupyterhub-k8s#3490).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.model import architecture
from image_matrix.profiles.devices import vendor
from image_matrix.profiles.pod import devices, placements_of, tolerations
from image_matrix.render.kubernetes.dump import dump
from image_matrix.render.kubernetes.flux import ABOUT, LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.profiles.offer import Offer

PAUSE = "registry.k8s.io/pause:3.10"
_DISCOVERED = {"nvidia.com": {"nvidia.com/gpu.present": "true"}}
"""Labels set by a vendor's node feature discovery, for sites without a node selector."""
_NO_VARIABLES = "kustomize.toolkit.fluxcd.io/substitute"
_SMALL = {"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
_SECURITY = {"runAsUser": 65534, "runAsGroup": 65534, "allowPrivilegeEscalation": False}


def prepull(matrix: Matrix, offers: Iterable[Offer], references: Mapping[str, str]) -> str:
    """Return the DaemonSets: one for nodes without an accelerator, and one for each vendor of devices."""
    groups: dict[str, dict[str, Any]] = {}
    for offer in offers:
        for choice in offer.sizes:
            keys = devices(choice.size)
            name = vendor(next(iter(keys))) if keys else ""
            group = groups.setdefault(name, {"images": {}, "tolerations": [], "selector": {}})
            group["images"] |= {references[item.variant.id]: None for item in offer.images}
            every = tolerations(matrix, offer.profile, choice.size) or matrix.catalog.site.tolerations
            group["tolerations"] += [dict(t) for t in every if dict(t) not in group["tolerations"]]
            for placement in placements_of(matrix, choice.size):
                group["selector"] |= placement.node_selector
    daemon_sets = [
        _daemon_set(matrix, name, group)
        for name, group in sorted(groups.items())
        if not name or _selector(name, group)
    ]
    left_out = [name for name, group in sorted(groups.items()) if name and not _selector(name, group)]
    notes = "".join(
        f"\nNo DaemonSet for {name}: `devices` of the site in matrix.yaml has no node_selector for it."
        for name in left_out
    )
    return dump(*daemon_sets, about=ABOUT + notes)


def _selector(name: str, group: Mapping[str, Any]) -> dict[str, str]:
    return dict(group["selector"]) or _DISCOVERED.get(name, {})


def _daemon_set(matrix: Matrix, name: str, group: Mapping[str, Any]) -> dict[str, Any]:
    # the name is also the value of a label, which has at most 63 characters
    full = f"image-matrix-prepull-{name.replace('.', '-') or 'cpu'}"[:63].rstrip("-")
    labels = {"app.kubernetes.io/name": full}
    archs = [architecture(platform) for platform in matrix.catalog.site.platforms]
    selector = _selector(name, group) | ({"kubernetes.io/arch": archs[0]} if len(archs) == 1 else {})
    spec = {
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        **({"nodeSelector": selector} if selector else {}),
        **({"tolerations": group["tolerations"]} if group["tolerations"] else {}),
        "initContainers": [_puller(at, image) for at, image in enumerate(group["images"])],
        "containers": [{"name": "pause", "image": PAUSE, "resources": _SMALL, "securityContext": _SECURITY}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": full,
            "namespace": matrix.catalog.site.namespace,
            "labels": {**labels, _NO_VARIABLES: LABELS[_NO_VARIABLES]},
        },
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }  # fmt: skip


def _puller(at: int, image: str) -> dict[str, Any]:
    command = ["/bin/sh", "-c", "echo Pulling complete"]
    return {
        "name": f"image-{at}", "image": image, "command": command, "resources": _SMALL, "securityContext": _SECURITY,
    }  # fmt: skip
