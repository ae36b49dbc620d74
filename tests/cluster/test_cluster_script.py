"""`.ci/cluster up` with KUBECONFIG: somebody's own cluster is handed to the tests, or one line says why not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import yaml_files
from tests.cluster.kube import Cluster, text_of
from tests.environments import python_of

SCRIPT = Path(__file__).parent.parent.parent / ".ci" / "cluster"


def up(kubeconfig: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with a state of its own, so that it never takes the cluster for its own."""
    programs = python_of("kubectl").parent
    environment = {
        **os.environ,
        "KUBECONFIG": kubeconfig,
        "IMAGE_MATRIX_CLUSTER_DIR": str(folder / "state"),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    command = [shutil.which("bash") or "bash", str(SCRIPT), "up"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def config(server: str, **user: str) -> str:
    """Return a kubeconfig."""
    named = {"name": "own"}
    return text_of(
        [
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "own",
                "contexts": [{**named, "context": {"cluster": "own", "user": "own"}}],
                "clusters": [{**named, "cluster": {"server": server}}],
                "users": [{**named, "user": user}],
            }
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("gone", None, "KUBECONFIG=gone cannot be read"),
        (
            "one:two",
            None,
            "KUBECONFIG names several files; `kubectl config view --flatten --raw` makes one of them",
        ),
        ("broken", "a: [b\n", "KUBECONFIG=broken cannot be asked: error: error loading config file"),
        (
            "away",
            config("https://127.0.0.1:1", token="any"),
            "KUBECONFIG=away cannot be asked: The connection to the server",
        ),
    ],
)
def test_a_cluster_that_cannot_be_used_is_said_in_one_line(
    name: str, text: str | None, said: str, tmp_path: Path
) -> None:
    if text:
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = up(name, tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_the_log_of_what_ran_before_stays(tmp_path: Path) -> None:
    """Else the next `up` would remove what a program said before it ended."""
    log = tmp_path / "log" / "etcd.log"
    log.parent.mkdir()
    for said in ("panic\n", "", "started\n"):
        if said:
            log.write_text(said, encoding="utf-8")
        shell = [shutil.which("bash") or "bash", "-euc", f'. "{SCRIPT.parent}/common.bash"; keep_log etcd']
        subprocess.run(shell, env={**os.environ, "STATE": str(tmp_path)}, check=True)
        assert not log.exists()
        assert log.with_name("etcd.log.1").read_text(encoding="utf-8") == (said or "panic\n")


CONTROLLERS = """
set -euo pipefail
REGISTRY=registry.example.org HERE=$1 VERSION=$2
. "$HERE/common.bash"
. "$HERE/flux.bash"
flux_program() { echo "/programs/flux-${1%-controller}-1.2.3/$1"; }
as_admin() {
  case "$*" in
  *" get deployment "*) [[ -n $VERSION ]] && echo "$FLUX_IMAGES/$5:$VERSION" ;;
  apply*) cat >/dev/null ;;
  esac
}
"""
"""What `.ci/cluster` starts Flux with, and a kubectl that knows deployments of one version."""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize(
    ("version", "said"), [("", "starting Flux"), ("v1.2.2", "starting Flux"), ("v1.2.3", "")]
)
def test_flux_that_runs_is_not_said_to_start(version: str, said: str) -> None:
    script = f"{CONTROLLERS}apply_controllers"
    command = [shutil.which("bash") or "bash", "-c", script, "cluster", str(SCRIPT.parent), version]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == (f"cluster: {said}\n" if said else "")


@pytest.mark.cluster
def test_a_cluster_of_somebody_else_is_handed_to_the_tests(cluster: Cluster, tmp_path: Path) -> None:
    """And nothing is started: the script makes no folder for it."""
    shutil.copy(cluster.kubeconfig, tmp_path / "config")
    done = up("config", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"export IMAGE_MATRIX_TEST_CLUSTER={tmp_path / 'config'}\n"
    assert done.stderr == "cluster: using the cluster of config\n"
    assert not (tmp_path / "state").exists()


@pytest.mark.cluster
def test_a_user_without_rights_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    token = cluster.kubectl("create", "token", "default", "--namespace=default")
    assert token.returncode == 0, token.stderr
    limited = yaml_files.load(cluster.kubeconfig.read_bytes())
    limited["users"][0]["user"] = {"token": token.stdout.strip()}
    (tmp_path / "limited").write_text(text_of([limited]), encoding="utf-8")
    done = up("limited", tmp_path)
    assert done.returncode == 3
    assert "the user of KUBECONFIG=limited may not do everything there" in done.stderr
    assert len(done.stderr.splitlines()) == 1
