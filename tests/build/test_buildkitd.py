"""The settings of the workflow's builder, read by a parser of TOML."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.build.buildkitd import buildkitd_toml
from image_matrix.cli import run
from tests.workflow.matrices import jobs_of, matrix, rendered

if TYPE_CHECKING:
    from pathlib import Path

MIRRORS = {"docker.io": "mirror.example.org/hub/", "docker.io/library": "mirror.example.org/official"}


def test_mirrors_of_whole_hosts_and_the_certificate_of_each_host() -> None:
    text = buildkitd_toml(MIRRORS, ["quay.io", "mirror.example.org"], "/srv/certs/ca.pem")
    assert tomllib.loads(text) == {
        "registry": {
            "docker.io": {"mirrors": ["mirror.example.org/hub"], "ca": ["/srv/certs/ca.pem"]},
            "quay.io": {"ca": ["/srv/certs/ca.pem"]},
            "mirror.example.org": {"ca": ["/srv/certs/ca.pem"]},
        }
    }


def test_without_mirrors_and_certificates_there_is_nothing_to_set() -> None:
    assert buildkitd_toml({"docker.io/library": "mirror.example.org/x"}, ["quay.io"], None) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_path_stays_data(path: str) -> None:
    assert tomllib.loads(buildkitd_toml({}, ["quay.io"], path)) == {"registry": {"quay.io": {"ca": [path]}}}


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
def test_every_builder_gets_the_file(job: str) -> None:
    for network, condition in (
        ({}, "${{ env.IMAGE_MATRIX_OVERLAY != '' }}"),
        ({"ca_bundle": "certs/ca.pem"}, None),
        ({"mirrors": {"registries": {"docker.io": "mirror.example.org/hub"}}}, None),
    ):
        steps = jobs_of(rendered(matrix({"base": {"from": "debian"}}, network=network)))[job]["steps"]
        (place,) = (at for at, step in enumerate(steps) if step["name"] == "Set up buildx")
        settings = steps[place - 1]
        assert settings["run"] == "image-matrix ci buildkitd"
        assert settings.get("if") == condition
        expected = f"${{{{ steps.{settings['id']}.outputs.file }}}}"
        assert steps[place]["with"]["buildkitd-config"] == expected
