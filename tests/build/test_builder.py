from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.builder import (
    BuilderChoice,
    behind_proxy,
    check_builder,
    choose_builder,
    create_builder,
    create_commands,
)
from image_matrix.build.buildx import read_builder
from image_matrix.build.endpoint import TlsFiles
from image_matrix.config.network import BuilderSettings, BuilderTls
from image_matrix.errors import EnvironmentFailure, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

POD = "kube-pod://builder"
SETTINGS = BuilderSettings("remote", endpoint=POD)
RUNNING = """\
Name:          shared
Driver:        remote
Last Activity: 2026-11-29 12:04:16 +0000 UTC

Nodes:
Name:             shared0
Endpoint:         tcp://127.0.0.1:12345
Status:           running
BuildKit version: v0.33.1
Platforms:        linux/amd64*, linux/amd64/v2, linux/386
Labels:
 org.mobyproject.buildkit.worker.snapshotter: overlayfs

Name:      shared1
Endpoint:  tcp://127.0.0.1:12346
Status:    running
Platforms: linux/arm64
"""
INACTIVE = "Name: shared\nDriver: remote\n\nNodes:\nName: a\nEndpoint: tcp://h:1\nStatus: inactive\n"
NO_DAEMON = "Name: default\nDriver: \nError: Cannot connect to the Docker daemon. Is it running?\n"


@pytest.mark.parametrize(
    ("option", "environment", "name"),
    [
        ("a", {"BUILDX_BUILDER": "b", "BUILDKIT_HOST": POD}, "a"),
        (None, {"BUILDX_BUILDER": "b", "BUILDKIT_HOST": POD}, "b"),
        (None, {"BUILDKIT_HOST": POD}, choose_builder(None, {}, SETTINGS).name),
        (None, {}, None),
    ],
)
def test_which_builder(option: str | None, environment: dict[str, str], name: str | None) -> None:
    settings = BuilderSettings("kubernetes") if environment else None
    assert choose_builder(option, environment, settings).name == name


def test_other_settings_make_another_builder() -> None:
    names = {
        choose_builder(None, {}, BuilderSettings("remote", endpoint=f"{POD}{number}")).name
        for number in range(3)
    }
    assert len(names) == 3


def test_a_node_for_each_address() -> None:
    endpoints = {"linux/amd64": "tcp://a:1", "linux/arm64": "tcp://b:1"}
    tls = TlsFiles(Path("/f/ca.pem"), Path("/f/cert.pem"), Path("/f/key.pem"))
    options = [
        f"--driver-opt={option}" for option in ("cacert=/f/ca.pem", "cert=/f/cert.pem", "key=/f/key.pem")
    ]
    first, second = create_commands("n", BuilderSettings("remote", endpoint=endpoints), tls)
    usual = ["docker", "buildx", "create", "--name=n", "--driver=remote"]
    assert first == [*usual, "--node=n-amd64", "--platform=linux/amd64", *options, "tcp://a:1"]
    assert second == [*usual, "--append", "--node=n-arm64", "--platform=linux/arm64", *options, "tcp://b:1"]


def test_pods_for_each_platform() -> None:
    settings = BuilderSettings(
        "kubernetes",
        platforms=("linux/amd64", "linux/arm64"),
        options={"namespace": "builds", "nodeselector": "pool=big"},
    )
    commands = create_commands("n", settings, None)
    assert [command[-2:] for command in commands] == [
        ["--driver-opt=namespace=builds", '--driver-opt="nodeselector=pool=big,kubernetes.io/arch=amd64"'],
        ["--driver-opt=namespace=builds", '--driver-opt="nodeselector=pool=big,kubernetes.io/arch=arm64"'],
    ]


def test_certificates_are_files_for_us_alone(tmp_path: Path) -> None:
    settings = BuilderSettings("remote", endpoint=POD, tls=BuilderTls("CA", "CERT", "KEY"))
    calls: list[Sequence[str]] = []

    def run(command: Sequence[str], _environment: Mapping[str, str]) -> CompletedProcess[str]:
        calls.append(command)
        return CompletedProcess(command, 0, "", "")

    variables = {"CA": "ca", "CERT": "cert\n", "KEY": "secret"}
    choice = create_builder(choose_builder(None, {}, settings), tmp_path, variables, run)
    assert choice.variables == {"BUILDX_CONFIG": str(tmp_path)}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "CA.pem": "ca\n",
        "CERT.pem": "cert\n",
        "KEY.pem": "secret\n",
    }
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert "secret" not in str(calls)


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    settings = BuilderSettings("remote", endpoint=POD, tls=BuilderTls("BUILDKIT_CA"))
    with pytest.raises(EnvironmentFailure, match="the variable BUILDKIT_CA is missing") as caught:
        create_builder(choose_builder(None, {}, settings), tmp_path, {})
    assert "add a secret BUILDKIT_CA" in caught.value.help


