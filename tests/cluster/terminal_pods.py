"""Pods of users who build from terminals, and what a cluster needs for them and for the BuildKit of their site."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.kube import Cluster, Object, until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BUILDKIT, USERS = "buildkit", "jupyterhub"
"""Namespaces."""
LABELS = {"component": "singleuser-server"}
"""Of users' pods, by which the NetworkPolicy knows them."""
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
VOLUME = "image-matrix-buildkitd"


@dataclass(frozen=True)
class Terminal:
    """A terminal in a user's pod."""

    cluster: Cluster
    pod: str

    def run(self, command: str) -> str:
        """Run a command in a login shell; return what it prints, on both streams."""
        shell = ("--", "bash", "-lc", f"{{ {command}\n}} 2>&1")
        return self.cluster.kubectl("exec", self.pod, f"--namespace={USERS}", *shell).stdout


def users_pod(name: str, image: str, singleuser: dict[str, Any]) -> Object:
    """Return a pod as KubeSpawner makes it from the values of the chart."""
    storage = singleuser.get("storage", {})
    container = {
        "name": "notebook",
        "image": image,
        "args": ["sleep", "3600"],
        "env": [{"name": key, "value": value} for key, value in singleuser["extraEnv"].items()],
        "volumeMounts": [*storage.get("extraVolumeMounts", {}).values()],
        "securityContext": RESTRICTED,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": USERS, "labels": LABELS},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
            "volumes": [*storage.get("extraVolumes", {}).values()],
        },
    }


def users() -> Object:
    """Return the namespace of users, which allows no more than Kubernetes' strictest standard."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": USERS, "labels": labels}}


def secret(name: str, namespace: str, files: dict[str, Path]) -> Object:
    """Return a Secret of files."""
    data = {key: base64.b64encode(file.read_bytes()).decode() for key, file in files.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def volumes(cluster: Cluster, folder: Path, address: str) -> Iterable[Object]:
    """Return a volume for the cache, on the node that is this machine, where the cluster makes none by itself."""
    default = "storageclass.kubernetes.io/is-default-class"
    classes = cluster.all("storageclass", "--all-namespaces=false")
    if any(item["metadata"].get("annotations", {}).get(default) == "true" for item in classes):
        return []
    nodes = [item for item in cluster.all("node") if address in str(item["status"]["addresses"])]
    if not nodes:
        pytest.skip("the cluster has no default StorageClass")
    host = {"key": "kubernetes.io/hostname", "operator": "In", "values": [nodes[0]["metadata"]["name"]]}
    spec = {
        "capacity": {"storage": "2Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": {"namespace": BUILDKIT, "name": "cache-buildkitd-0"},
        "local": {"path": str(folder)},  # unlike hostPath, it gets the pod's fsGroup
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [host]}]}},
    }
    return [{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": VOLUME}, "spec": spec}]


def gone(cluster: Cluster) -> None:
    """Remove everything."""
    cluster.delete("namespace", USERS, BUILDKIT)
    cluster.delete("persistentvolume", VOLUME)


def pulled(cluster: Cluster, reference: str, *command: str) -> str:
    """Return what a command prints in a pod of an image that the node pulls."""
    name = "pulled"
    container = {"name": name, "image": reference, "command": [*command], "securityContext": RESTRICTED}
    spec = {"restartPolicy": "Never", "containers": [container]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": USERS}, "spec": spec}
    cluster.apply([pod])
    try:
        until(
            lambda: (cluster.get("pod", name, USERS) or {}).get("status", {}).get("phase") == "Succeeded",
            lambda: cluster.kubectl("describe", "pod", name, f"--namespace={USERS}").stdout,
            seconds=60,
        )
        return cluster.kubectl("logs", name, f"--namespace={USERS}").stdout
    finally:
        cluster.delete("pod", name, namespace=USERS)
