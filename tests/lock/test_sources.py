"""What a source's registry knows of it: platforms, and how the image runs. Recorded by `lock`, used by `check`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.lock import text as texts
from image_matrix.lock.model import SourceConfig
from image_matrix.lock.source_checks import signs_of
from image_matrix.registry.reference import digest_of
from tests.lock.site import BARE

if TYPE_CHECKING:
    from tests.lock.site import Repository

pytestmark = pytest.mark.slow

DEBIAN = "library/debian:trixie-slim"
REFERENCE = f"docker.io/{DEBIAN}"
JOVYAN = {
    "User": "1000",
    "Entrypoint": ["tini", "-g", "--", "start.sh"],
    "Cmd": ["start-notebook.py"],
    "WorkingDir": "/home/jovyan",
    "Env": ["PATH=/opt/conda/bin:/usr/bin:/bin", "NB_USER=jovyan", "CONDA_DIR=/opt/conda", "SECRET=x"],
}


def output_of(repository: Repository, capsys: pytest.CaptureFixture[str], *command: str, code: int) -> str:
    """Run a command, check its exit code, and return what it prints."""
    capsys.readouterr()
    assert repository.run(*command) == code
    shown = capsys.readouterr()
    return shown.out + shown.err


def test_what_a_registry_knows_is_recorded(repository: Repository) -> None:
    assert repository.run("lock") == 0
    entry = texts.read(repository.lock).sources[REFERENCE]
    assert entry.offers == ("linux/amd64", "linux/arm64", "linux/s390x")
    bare = SourceConfig(command=("bash",), environment={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert entry.configs == {"linux/amd64": bare, "linux/arm64": bare}
    assert repository.lock.count("cmd:") == 1  # once for both
    frontend = texts.read(repository.lock).sources["docker.io/docker/dockerfile:1"]
    assert frontend.offers == entry.offers
    assert frontend.configs == {}
    assert texts.write(texts.read(repository.lock)) == repository.lock


def test_an_index_that_lacks_a_platform(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.site.source(DEBIAN, "first", archs=("amd64", "s390x"))
    problem = "error[IM607]: trixie has no linux/arm64, it has linux/amd64, linux/s390x: base:python3.13, "
    shown = output_of(repository, capsys, "lock", code=2)
    assert (
        f"matrix.yaml:20:11: {problem}base:python3.11, lab:python3.13 and 7 more would have the wrong"
        in shown
    )
    assert "help: write `platforms: [linux/amd64]` for `base`, or take a source that has linux/arm64" in shown
    assert list(texts.read(repository.lock).sources[REFERENCE].platforms) == ["linux/amd64"]
    for command in (["check"], ["check", "--locked"], ["render"], ["build", "--print"]):
        assert problem in output_of(repository, capsys, *command, code=2)
    repository.change("    from: trixie\n", "    from: trixie\n    platforms: [linux/amd64]\n")
    assert repository.run("lock") == 0
    assert repository.run("render") == 0
    assert repository.run("check", "--locked") == 0


def test_a_single_image_of_another_platform(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """No index: its configuration alone says what it is for, and an engine would take it for anything."""
    digest = repository.site.source(DEBIAN, "first", archs=("amd64",), index=False)
    repository.change("platforms: [linux/amd64, linux/arm64]", "platforms: [linux/arm64]")
    shown = output_of(repository, capsys, "lock", code=2)
    assert "error[IM607]: trixie has no linux/arm64, it has linux/amd64: base:python3.13" in shown
    assert "help: take a source that has linux/arm64" in shown
    entry = texts.read(repository.lock).sources[REFERENCE]
    assert (entry.digest, entry.platforms) == (digest, {"linux/amd64": digest})
    repository.change("platforms: [linux/arm64]", "platforms: [linux/amd64]")
    assert repository.run("lock") == 0


def test_an_override_is_reported_at_its_own_line(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.site.source("library/debian:bookworm-slim", "old", archs=("amd64",))
    repository.change(
        "    from: trixie\n",
        "    from: trixie\n    overrides: [{match: {python: '3.11'}, from: bookworm}]\n",
    )
    repository.change("sources:\n", "sources:\n  bookworm: docker.io/library/debian:bookworm-slim\n")
    shown = output_of(repository, capsys, "lock", code=2)
    assert (
        "matrix.yaml:22:49: error[IM607]: bookworm has no linux/arm64, it has linux/amd64: base:python3.11"
        in shown
    )
    assert shown.count("IM607") == 1


def test_the_frontend_runs_on_every_native_runner(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.site.source("docker/dockerfile:1", "frontend", archs=("amd64",))
    shown = output_of(repository, capsys, "lock", code=2)
    assert "docker.io/docker/dockerfile:1 has no linux/arm64, it has linux/amd64: no Dockerfile can" in shown
    repository.change("workflow: {", "workflow: {runners: {linux/arm64: emulate}, ")
    assert repository.run("lock") == 0


def test_a_finished_image_is_not_taken_apart(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.site.source(DEBIAN, "first", config=JOVYAN)
    shown = output_of(repository, capsys, "lock", code=2)
    problem = "error[IM608]: `trixie` is a finished image, which this build would take apart: it runs as user"
    assert f"matrix.yaml:20:11: {problem} `1000` and sets NB_USER and starts `start-notebook.py`" in shown
    assert problem in output_of(repository, capsys, "check", code=2)
    config = texts.read(repository.lock).sources[REFERENCE].configs["linux/arm64"]
    assert config.entrypoint == ("tini", "-g", "--", "start.sh")
    assert config.workdir == "/home/jovyan"
    assert config.environment["PATH"] == "/opt/conda/bin:/usr/bin:/bin"
    assert "SECRET" not in repository.lock
    kind = repository.folder / "templates/dockerfiles/own.Dockerfile.j2"
    kind.parent.mkdir(parents=True)
    kind.write_text("FROM {{ source | word }}\nUSER 1000\n{% if packages.pip or downloads %}{% endif %}")
    repository.change("    kind: base\n", "    kind: own\n")
    assert repository.run("lock") == 0
    assert repository.run("render") == 0


def test_platforms_that_run_differently(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """Each platform of an index has a configuration of its own."""
    site = repository.site
    site.source(DEBIAN, "first")
    index = json.loads((site.folder / "v2/library/debian/manifests/trixie-slim").read_bytes())
    index["manifests"][1]["digest"] = digest_of(site.image("library/debian", "other", "arm64", JOVYAN))
    site.blob("library/debian", "manifests", json.dumps(index).encode(), "trixie-slim")
    assert "IM608" in output_of(repository, capsys, "lock", code=2)
    entry = texts.read(repository.lock).sources[REFERENCE]
    assert (entry.configs["linux/amd64"].user, entry.configs["linux/arm64"].user) == ("", "1000")
    assert texts.write(texts.read(repository.lock)) == repository.lock


def without_facts(repository: Repository) -> None:
    """Make a lock as it was when nobody looked at sources, or as one is entered by hand."""
    data = texts.read(repository.lock)
    sources = {name: type(item)(item.digest, item.platforms) for name, item in data.sources.items()}
    lock = type(data)(sources, data.downloads, data.apt, data.cran, data.python, data.conda, data.files)
    (repository.folder / texts.FILE).write_text(texts.write(lock))


def test_what_was_never_looked_up_is_refused_and_then_known(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.run("lock") == 0
    whole = repository.lock
    without_facts(repository)
    repository.site.source(DEBIAN, "the tag has moved on")
    assert repository.run("render") == 0
    shown = output_of(repository, capsys, "check", "--locked", code=1)
    assert "error[IM609]: the lock does not know the platforms and configuration of source trixie" in shown
    assert "the lock does not know the platforms of the frontend docker.io/docker/dockerfile:1" in shown
    assert "help: run `image-matrix lock`, which asks the registry; if the registry no longer has" in shown
    assert "platforms and configuration (same digest)" in output_of(repository, capsys, "lock", code=0)
    assert repository.lock == whole  # nothing moved
    assert repository.run("check", "--locked") == 0


def test_a_digest_that_is_gone_is_upgraded(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.run("lock") == 0
    without_facts(repository)
    digest = texts.read(repository.lock).sources[REFERENCE].digest
    (repository.site.folder / "v2/library/debian/manifests" / digest).unlink()
    repository.site.source(DEBIAN, "second")
    assert f"not locked: {REFERENCE}: not in the registry" in output_of(repository, capsys, "lock", code=3)
    assert "--upgrade trixie`" in output_of(repository, capsys, "check", "--locked", code=1)
    assert repository.run("lock", "--upgrade", "trixie") == 0
    assert repository.run("render") == 0
    assert repository.run("check", "--locked") == 0


def test_a_source_that_is_pinned_in_the_matrix_is_looked_at_too(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = repository.site.source(DEBIAN, "first", archs=("amd64",))
    repository.change("debian:trixie-slim", f"debian:trixie-slim@{digest}")
    assert repository.run("render") == 0
    assert "IM609" in output_of(repository, capsys, "check", "--locked", code=1)
    assert "trixie has no linux/arm64" in output_of(repository, capsys, "lock", code=2)
    assert "trixie has no linux/arm64" in output_of(repository, capsys, "check", code=2)


OFFERED = """
sources:
  trixie: docker.io/library/debian:trixie-slim
  pangeo: {image: "docker.io/pangeo/notebook:1", provides: {jupyterhub: "5.5"}}
