"""Builds in a cluster: what their pods may do, and their script, which runs here with a repository of git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.build.builder import create_commands
from image_matrix.lock.pins import Pins
from image_matrix.project.load import load
from image_matrix.project.render import render_deploy
from image_matrix.render.kubernetes.outputs import deploy_files
from tests import yaml_files
from tests.deploy.support import deployed, small
from tests.deploy.test_buildkit import EVERYTHING, manifests

if TYPE_CHECKING:
    from pathlib import Path

JOB = "{image: jupyter-scipy, repository: https://git.example.org/team/notebooks.git}"
PLAIN = f"sites: {{hub: {{buildkit: {{job: {JOB}}}}}}}"


def cron_job(overlay: str) -> dict[str, Any]:
    (item,) = manifests(overlay)["builds/cronjob.yaml"]
    return item


def pod_of(overlay: str) -> dict[str, Any]:
    spec: dict[str, Any] = cron_job(overlay)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def environment(overlay: str) -> dict[str, Any]:
    (container,) = pod_of(overlay)["containers"]
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}


@pytest.mark.parametrize("overlay", [PLAIN, EVERYTHING])
def test_pods_are_restricted(overlay: str) -> None:
    """Every control of kubernetes.io/docs/concepts/security/pod-security-standards that a pod has to name."""
    spec = pod_of(overlay)
    assert spec["securityContext"]["runAsNonRoot"] is True
    for container in spec["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    kinds = {key for volume in spec["volumes"] for key in volume if key != "name"}
    assert kinds <= {"configMap", "emptyDir", "secret"}
    mounted = {item["name"] for item in spec["containers"][0]["volumeMounts"]}
    assert mounted == {item["name"] for item in spec["volumes"]}


def test_secrets_are_named_and_never_written() -> None:
    values = environment(EVERYTHING)
    assert values["GIT_PASSWORD"] == {"secretKeyRef": {"name": "git", "key": "password"}}
    assert values["BUILDKIT_KEY"] == {"secretKeyRef": {"name": "buildkit-client", "key": "tls.key"}}
    (secret,) = (item["secret"] for item in pod_of(EVERYTHING)["volumes"] if "secret" in item)
    assert secret["items"] == [{"key": ".dockerconfigjson", "path": "config.json"}]
    (external,) = manifests(EVERYTHING)["builds/externalsecret.yaml"]
    assert external["spec"]["target"]["name"] == secret["secretName"]
    assert external["spec"]["target"]["template"]["type"] == "kubernetes.io/dockerconfigjson"
    (remote,) = external["spec"]["data"]
    assert remote == {
        "secretKey": ".dockerconfigjson", "remoteRef": {"key": "images/login", "property": "config"},
    }  # fmt: skip


def test_a_build_finds_the_buildkit_of_its_site() -> None:
    assert environment(PLAIN)["BUILDKIT_HOST"] == "tcp://buildkitd.buildkit.svc:1234"
    outside = f'sites: {{hub: {{buildkit: {{endpoint: "tcp://b.example.org:1", job: {JOB}}}}}}}'
    assert environment(outside)["BUILDKIT_HOST"] == "tcp://b.example.org:1"
    assert set(manifests(outside)) == {path for path in manifests(PLAIN) if path.startswith("builds/")}


@pytest.mark.parametrize(
    "usual",
    ["", "network: {builder: {driver: kubernetes, platforms: [linux/amd64], options: {namespace: x}}}"],
)
def test_certificates_come_by_an_overlay_that_replaces_another_builder(usual: str) -> None:
    overlays = (EVERYTHING, *([usual] if usual else []))
    text = deployed(small(*overlays))["deploy/hub/builds/configmap.yaml"]
    overlay = yaml_files.load(text)["data"]["builder.yaml"]
    builder = small(*overlays, overlay).matrix.network.builder
    assert builder is not None
    ((*_, endpoint),) = create_commands("b", builder, None)
    assert endpoint == "tcp://buildkitd.shared-buildkit.svc:1234"
    assert set(builder.secrets) <= set(environment(EVERYTHING))
    assert "BUILDKIT_HOST" not in environment(EVERYTHING)  # it would go before the overlay
    assert not builder.options


def test_a_schedule_or_none() -> None:
    planned, suspended = cron_job(EVERYTHING)["spec"], cron_job(PLAIN)["spec"]
    assert (planned["schedule"], planned["suspend"]) == ("5 4 * * *", False)
    assert suspended["suspend"] is True
    (job,) = manifests(PLAIN)["builds/job/job.yaml"]
    assert job["spec"] == suspended["jobTemplate"]["spec"]


def test_a_source_runs_builds_and_is_pinned() -> None:
    text = """
version: 1
registry: ghcr.io/team/images
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim", builder: "ghcr.io/team/builder:1"}
images: {tool: {from: debian}}
sites: {hub: {buildkit: {job: {image: builder, repository: "https://git.example.org/a.git"}}}}
"""
    loaded = load({"matrix.yaml": text}, [])
    assert not loaded.warnings  # the source is used
    pins = Pins(digests={"ghcr.io/team/builder:1": f"sha256:{'a' * 64}"})
    files = render_deploy(loaded, {}, pins)
    job = yaml.safe_load(files["deploy/hub/builds/job/job.yaml"].content)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"ghcr.io/team/builder:1@sha256:{'a' * 64}"


def test_an_image_that_is_not_released_builds_nothing_yet() -> None:
    loaded = small(PLAIN)
    files = deploy_files(loaded.matrix, loaded.variants, {})
    assert "deploy/hub/buildkit/statefulset.yaml" in files
    assert not any("/builds/" in path for path in files)


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}")
    (folder / name).chmod(0o755)


def repository(folder: Path) -> str:
    folder.mkdir()
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "one",
        ],
    ):
        subprocess.run(["git", "-C", folder, *command], check=True)
    return str(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "build --push a; touch x\n"),
        ({"BUILDER": "/etc/b.yaml"}, "--overlay /etc/b.yaml build --push a; touch x\n"),
    ],
)
def test_the_script_builds_the_revision(tmp_path: Path, more: dict[str, str], said: str) -> None:
    (container,) = pod_of(PLAIN)["containers"]
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    program(programs, "image-matrix", 'test -d .git && echo "$@"\n')
    given = {
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "REPOSITORY": repository(tmp_path / "remote"),
        "REVISION": "main",
        "GIT_USERNAME": "me",
        "GIT_PASSWORD": "$(touch secret)",
        **more,
    }
    done = subprocess.run([*container["command"], "a; touch x"], env=given, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, said), done.stderr
    assert not [path for path in home.rglob("*") if path.name in ("x", "secret")]


@pytest.mark.slow
def test_the_script_ends_where_the_repository_cannot_be_read(tmp_path: Path) -> None:
    (container,) = pod_of(PLAIN)["containers"]
    given = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "REPOSITORY": "/nowhere",
        "REVISION": "main",
    }
    done = subprocess.run(container["command"], env=given, capture_output=True, text=True)
    assert done.returncode != 0
    assert "/nowhere" in done.stderr
