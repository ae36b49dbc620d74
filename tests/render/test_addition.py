"""Images without a kind on somebody else's image: which user they keep, and what they leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.distributions import is_bare, without_apt
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs, read_templates
from image_matrix.project.load import load, load_inputs
from image_matrix.project.render import render_all

if TYPE_CHECKING:
    from pathlib import Path

STACKS = "quay.io/jupyter/scipy-notebook:2026-08-03"
PYTHON = "docker.io/library/python:3.13-slim"
MATRIX = f"""\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {{stacks: "{STACKS}", python: "{PYTHON}"}}
images:
  geo: {{from: stacks, apt: [gdal-bin], pip: [Geo_Pandas==1.1.3]}}
  more: {{from: geo, npm: [prettier@3.6.2]}}
  labelled: {{from: geo, env: {{MODE: full}}}}
  api: {{from: python, pip: [flask==3.1.2]}}
  worker: {{from: python, kind: worker}}
  on-worker: {{from: worker, apt: [git]}}
"""
WORKER = "FROM {{ source | word }}\nENV WORKER=1001\nUSER ${WORKER}:0\n"


def dockerfiles(folder: Path, pins: Pins) -> dict[str, str]:
    path = folder / "templates/dockerfiles/worker.Dockerfile.j2"
    path.parent.mkdir(parents=True)
    path.write_text(WORKER, encoding="utf-8")
    templates = read_templates(folder)
    loaded = load({"matrix.yaml": MATRIX}, templates.kinds, traits=templates.kind_traits)
    files = render_all(loaded, pins, templates)
    return {
        path.split("/")[1]: file.content.decode()
        for path, file in files.items()
        if path.endswith("default/Dockerfile")
    }


def users(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("USER")]


def test_the_user_of_the_lock_comes_back(tmp_path: Path) -> None:
    made = dockerfiles(tmp_path, Pins(users={STACKS: "jovyan", PYTHON: ""}))
    assert users(made["geo"]) == users(made["more"]) == ["USER 0", "USER jovyan"]
    assert users(made["labelled"]) == [], "nothing runs there"
    assert users(made["api"]) == [], "it is root's"
    assert users(made["on-worker"]) == ["USER 0", "USER 1001:0"]


def test_without_a_lock_the_user_is_the_one_of_jupyter_s_images(tmp_path: Path) -> None:
    made = dockerfiles(tmp_path, Pins())
    assert users(made["geo"]) == ["USER 0", "USER ${NB_UID:-1000}"]
    assert users(made["on-worker"]) == ["USER 0", "USER 1001:0"]


def test_nothing_else_of_the_source_changes(tmp_path: Path) -> None:
    for name, text in dockerfiles(tmp_path, Pins()).items():
        words = {line.split(" ")[0] for line in text.splitlines()}
        assert not words & {"ENTRYPOINT", "CMD", "WORKDIR", "SHELL", "EXPOSE"}, name
        assert "HOME=/home/jovyan" not in text
        assert "rootfs.invalid" not in text
        assert "userdel" not in text


def test_what_is_listed_may_replace_what_is_there(tmp_path: Path) -> None:
    pins = Pins(requirements={"geo:default": {"amd64": "geo-pandas==1.1.3 --hash=sha256:00\n"}})
    text = dockerfiles(tmp_path, pins)["geo"]
    assert '"/run/requirements/${TARGETARCH}.txt" geo-pandas > /tmp/requirements.txt' in text


def test_the_user_of_an_own_dockerfile_comes_back(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/Dockerfile").write_text(f"FROM {PYTHON}\nUSER 1001\n", encoding="utf-8")
    (tmp_path / "matrix.yaml").write_text(
        "version: 1\nregistry: ghcr.io/example/n\nworkflow: none\n"
        f'sources: {{python: "{PYTHON}"}}\n'
        "images: {old: {from: python, context: old}, more: {from: old, apt: [git]}}\n",
        encoding="utf-8",
    )
    inputs = read_inputs(tmp_path)
    files = render_all(load_inputs(inputs), Pins(users={PYTHON: ""}), inputs.templates)
    text = files["images/more/default/Dockerfile"].content.decode()
    assert users(text) == ["USER 0", "USER 1001"]


def test_a_user_whose_name_starts_with_an_underscore_comes_back(tmp_path: Path) -> None:
    """Debian names users of programs so: adduser.conf, ``SYS_NAME_REGEX``."""
    made = dockerfiles(tmp_path, Pins(users={STACKS: "_app:_app"}))
    assert users(made["geo"]) == ["USER 0", "USER _app:_app"]


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        ("docker.io/library/alpine:3.22", "alpine"),
        ("docker.io/library/python:3.13-alpine3.22", "alpine3.22"),
        ("registry.access.redhat.com/ubi9/ubi-minimal:9.6", "ubi"),
        ("registry.access.redhat.com/ubi9:latest@sha256:00", "ubi9"),
        ("quay.io/team/alpinist:1", None),
        ("docker.io/library/python:3.13-slim", None),
        ("localhost:5000/library/debian:trixie-slim", None),
    ],
)
def test_the_name_of_a_source_tells_a_distribution_without_apt(reference: str, word: str | None) -> None:
    assert without_apt(reference) == word


def test_a_plain_distribution_is_told_by_its_name() -> None:
    assert is_bare("docker.io/library/debian:trixie-slim@sha256:00")
    assert is_bare("docker.io/library/ubuntu:24.04")
    assert not is_bare("docker.io/nvidia/cuda:13.0-base-ubuntu24.04")
