"""What tests in a cluster share. `.ci/cluster up` starts one and names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.charts import source_of_charts
from tests.cluster.hub_chart import STAND_IN, HubChart, of_jupyterhub
from tests.cluster.kube import Cluster
from tests.cluster.pulls import must_run
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
    must_run(cluster, f"{registry}/{MIRROR}/pause:3.10")
    return cluster


@pytest.fixture(scope="session")
def address() -> str:
    """The address of this machine that the cluster reaches."""
    name = os.environ.get("IMAGE_MATRIX_TEST_CLUSTER_ADDRESS", "")
    if not name:
        pytest.skip("IMAGE_MATRIX_TEST_CLUSTER_ADDRESS names no address that the cluster reaches")
    return name


@pytest.fixture(scope="session")
def hub_chart(tmp_path_factory: pytest.TempPathFactory) -> HubChart:
    """JupyterHub's own chart, where the environment names its repository; else the one that stands in for it."""
    source = source_of_charts()
    return of_jupyterhub(source, tmp_path_factory.mktemp("chart")) if source else STAND_IN
