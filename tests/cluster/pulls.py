"""Whether a node of a cluster pulls from the registry of tests and runs what it pulled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.cluster.kube import condition, until

if TYPE_CHECKING:
    from tests.cluster.kube import Cluster

OWN_NODE = "image-matrix"
"""The node that `.ci/cluster` sets up."""
SECONDS = 120.0


def must_run(cluster: Cluster, image: str) -> None:
    """Return if a cluster runs an image of the registry of tests; else leave the test out.

    In the cluster of `.ci/cluster` the test fails instead: left out, it would hide what broke that node.
    """
    names = {item["metadata"]["name"] for item in cluster.all("node")}
    if not names:
        pytest.skip("the cluster has no node")
    if why := why_not_pulled(cluster, image):
        said = f"the cluster does not run {image}: {why}"
        pytest.fail(said) if OWN_NODE in names else pytest.skip(said)


def why_not_pulled(cluster: Cluster, image: str) -> str:
    """Return why a cluster does not run an image; nothing if it does.

    A cluster may refuse the pod (a quota), and a pod may wait for a node without end (taints).
    """
    name = "image-matrix-pulls"
    spec = {"terminationGracePeriodSeconds": 0, "containers": [{"name": "pulls", "image": image}]}
    made = cluster.applied([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}])
    if made.returncode:
        return made.stderr.strip()
    end = time.monotonic() + SECONDS

    def look() -> str:
        return said_of(cluster, name) or (stuck(cluster, name) if time.monotonic() > end else "")

    try:
        return until(look, lambda: "no answer", SECONDS + 60).removeprefix("runs")
    finally:
        cluster.delete("pod", name)


def stuck(cluster: Cluster, name: str) -> str:
    """Return why the pod of a name does not run yet: why it has no node, else its phase."""
    found = cluster.get("pod", name) or {}
    why = condition(found, "PodScheduled").get("message") or found.get("status", {}).get("phase", "no pod")
    return f"not after {SECONDS:.0f} s: {why}"


def said_of(cluster: Cluster, name: str) -> str:
    """Return `runs`, or what the pod of a name waits for; nothing while that is not known."""
    found = (cluster.get("pod", name) or {}).get("status", {})
    for status in found.get("containerStatuses", ()):
        if "running" in status["state"]:
            return "runs"
        waiting = status["state"].get("waiting", {})
        if "message" in waiting:
            return f"{waiting['reason']}: {waiting['message'].splitlines()[0].rpartition(': ')[2]}"
    return ""