profiles: {pangeo: {display_name: Pangeo, images: {pangeo: {image: pangeo}}}}
sites: {hub: {chart: "4.4.0", platforms: [linux/amd64]}}
"""


def offering(repository: Repository) -> None:
    """Let a profile offer a source that no image is built from."""
    matrix = (repository.folder / "matrix.yaml").read_text(encoding="utf-8")
    merged = {**yaml.safe_load(matrix), **yaml.safe_load(OFFERED)}
    (repository.folder / "matrix.yaml").write_text(json.dumps(merged), encoding="utf-8")


def test_a_source_that_only_a_profile_offers_is_locked_and_deployed(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    offering(repository)
    digest = repository.site.source("pangeo/notebook:1", "first", config=JOVYAN)
    assert repository.run("render") == 0
    assert "source pangeo" in output_of(repository, capsys, "check", "--locked", code=1)
    assert repository.run("lock") == 0
    assert repository.run("render") == 0
    values = (repository.folder / "deploy/hub/jupyterhub/values.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(values)["singleuser"]["profileList"][0]["kubespawner_override"] == {
        "image": f"docker.io/pangeo/notebook:1@{digest}"
    }
    assert texts.read(repository.lock).sources["docker.io/pangeo/notebook:1"].platforms.keys() == {
        "linux/amd64"
    }


def test_a_source_that_the_nodes_cannot_run(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    offering(repository)
    repository.site.source("pangeo/notebook:1", "first", archs=("arm64",), config=JOVYAN)
    shown = output_of(repository, capsys, "lock", code=2)
    assert "error[IM719]: profile `pangeo`: `pangeo` is not built for linux/amd64" in shown


def test_a_configuration_that_cannot_be_read(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for blob in (repository.site.folder / "v2/library/debian/blobs").iterdir():
        blob.write_bytes(b"{}")
    shown = output_of(repository, capsys, "lock", code=3)
    assert f"not locked: {REFERENCE}: its configuration: 127.0.0.1:" in shown
    assert "the content does not match its digest" in shown
    assert texts.read(repository.lock).sources[REFERENCE].offers  # the platforms are known
    assert "the lock does not know the configuration of source trixie" in output_of(
        repository, capsys, "check", "--locked", code=1
    )


BASES: dict[str, dict[str, Any]] = {
    "debian": BARE,
    "ubuntu": {"Cmd": ["/bin/bash"], "Env": ["PATH=/usr/bin"], "Labels": {"a": "b"}},
    "nothing": {},
    "cuda": {
        "Entrypoint": ["/opt/nvidia/nvidia_entrypoint.sh"],
        "Cmd": ["/bin/bash"],
        "Env": ["NVARCH=x86_64"],
    },
    "gaudi": {"Cmd": ["/bin/bash"], "Env": ["PATH=/opt/amazon/openmpi/bin:/usr/bin", "PYTHONPATH=/root"]},
    "r-base": {"Cmd": ["R"], "Env": ["LC_ALL=en_US.UTF-8"]},
    "r-ver": {"Cmd": ["R"], "Env": ["R_HOME=/usr/local/lib/R", "DEFAULT_USER=rstudio"]},
    "python": {"Cmd": ["python3"], "Env": ["PYTHON_VERSION=3.13.1"]},
    "miniforge": {"Entrypoint": ["tini", "--"], "Cmd": ["/bin/bash"], "Env": ["CONDA_DIR=/opt/conda"]},
    "root by name": {"User": "root:root", "Cmd": ["bash"]},
}
FINISHED: dict[str, dict[str, Any]] = {
    "docker-stacks": JOVYAN,
    "docker-stacks as root": {**JOVYAN, "User": "root"},
    "kubeflow": {"User": "1000", "Entrypoint": ["/init"], "Env": ["NB_PREFIX=/", "HOME=/home/jovyan"]},
    "rocker": {"Cmd": ["/init"], "Env": ["DEFAULT_USER=rstudio"]},
    "code-server": {
        "User": "1000",
        "Entrypoint": ["/usr/bin/entrypoint.sh", "--bind-addr", "0.0.0.0:8080", "."],
    },
    "vertex": {"Entrypoint": ["/env.sh"], "Cmd": ["/run_jupyter.sh"]},
    "a shell line": {"Cmd": ["/bin/sh", "-c", "exec jupyter lab --ip 0.0.0.0"]},
    "a group": {"User": "app:0"},
}


def config(run: dict[str, Any]) -> SourceConfig:
    variables = dict(item.split("=", 1) for item in run.get("Env", ()))
    return SourceConfig(
        run.get("User", ""),
        tuple(run.get("Entrypoint", ())),
        tuple(run.get("Cmd", ())),
        run.get("WorkingDir", ""),
        variables,
    )


@pytest.mark.parametrize("name", BASES)
def test_bases_are_no_finished_images(name: str) -> None:
    assert list(signs_of(config(BASES[name]))) == []


@pytest.mark.parametrize("name", FINISHED)
def test_finished_images_are_known_by_their_configuration(name: str) -> None:
    assert list(signs_of(config(FINISHED[name])))


PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00"


def test_a_program_of_another_machine_is_not_locked(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    files = repository.site.folder / "files"
    (files / "tool-1.0-amd64").write_bytes(PROGRAM + b"\x3e\x00 the rest")
    (files / "tool-1.0-arm64").write_bytes(PROGRAM + b"\x3e\x00 the same")
    shown = output_of(repository, capsys, "lock", code=2)
    assert (
        "matrix.yaml:11:10: error[IM610]: the file of download tool is a program for amd64, but it is"
        in shown
    )
    assert list(texts.read(repository.lock).downloads) == ["https://files.invalid/tool-1.0-amd64"]
    (files / "tool-1.0-arm64").write_bytes(PROGRAM + b"\xb7\x00 the right one")
    (files / "tool-1.0-amd64").write_bytes(PROGRAM + b"\x03\x00 for 386, which runs on amd64")
    assert repository.run("lock") == 0


def test_one_program_for_two_machines(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    (repository.site.folder / "files/tool").write_bytes(PROGRAM + b"\x3e\x00")
    repository.change("tool-{version}-{arch}", "tool")
    assert "is a program for amd64, but it is downloaded for arm64" in output_of(
        repository, capsys, "lock", code=2
    )
