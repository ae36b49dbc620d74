"""The settings of the workflow's builder, read by a parser of TOML."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.cli import run
from image_matrix.config.network import Mirrors, Network
from image_matrix.render.buildkitd import buildkitd_toml
from tests.workflow.matrices import jobs_of, matrix, rendered

if TYPE_CHECKING:
    from pathlib import Path

MIRRORS = {"docker.io": "mirror.example.org/hub/", "docker.io/library": "mirror.example.org/official"}


def test_mirrors_of_whole_hosts_and_the_certificate_of_each_host() -> None:
    text = buildkitd_toml(Network(Mirrors(MIRRORS)), ["quay.io", "mirror.example.org"], "/srv/certs/ca.pem")
    assert tomllib.loads(text) == {
        "registry": {
            "docker.io": {"mirrors": ["mirror.example.org/hub"], "ca": ["/srv/certs/ca.pem"]},
            "quay.io": {"ca": ["/srv/certs/ca.pem"]},
            "mirror.example.org": {"ca": ["/srv/certs/ca.pem"]},
        }
    }


def test_without_mirrors_and_certificates_there_is_nothing_to_set() -> None:
    assert buildkitd_toml(Network(), ["quay.io"], None) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_path_stays_data(path: str) -> None:
    assert tomllib.loads(buildkitd_toml(Network(), ["quay.io"], path)) == {
        "registry": {"quay.io": {"ca": [path]}}
    }


@pytest.mark.parametrize(("network", "expected"), [
    ({}, None),
    (
        {"mirrors": {"registries": {"docker.io": "mirror.example.org/hub"}}},
        {"docker.io": {"mirrors": ["mirror.example.org/hub"]}},
    ),
])  # fmt: skip
def test_the_step_names_the_file_of_the_matrix_with_its_overlay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: dict[str, object], expected: object
) -> None:
    (tmp_path / "matrix.yaml").write_text(json.dumps(matrix({"base": {"from": "debian"}})))
    (tmp_path / "site.yaml").write_text(json.dumps({"network": network}))
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("IMAGE_MATRIX_OVERLAY", str(tmp_path / "site.yaml"))
    assert run(["-C", str(tmp_path), "ci", "buildkitd"]) == 0
    if expected is None:
        assert not (tmp_path / "output").exists()
        return
    file = (tmp_path / "output").read_text().removeprefix("file=").strip()
    assert tomllib.loads((tmp_path / "buildkitd.toml").read_text()) == {"registry": expected}
    assert file == str(tmp_path / "buildkitd.toml")


@pytest.mark.parametrize("job", ["base-amd64", "fork", "release"])
def test_every_builder_gets_the_file_and_the_options(job: str) -> None:
    steps = jobs_of(rendered(matrix({"base": {"from": "debian"}})))[job]["steps"]
    (place,) = (at for at, step in enumerate(steps) if step["name"] == "Set up buildx")
    settings, given = steps[place - 1], steps[place]["with"]
    assert settings["run"] == "image-matrix ci buildkitd"
    assert "if" not in settings  # the runner may have proxy variables
    assert given["buildkitd-config"] == f"${{{{ steps.{settings['id']}.outputs.file }}}}"
    assert given["driver-opts"].splitlines()[1:] == [f"${{{{ steps.{settings['id']}.outputs.options }}}}"]


def test_trusted_hosts_are_asked_with_tls_and_without() -> None:
    network = Network(
        Mirrors({"docker.io": "mirror.example.org/hub"}), trusted_hosts=("plain.example.org:5000", "quay.io")
    )
    trusted = {"http": True, "insecure": True}
    assert tomllib.loads(buildkitd_toml(network, ["quay.io", "ghcr.io"], None)) == {
        "registry": {
            "docker.io": {"mirrors": ["mirror.example.org/hub"]},
            "quay.io": trusted,
            "plain.example.org:5000": trusted,
        }
    }


def test_the_certificate_is_for_the_hosts_of_mirrors_too() -> None:
    network = Network(Mirrors({"docker.io/library": "mirror.example.org/official"}))
    assert set(tomllib.loads(buildkitd_toml(network, [], "/ca.pem"))["registry"]) == {"mirror.example.org"}


def test_the_step_gives_the_proxy_as_options_but_none_with_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy = {
        "https": "env://PROXY",
        "http": "http://proxy.example.org:3128",
        "no_proxy": [".example.org", "10.0.0.0/8"],
    }
    text = json.dumps(matrix({"base": {"from": "debian"}}, network={"proxy": proxy}))
    (tmp_path / "matrix.yaml").write_text(text)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("PROXY", "http://ada:hunter2@proxy.example.org:3128")
    assert run(["-C", str(tmp_path), "ci", "buildkitd"]) == 0
    first, *options, last = (tmp_path / "output").read_text().splitlines()
    assert first == f"options<<{last}"
    assert options == [
        "env.http_proxy=http://proxy.example.org:3128",
        '"env.no_proxy=.example.org,10.0.0.0/8,localhost,127.0.0.1,::1"',
    ]
    assert "HTTPS_PROXY has a password" in capsys.readouterr().err
