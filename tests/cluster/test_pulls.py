"""What becomes of a test where a node cannot pull: kubectl is a script here that answers as kubelet reports it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

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
    listed = {"items": [{"metadata": {"name": name}} for name in nodes]}
    pod = {"status": {"containerStatuses": [{"state": state}]}}
    (folder / "kubectl").write_text(
        f"""#!/bin/sh
case " $* " in
*" get node "*) echo '{json.dumps(listed)}' ;;
*" get pod "*) echo '{json.dumps(pod)}' ;;
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


@pytest.mark.parametrize("name", [OWN_NODE, "kind-control-plane"])
def test_where_the_image_runs_tests_run(tmp_path: Path, name: str) -> None:
    must_run(answering(tmp_path, [name], {"running": {}}), IMAGE)


def test_the_node_has_the_name_that_the_script_gives() -> None:
    assert f"readonly NODE={OWN_NODE}\n" in SCRIPT.read_text(encoding="utf-8")
