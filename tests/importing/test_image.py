"""`import image` against a registry that stands in, over the network."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.registry.reference import digest_of
from tests.importing.images import (
    archive,
    automatic,
    conda,
    dpkg,
    gzipped,
    hold,
    hold_index,
    python,
)
from tests.registry.misbehaving import USER, Behaviour, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.registry.misbehaving import Server

pytestmark = pytest.mark.slow

SITE = "usr/local/lib/python3.12/site-packages"
PARENT, FAT = "team/base", "team/fat"
LOWER = [
    gzipped(archive({**dpkg("bash"), **python(SITE, "six", "1.17.0")})),
    gzipped(archive({**python(SITE, "old", "1"), "etc/motd": "x" * 10_000})),
]
UPPER = [
    archive({**dpkg("bash", "gdal-bin", "libgdal36"), **automatic("libgdal36")}),
    gzipped(
        archive({f"{SITE}/.wh.old-1.dist-info": "", **python(SITE, "geopandas", "1.1.3", "numpy", "six")})
    ),
    gzipped(archive(python(SITE, "numpy", "2.4.1")), parts=3),
]
BASE = "org.opencontainers.image.base.name"


@contextmanager
def registry(**behaviour: object) -> Iterator[Server]:
    """A registry with an image and its parent."""
    with serving(Behaviour(digest_header=False, **behaviour)) as server:  # type: ignore[arg-type]
        hold(server, PARENT, LOWER)
        hold(server, FAT, [*LOWER, *UPPER], {BASE: f"{server.host}/{PARENT}:1"})
        yield server


def imported(server: Server, folder: Path, *options: str, image: str = FAT) -> int:
    return run(["-C", str(folder), "import", "image", f"{server.host}/{image}:1", *options])


EXPECTED = """\
# yaml-language-server: $schema=./matrix.schema.json
version: 1
registry: ghcr.io/team
workflow: none # what the jobs on GitHub install, for a workflow: `workflow: {generator: …}`
sources:
  base: HOST/team/base:1
images:
  fat:
    from: base
    apt: [gdal-bin]
    pip: [geopandas==1.1.3]
"""
BY_LABEL = """\
note: the label `org.opencontainers.image.base.name` of HOST/team/fat:1 names the parent HOST/team/base:1; an image \
may have the label of its parent, so check it, or name the parent with `--parent`
"""
OUTPUT = """\
HOST/team/base:1: image layer 1 of 2, 0.0 MB
HOST/team/base:1: image layer 2 of 2, 0.0 MB
HOST/team/fat:1: image layer 1 of 3, 0.0 MB
HOST/team/fat:1: image layer 2 of 3, 0.0 MB
HOST/team/fat:1: image layer 3 of 3, 0.0 MB
added the source base: HOST/team/base:1
added fat: from base; apt gdal-bin; pip geopandas==1.1.3
note: left out: 1 apt package that apt installed for others
note: left out: 1 Python package that others of the list require
note: only packages are carried over; files, `env`, user and services of the image are not
note: `lock` needs the Python version of the source `base`; state it: `sources: {base: {image: "HOST/team/base:1", \
provides: {python: "VERSION"}}}`
run `image-matrix lock`, `image-matrix render`, then `image-matrix build fat`
"""


@pytest.mark.parametrize("with_parent", [True, False])
def test_what_an_image_adds(with_parent: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry() as server:
        parent = ("--parent", f"{server.host}/{PARENT}:1") if with_parent else ()
        assert imported(server, tmp_path, "--registry", "ghcr.io/team", *parent) == 0
        text = (tmp_path / "matrix.yaml").read_text().replace(server.host, "HOST")
        assert text == EXPECTED
        assert (
            capsys.readouterr().err.replace(server.host, "HOST") == ("" if with_parent else BY_LABEL) + OUTPUT
        )
        layers = [digest_of(layer) for layer in (*LOWER, *UPPER)]
        assert [server.seen["GET", f"/storage/{digest}"] for digest in layers] == [1] * 5
        assert imported(server, tmp_path) == 0
        assert (tmp_path / "matrix.yaml").read_text().replace(server.host, "HOST") == EXPECTED
        assert "fat is in matrix.yaml already and stays as it is" in capsys.readouterr().err


MATRIX = """\
version: 1
registry: ghcr.io/team
workflow: none
sources:
  start: HOST/team/base:1 # ours
images:
  tools: {from: start, apt: [curl]} # stays
