"""An API server takes every manifest of deploy/ and of the pages, twice, with its real schemas and admission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.kube import condition, until
from tests.cluster.manifests import LEFT_OUT, group, namespaces, of_deploy, of_docs
from tests.cluster.workspace_kinds import FILE, definition
from tests.deploy.support import deployed, reference, small
from tests.deploy.test_spawner_ui import OVERRIDES
from tests.deploy.test_workspace_kind import CLOSED_NETWORK, GROUPS, released

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.kube import Cluster, Object

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def _kinds(cluster: Cluster) -> Iterator[None]:
    """Kubeflow's definition, where its schema is here and the cluster does not have it."""
    ours = FILE.is_file() and not cluster.has("workspacekinds.kubeflow.org")
    if ours:
        cluster.apply([definition()])
        until(
            lambda: condition(cluster.get("crd", "workspacekinds.kubeflow.org"), "Established"),
            lambda: cluster.get("crd", "workspacekinds.kubeflow.org"),
        )
    yield
    if ours:
        cluster.delete("crd", "workspacekinds.kubeflow.org")


def meant_for_it(cluster: Cluster, files: dict[str, list[Object]]) -> list[Object]:
    """What the cluster should take. A kind that it does not know is one of those that somebody else defines."""
    known = cluster.kinds()
    every = [item for items in files.values() for item in items]
    unknown = {(group(item), item["kind"]) for item in every} - known
    assert {kind for _, kind in unknown} <= LEFT_OUT.keys(), unknown
    return [item for item in every if (group(item), item["kind"]) in known]


@pytest.mark.parametrize("files", [of_deploy, of_docs], ids=["deploy", "docs"])
def test_every_manifest_is_taken_and_does_not_drift(
    cluster: Cluster, files: Callable[[], dict[str, list[Object]]]
) -> None:
    every = meant_for_it(cluster, files())
    assert len(every) > 8
    spaces = [
        item for item in namespaces(every) if cluster.get("namespace", item["metadata"]["name"]) is None
    ]
    try:
        cluster.apply(spaces)
        for items in distinct(every):
            assert cluster.apply(items) == ""
            assert cluster.drift(items) == ""
            assert cluster.apply(items) == ""
            # a Job's pods cannot be changed, so what the next matrix says of one needs a new one
            cluster.delete_all(item for item in items if item["kind"] != "Namespace")
    finally:
        cluster.delete_all(spaces)


def distinct(items: list[Object]) -> Iterator[list[Object]]:
    """Split manifests so that no part says an object twice: pages and matrices give one name several contents."""
    seen: set[tuple[object, ...]] = set()
    part: list[Object] = []
    for item in items:
        name = (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"])
        if name in seen:
            yield part
            seen, part = set(), []
        seen.add(name)
        part.append(item)
    yield part


def test_a_field_that_kubernetes_does_not_know_is_refused(cluster: Cluster) -> None:
    """What the test above would find: the API server drops nothing in silence."""
    (item,) = of_deploy()["deploy/hub/buildkit/networkpolicy.yaml"]
    item["metadata"]["namespace"], item["spec"]["ingres"] = "default", []
    done = cluster.applied([item])
    assert done.returncode != 0
    assert "ingres" in done.stderr


@pytest.mark.skipif(not FILE.is_file(), reason=f"no {FILE}: the definition of WorkspaceKinds is not here")
@pytest.mark.parametrize(
    "overlay", ["", GROUPS, OVERRIDES, CLOSED_NETWORK], ids=["reference", "groups", "overrides", "volumes"]
)
def test_workspace_kinds_hold_to_the_rules_of_their_definition(cluster: Cluster, overlay: str) -> None:
    """Beyond the schema, the definition has rules that only an API server runs."""
    kinds = released(deployed(small(overlay) if overlay else reference(), digest="a"))
    assert cluster.apply(kinds, "--dry-run=server") == ""
    kinds[0]["spec"]["podTemplate"]["options"]["imageConfig"]["spawner"]["default"] = "nobody"
    assert kinds  # the default is Kubeflow's webhook's to look at; the shape is the API server's
    kinds[0]["spec"]["podTemplate"]["options"]["imageConfig"]["spawner"]["default"] = 5
    assert cluster.applied(kinds, "--dry-run=server").returncode != 0