def test_an_address_that_does_not_answer(tmp_path: Path) -> None:
    choice = choose_builder(None, {"BUILDKIT_HOST": f"unix://{tmp_path}/absent"}, None)
    with pytest.raises(EnvironmentFailure, match=r"BUILDKIT_HOST: unix://\S+: no such file or directory"):
        create_builder(choice, tmp_path, {})


def test_what_buildx_refuses(tmp_path: Path) -> None:
    def run(command: Sequence[str], _environment: Mapping[str, str]) -> CompletedProcess[str]:
        return CompletedProcess(command, 1, "", "ERROR: invalid driver option foo for remote driver\n")

    with pytest.raises(EnvironmentFailure, match=r"`network.builder`: buildx refuses it: .*option foo"):
        create_builder(choose_builder(None, {}, SETTINGS), tmp_path, {}, run)


def test_an_inspected_builder_is_read() -> None:
    state = read_builder(RUNNING)
    assert (state.name, state.driver, state.error) == ("shared", "remote", "")
    assert [(node.endpoint, node.status) for node in state.nodes] == [
        ("tcp://127.0.0.1:12345", "running"),
        ("tcp://127.0.0.1:12346", "running"),
    ]
    assert state.nodes[0].platforms == ("linux/amd64", "linux/amd64/v2", "linux/386")


def buildx(folder: Path, text: str, code: int = 0) -> dict[str, str]:
    """Return an environment whose docker prints a text."""
    (folder / "text").write_text(text)
    docker = folder / "docker"
    docker.write_text(f"#!/bin/sh\ncat {folder}/text >&{2 if code else 1}\nexit {code}\n")
    docker.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_platforms_that_no_node_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = buildx(tmp_path, RUNNING)
    monkeypatch.setenv("PATH", environment["PATH"])
    check_builder(BuilderChoice("shared"), environment, {"linux/amd64", "linux/arm64"})
    with pytest.raises(Failure, match="the builder shared does not build for linux/s390x") as caught:
        check_builder(BuilderChoice("shared"), environment, {"linux/s390x"})
    assert "--platform linux/386" in caught.value.help


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (NO_DAEMON, 0, "the builder default does not answer: Cannot connect to the Docker daemon"),
        (INACTIVE, 0, "the builder shared does not answer: tcp://h:1: it is away"),
        ('ERROR: no builder "x" found\n', 1, '`docker buildx inspect` failed: .*no builder "x" found'),
    ],
)
def test_a_builder_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int, message: str
) -> None:
    environment = buildx(tmp_path, text, code)
    monkeypatch.setenv("PATH", environment["PATH"])
    with pytest.raises(EnvironmentFailure, match=message):
        check_builder(BuilderChoice(), environment, (), lambda _: "it is away")


PROXY = {"HTTP_PROXY": "http://p:1", "http_proxy": "http://p:1", "no_proxy": "a,b"}


def test_a_container_gets_the_proxy_and_an_option_of_the_matrix_goes_before() -> None:
    settings = BuilderSettings("docker-container", options={"env.no_proxy": "c"})
    behind = behind_proxy(settings, PROXY)
    assert behind
    assert behind.options == {"env.http_proxy": "http://p:1", "env.no_proxy": "c"}
    assert behind_proxy(SETTINGS, PROXY) == SETTINGS
    assert behind_proxy(None, PROXY) is None


def test_a_builder_that_buildx_starts_gets_a_file_and_a_name_by_it(tmp_path: Path) -> None:
    ran: list[list[str]] = []

    def run(command: Sequence[str], _: Mapping[str, str]) -> CompletedProcess[str]:
        ran.append([*command])
        return CompletedProcess(command, 0, "", "")

    settings = BuilderSettings("docker-container", options={"env.no_proxy": "a,b"})
    plain, trusting = (choose_builder(None, {}, settings, toml) for toml in ("", "[registry]"))
    assert plain.name != trusting.name
    create_builder(trusting, tmp_path, {}, run)
    assert ran[0][-2:] == ['--driver-opt="env.no_proxy=a,b"', f"--config={tmp_path}/buildkitd.toml"]
    assert (tmp_path / "buildkitd.toml").read_text() == "[registry]\n"
    assert choose_builder(None, {}, SETTINGS, "[registry]").toml == ""
