"""What becomes of a test where a node cannot pull: kubectl is a script here that answers as kubelet reports it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cluster import pulls
from tests.cluster.kube import Cluster
from tests.cluster.pulls import OWN_NODE, must_run
from tests.cluster.test_cluster_script import SCRIPT

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "localhost:5000/image-matrix-cluster/pause:3.10"
WAITING = {"reason": "ErrImagePull", "message": "failed to pull: connection refused"}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")


def answering(folder: Path, nodes: list[str], state: dict[str, object]) -> Cluster:
    """A cluster of some nodes, where the container of each pod has a state."""
    return with_pods(folder, nodes, {"containerStatuses": [{"state": state}]})


def with_pods(folder: Path, nodes: list[str], status: dict[str, object], refuses: str = "true") -> Cluster:
    """A cluster of some nodes, where each pod has a status, or a command of the shell refuses it."""
    listed = {"items": [{"metadata": {"name": name}} for name in nodes]}
    pod = {"metadata": {}, "status": status}
    (folder / "kubectl").write_text(
        f"""#!/bin/sh
case " $* " in
*" get node "*) echo '{json.dumps(listed)}' ;;
*" get pod "*) echo '{json.dumps(pod)}' ;;
*" apply "*) {refuses} ;;
esac
""",
        encoding="utf-8",
    )
    (folder / "kubectl").chmod(0o755)
    return Cluster(folder / "kubectl", folder / "kubeconfig", folder)


def test_our_own_node_that_cannot_pull_is_a_failure(tmp_path: Path) -> None:
    cluster = answering(tmp_path, [OWN_NODE], {"waiting": WAITING})
    with pytest.raises(pytest.fail.Exception, match="ErrImagePull: connection refused"):
        must_run(cluster, IMAGE)


@pytest.mark.parametrize(
    ("nodes", "said"), [(["kind-control-plane"], "ErrImagePull: connection refused"), ([], "has no node")]
)
def test_in_other_clusters_the_test_is_left_out(tmp_path: Path, nodes: list[str], said: str) -> None:
    with pytest.raises(pytest.skip.Exception, match=said):
        must_run(answering(tmp_path, nodes, {"waiting": WAITING}), IMAGE)


TAINTED = {
    "type": "PodScheduled",
    "status": "False",
    "message": "0/1 nodes are available: an untolerated taint",
}
QUOTA = "pods is forbidden: exceeded quota"


@pytest.mark.parametrize(
    ("status", "refuses", "said"),
    [
        ({"phase": "Pending", "conditions": [TAINTED]}, "true", "not after 1 s: 0/1 nodes are available"),
        ({"phase": "Pending"}, "true", "not after 1 s: Pending"),
        ({}, f"echo '{QUOTA}' >&2; exit 1", QUOTA),
    ],
)
@pytest.mark.parametrize(
    ("node", "outcome"), [(OWN_NODE, pytest.fail.Exception), ("kind-control-plane", pytest.skip.Exception)]
)
def test_a_pod_that_no_node_takes_has_a_reason(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: dict[str, object],
    refuses: str,
    said: str,
    node: str,
    outcome: type[BaseException],
) -> None:
    monkeypatch.setattr(pulls, "SECONDS", 1)
    with pytest.raises(outcome, match=said):
        must_run(with_pods(tmp_path, [node], status, refuses), IMAGE)


@pytest.mark.parametrize("name", [OWN_NODE, "kind-control-plane"])
def test_where_the_image_runs_tests_run(tmp_path: Path, name: str) -> None:
    must_run(answering(tmp_path, [name], {"running": {}}), IMAGE)


def test_the_node_has_the_name_that_the_script_gives() -> None:
    assert f"readonly NODE={OWN_NODE}\n" in SCRIPT.read_text(encoding="utf-8")