"""


def test_a_source_of_the_matrix_is_the_parent(tmp_path: Path) -> None:
    with registry() as server:
        (tmp_path / "matrix.yaml").write_text(MATRIX.replace("HOST", server.host))
        assert imported(server, tmp_path, "--parent", "start", "--image", "geo") == 0
        text = (tmp_path / "matrix.yaml").read_text().replace(server.host, "HOST")
        assert text == f"{MATRIX}  geo:\n    from: start\n    apt: [gdal-bin]\n    pip: [geopandas==1.1.3]\n"


def test_an_image_of_the_matrix_needs_its_tag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry() as server:
        (tmp_path / "matrix.yaml").write_text(MATRIX.replace("HOST", server.host))
        assert imported(server, tmp_path, "--parent", "tools") == 2
        assert "--parent ghcr.io/team/tools:TAG" in capsys.readouterr().err


def test_a_parent_that_was_built_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry() as server:
        hold(server, PARENT, [gzipped(archive({**dpkg("bash"), **python(SITE, "six", "1.18.0")}))])
        assert imported(server, tmp_path, "--registry", "ghcr.io/team") == 0
        assert "pip: [geopandas==1.1.3]" in (tmp_path / "matrix.yaml").read_text()
        assert "is not built on the present" in capsys.readouterr().err


def test_the_images_of_one_platform(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry() as server:
        hold(server, "other", [gzipped(archive({**dpkg("bash"), **python(SITE, "arm", "1")}))])
        hold_index(server, "team/lower", {"arm64": "other", "amd64": PARENT}, {})
        base = {BASE: f"{server.host}/team/lower:1"}
        hold_index(server, "team/several", {"arm64": "other", "amd64": FAT}, base)
        assert imported(server, tmp_path, "--registry", "ghcr.io/team", image="team/several") == 0
        text = (tmp_path / "matrix.yaml").read_text()
        assert "several:\n    from: lower\n    apt: [gdal-bin]\n    pip: [geopandas==1.1.3]\n" in text
        hold_index(server, "team/lower", {"arm64": "other"}, {})
        assert imported(server, tmp_path, "--image", "again", image="team/several") == 3
        assert "team/lower:1 is not there for linux/amd64" in capsys.readouterr().err


def test_without_a_parent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry() as server:
        hold(server, FAT, [*LOWER, *UPPER])
        assert imported(server, tmp_path, "--registry", "ghcr.io/team") == 2
        assert "`--parent REFERENCE`" in capsys.readouterr().err
        assert not (tmp_path / "matrix.yaml").exists()


def test_nothing_is_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry() as server:
        parent = f"{server.host}/{PARENT}:1"
        assert imported(server, tmp_path, "--registry", "ghcr.io/team", "--parent", parent, image=PARENT) == 2
        assert "has no packages that" in capsys.readouterr().err
        assert not (tmp_path / "matrix.yaml").exists()


def test_an_invalid_result_is_refused_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with registry() as server:
        text = MATRIX.replace("HOST", server.host)
        (tmp_path / "matrix.yaml").write_text(text)
        hold(server, FAT, [*LOWER, gzipped(archive(conda("opt/conda", "gdal", "3.11")))])
        assert imported(server, tmp_path, "--parent", "start", "--image", "Geo") == 2
        assert "nothing is written" in capsys.readouterr().err
        assert (tmp_path / "matrix.yaml").read_text() == text


def test_a_missing_image_and_a_layer_of_another_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with registry() as server:
        assert imported(server, tmp_path, "--registry", "ghcr.io/team", image="team/nothing") == 3
        assert "team/nothing:1: not in the registry" in capsys.readouterr().err
        server.behaviour.blobs[digest_of(UPPER[0])] = UPPER[1]
        assert imported(server, tmp_path, "--registry", "ghcr.io/team") == 3
        assert f"{digest_of(UPPER[0])}: the content does not match its digest" in capsys.readouterr().err
        assert not (tmp_path / "matrix.yaml").exists()


def test_a_bad_answer_does_not_break_it(tmp_path: Path, pauses: list[float]) -> None:
    with registry(failures=(503, "cut")) as server:
        assert imported(server, tmp_path, "--registry", "ghcr.io/team") == 0
        assert (tmp_path / "matrix.yaml").read_text().replace(server.host, "HOST") == EXPECTED
    assert pauses


def test_a_login_is_used_for_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registry(login="bearer", tokens_last=1, guarded_blobs=True) as server:
        login = {"auths": {server.host: {"auth": USER.basic.removeprefix("Basic ")}}}
        (tmp_path / "config.json").write_text(json.dumps(login))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        assert imported(server, tmp_path, "--registry", "ghcr.io/team") == 0
        assert len(server.scopes) > 5
