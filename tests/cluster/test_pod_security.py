"""Pods that are said to be `restricted` pass Pod Security where it is enforced."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.cluster.manifests import of_deploy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.kube import Cluster, Object

pytestmark = pytest.mark.cluster
NAME = "pods-are-restricted"


@pytest.fixture(scope="module")
def restricted(cluster: Cluster) -> Iterator[Cluster]:
    """A namespace in which Pod Security enforces and warns."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": labels}}])
    account = cluster.kubectl(
        "wait", "--for=create", "serviceaccount/default", f"--namespace={NAME}", "--timeout=60s"
    )
    assert account.returncode == 0, account.stderr
    yield cluster
    cluster.delete("namespace", NAME)


def template(item: Object) -> Object:
    """The template of the pods that an object makes."""
    spec = item["spec"]
    found: Object = (spec["jobTemplate"]["spec"] if item["kind"] == "CronJob" else spec)["template"]
    return found


def pod(item: Object) -> Object:
    """The pod that an object would make, without the account that it finds where it is at home."""
    spec = {key: value for key, value in template(item)["spec"].items() if key != "serviceAccountName"}
    spec.setdefault("restartPolicy", "Always")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": item["kind"].lower(), "namespace": NAME},
        "spec": spec,
    }


def claimed() -> list[Object]:
    """What pulls images, and what builds in the cluster."""
    return [
        item
        for items in of_deploy().values()
        for item in items
        if item["kind"] in ("DaemonSet", "CronJob", "Job")
    ]


def test_pods_are_admitted_and_nobody_warns(restricted: Cluster) -> None:
    items = claimed()
    assert {item["kind"] for item in items} == {"DaemonSet", "CronJob", "Job"}
    for item in items:
        assert restricted.apply([pod(item)], "--dry-run=server") == ""
        placed = copy.deepcopy(item)
        placed["metadata"]["namespace"] = NAME
        assert restricted.apply([placed], "--dry-run=server") == ""


def test_pods_with_less_are_refused(restricted: Cluster) -> None:
    """What the test above would find."""
    weaker = pod(claimed()[0])
    for container in [*weaker["spec"]["initContainers"], *weaker["spec"]["containers"]]:
        container["securityContext"].pop("seccompProfile")
    weaker["spec"].get("securityContext", {}).pop("seccompProfile", None)
    done = restricted.applied([weaker], "--dry-run=server")
    assert done.returncode != 0
    assert 'violates PodSecurity "restricted' in done.stderr


def test_a_namespace_of_builds_enforces_it(cluster: Cluster) -> None:
    (namespace,) = of_deploy()["scheduled: deploy/hub/builds/namespace.yaml"]
    (buildkit,) = of_deploy()["deploy/hub/buildkit/statefulset.yaml"]
    name = namespace["metadata"]["name"]
    try:
        assert cluster.apply([namespace]) == ""
        buildkit["metadata"]["namespace"] = name
        assert 'would violate PodSecurity "restricted' in cluster.apply([buildkit], "--dry-run=server")
    finally:
        cluster.delete("namespace", name)
