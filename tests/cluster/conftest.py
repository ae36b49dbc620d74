"""What tests in a cluster share. `.ci/cluster up` starts one and names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cluster.kube import Cluster, until
from tests.cluster.releases import MIRROR
from tests.environments import python_of


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The cluster that is there for tests, and no other: not the one that KUBECONFIG names by chance."""
    name = os.environ.get("IMAGE_MATRIX_TEST_CLUSTER", "")
    if not name:
        pytest.skip('IMAGE_MATRIX_TEST_CLUSTER names no cluster (`eval "$(.ci/cluster up)"` starts one)')
    return Cluster(
        python_of("kubectl").with_name("kubectl"), Path(name), tmp_path_factory.mktemp("discovered")
    )


@pytest.fixture(scope="session")
def flux(cluster: Cluster) -> Cluster:
    """A cluster with Flux."""
    wanted = (
        "gitrepositories.source.toolkit.fluxcd.io",
        "kustomizations.kustomize.toolkit.fluxcd.io",
        "helmreleases.helm.toolkit.fluxcd.io",
    )
    if not all(cluster.has(kind) for kind in wanted):
        pytest.skip("the cluster has no Flux")
    return cluster


@pytest.fixture(scope="session")
def node(cluster: Cluster, registry: str) -> Cluster:
    """A cluster with a node that pulls from the registry of tests."""
    if not cluster.all("node"):
        pytest.skip("the cluster has no node")
    image = f"{registry}/{MIRROR}/pause:3.10"
    if why := why_not_pulled(cluster, image):
        pytest.skip(f"the cluster does not run {image}: {why}")
    return cluster


def why_not_pulled(cluster: Cluster, image: str) -> str:
    """Return why a cluster does not run an image of the registry of tests; nothing if it does."""
    name = "image-matrix-pulls"
    spec = {"terminationGracePeriodSeconds": 0, "containers": [{"name": "pulls", "image": image}]}
    cluster.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}])

    def said() -> str:
        """Return `runs`, or what it waits for."""
        found = (cluster.get("pod", name) or {}).get("status", {})
        for status in found.get("containerStatuses", ()):
            if "running" in status["state"]:
                return "runs"
            waiting = status["state"].get("waiting", {})
            if "message" in waiting:
                return f"{waiting['reason']}: {waiting['message'].splitlines()[0].rpartition(': ')[2]}"
        return ""

    try:
        return until(said, lambda: cluster.kubectl("describe", "pod", name).stdout).removeprefix("runs")
    finally:
        cluster.delete("pod", name)


@pytest.fixture(scope="session")
def address() -> str:
    """The address of this machine that the cluster reaches."""
    name = os.environ.get("IMAGE_MATRIX_TEST_CLUSTER_ADDRESS", "")
    if not name:
        pytest.skip("IMAGE_MATRIX_TEST_CLUSTER_ADDRESS names no address that the cluster reaches")
    return name
