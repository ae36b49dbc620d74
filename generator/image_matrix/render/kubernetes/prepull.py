"""Renders a DaemonSet for each kind of node that pulls only the images that run on such nodes.

The JupyterHub chart's own puller pulls every image on every user node (zero-to-jupyterhub-k8s#3490).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.mirrors import mirrored
from image_matrix.config.platforms import architecture
from image_matrix.profiles.devices import NO_DEVICES, VISIBLE_DEVICES, vendor
from image_matrix.profiles.pod import devices, placements_of, selector, tolerations
from image_matrix.render.kubernetes.dump import dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS
from image_matrix.render.kubernetes.restricted import RESTRICTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix
    from image_matrix.config.sizes import Size
    from image_matrix.profiles.offer import Offer

PAUSE = "registry.k8s.io/pause:3.10"
_DISCOVERED = {
    "nvidia.com": {"nvidia.com/gpu.present": "true"},
    "amd.com": {"feature.node.kubernetes.io/amd-gpu": "true"},
    "gpu.intel.com": {"intel.feature.node.kubernetes.io/gpu": "true"},
}
"""Labels set by node feature discovery with the rules of a vendor, for sites without a node selector.

Sources: github.com/NVIDIA/k8s-device-plugin, docs/gpu-feature-discovery; github.com/ROCm/gpu-operator, helm chart;
github.com/intel/intel-device-plugins-for-kubernetes, deployments/nfd.
"""
_SMALL = {"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
_SECURITY = {"runAsUser": 65534, "runAsGroup": 65534, **RESTRICTED}


@dataclass(frozen=True, slots=True, order=True)
class _Nodes:
    """The nodes that some pods run on."""

    vendor: str
    """Of their devices; empty if they need none."""
    labels: tuple[tuple[str, str], ...]

    @property
    def can_be_selected(self) -> bool:
        """Whether labels select them; nodes without devices need none."""
        return not self.vendor or bool(self.labels)


@dataclass(frozen=True, slots=True)
class _Pulled:
    """The images that nodes pull, and the taints that the pods tolerate."""

    images: dict[str, None] = field(default_factory=dict)
    tolerations: list[dict[str, Any]] = field(default_factory=list)


def prepull(matrix: Matrix, offers: Iterable[Offer], references: Mapping[str, str]) -> str:
    """Return the DaemonSets: one for each vendor of devices, or none, and node selector of the pods."""
    groups: dict[_Nodes, _Pulled] = {}
    for offer in offers:
        for choice in offer.sizes:
            group = groups.setdefault(_nodes(matrix, offer, choice.size), _Pulled())
            group.images.update(dict.fromkeys(_references(offer, references)))
            every = tolerations(matrix, offer.profile, choice.size) or matrix.catalog.site.tolerations
            group.tolerations.extend(dict(item) for item in every if dict(item) not in group.tolerations)
    names = _names([nodes for nodes in sorted(groups) if nodes.can_be_selected])
    daemon_sets = [_daemon_set(matrix, name, nodes, groups[nodes]) for nodes, name in names.items()]
    left_out = sorted({nodes.vendor for nodes in groups if not nodes.can_be_selected})
    notes = "".join(
        f"\nNo DaemonSet for {name}: `devices` of the site in matrix.yaml has no node_selector for it."
        for name in left_out
    )
    return dump(*daemon_sets, about=ABOUT + notes)


def _references(offer: Offer, references: Mapping[str, str]) -> Iterator[str]:
    """Yield the images of a profile, without the hub's own, which is not known here."""
    named = (choice.reference(references) for choice in offer.images)
    return (reference for reference in named if reference is not None)


def _nodes(matrix: Matrix, offer: Offer, size: Size | None) -> _Nodes:
    """Return the nodes that the pods of a size run on."""
    keys = devices(size)
    name = vendor(next(iter(keys))) if keys else ""
    labels = {**offer.profile.node_selector, **selector(size, placements_of(matrix, size))}
    return _Nodes(name, tuple(sorted((labels or _DISCOVERED.get(name, {})).items())))


def _names(every: Sequence[_Nodes]) -> dict[_Nodes, str]:
    """Name the DaemonSets: by vendor, and by the values of the labels where one vendor has several."""
    names: dict[_Nodes, str] = {}
    for nodes in every:
        first = nodes.vendor.replace(".", "-") or "cpu"
        several = len([one for one in every if one.vendor == nodes.vendor]) > 1
        parts = [first, *(value for _, value in nodes.labels)] if several else [first]
        # the name is also the value of a label, which has at most 63 characters
        name = re.sub(r"[^a-z0-9]+", "-", "-".join(["image-matrix-prepull", *parts]).lower())[:63].strip("-")
        if name in names.values():
            mark = hashlib.sha256(repr(nodes).encode()).hexdigest()[:8]
            name = f"{name[:54].strip('-')}-{mark}"
        names[nodes] = name
    return names


def _daemon_set(matrix: Matrix, full: str, nodes: _Nodes, group: _Pulled) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": full}
    archs = [architecture(platform) for platform in matrix.catalog.site.platforms]
    site = matrix.catalog.site
    chosen = {**site.node_selector, **dict(nodes.labels)} | (
        {"kubernetes.io/arch": archs[0]} if len(archs) == 1 else {}
    )
    spec = {
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        **({"nodeSelector": chosen} if chosen else {}),
        **({"tolerations": group.tolerations} if group.tolerations else {}),
        **({"imagePullSecrets": [{"name": name} for name in site.pull_secrets]} if site.pull_secrets else {}),
        "initContainers": [_puller(at, image) for at, image in enumerate(group.images)],
        "containers": [_pause(matrix)],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": full,
            "namespace": site.namespace,
            "labels": {**labels, **PLAIN_LABELS},
        },
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }  # fmt: skip


def _pause(matrix: Matrix) -> dict[str, Any]:
    """Return the container that keeps the pod; without its image no DaemonSet is ever ready."""
    image = mirrored(PAUSE, matrix.network.mirrors.registries)
    return {"name": "pause", "image": image, "resources": _SMALL, "securityContext": _SECURITY}


def _puller(at: int, image: str) -> dict[str, Any]:
    return {
        "name": f"image-{at}",
        "image": image,
        "command": ["/bin/sh", "-c", "echo Pulling complete"],
        # an image, or what it stands on, may ask NVIDIA's runtime for all GPUs of the node
        "env": [{"name": VISIBLE_DEVICES, "value": NO_DEVICES}],
        "resources": _SMALL,
        "securityContext": _SECURITY,
    }
