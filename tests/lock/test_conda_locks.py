"""Lock files of conda: what they name is installed as it is, and what is built on it is solved around it."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.network_script import StepNetwork, script
from image_matrix.config.conda import channel_mirrors
from image_matrix.config.network import Mirrors
from image_matrix.lock.conda import lock_conda, solver
from image_matrix.lock.conda_request import CondaNetwork
from image_matrix.lock.model import Lock
from image_matrix.lock.moved import moved
from image_matrix.lock.read import pins_of, unlocked
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all
from tests.lock.conda_channel import Built
from tests.lock.test_conda import HOST, channels

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.pins import Pins

GOOD = Path(__file__).parents[1] / "fixtures/good/conda-locks"
FORGE = "https://conda.anaconda.org/conda-forge"


def project(folder: Path = GOOD) -> Loaded:
    return load_inputs(read_inputs(folder))


def files(pins: Pins, variant: str, arch: str = "amd64") -> list[str]:
    lines = pins.explicit[variant][arch].splitlines()
    assert lines[0] == "@EXPLICIT"
    return [line.removeprefix("https://conda.anaconda.org/").partition("#")[0] for line in lines[1:]]


def test_the_files_of_each_platform_are_pinned_without_a_lock_of_ours() -> None:
    pins = pins_of(Lock(), project())
    assert files(pins, "lab:python3.13-cpu") == [
        "conda-forge/linux-64/mkl-2026.0-h0_1.conda",
        "conda-forge/linux-64/numpy-2.4.1-py313h1_0.conda",
        "conda-forge/linux-64/python-3.13.5-h1_0.conda",
        "conda-forge/noarch/pip-26.1-pyh8b19718_0.conda",
    ]
    assert files(pins, "lab:python3.13-cpu", "arm64") == [
        "conda-forge/linux-aarch64/numpy-2.4.1-py313h2_0.conda",
        "conda-forge/linux-aarch64/python-3.13.5-h2_0.conda",
        "conda-forge/noarch/pip-26.1-pyh8b19718_0.conda",
    ]
    assert files(pins, "lab:python3.13-cuda") == [
        "conda-forge/linux-64/numpy-2.4.1-py313h1_0.conda",
        "conda-forge/linux-64/python-3.13.5-h1_0.conda",
        "conda-forge/noarch/cuda-version-13.0-h0_0.conda",
    ]
    assert files(pins, "lab-bio:python3.13-cpu") == ["bioconda/linux-64/samtools-1.22.1-h96c455f_0.tar.bz2"]
    assert set(files(pins, "ours:default")) == set(files(pins, "lab:python3.13-cpu"))


def test_every_file_has_a_checksum() -> None:
    pins = pins_of(Lock(), project())
    python = f"{FORGE}/linux-64/python-3.13.5-h1_0.conda"
    digest = hashlib.md5(python.encode(), usedforsecurity=False).hexdigest()
    assert f"{python}#{digest}\n" in pins.explicit["lab:python3.13-cpu"]["amd64"]
    samtools = pins.explicit["lab-bio:python3.13-cpu"]["amd64"].splitlines()[1]
    assert len(samtools.partition("#sha256:")[2]) == 64, "the file has no MD5 of it"


def test_nothing_of_them_is_in_our_lock_or_floats() -> None:
    loaded = project()
    pins = pins_of(Lock(), loaded)
    floating = {item.what for item in unlocked(loaded, pins) if item.what.startswith("conda")}
    assert floating == {"conda packages of more:python3.13-cpu", "conda packages of more:python3.13-cuda"}
    environments = lock_conda(loaded, Lock(), lambda _: True, None)
    assert environments.locked == {}
    assert set(environments.failures) == {"more:python3.13-cpu", "more:python3.13-cuda"}
    assert not [*moved(Lock(), loaded, pins, None)]


def dockerfile(folder: Path, name: str) -> str:
    inputs = read_inputs(folder)
    loaded = load_inputs(inputs)
    rendered = render_all(loaded, pins_of(Lock(), loaded), inputs.templates)
    return rendered[f"images/{name}/Dockerfile"].content.decode()


def test_the_dockerfile_installs_the_files() -> None:
    text = dockerfile(GOOD, "lab/python3.13-cpu")
    assert "--file /tmp/conda.txt" in text
    assert "python=3.13" not in text
    foreign = dockerfile(GOOD, "ours/default")
    assert '"${conda}" install --yes --prefix "${prefix}" --file /tmp/conda.txt' in foreign
    assert "--mount=type=bind,source=conda,target=/run/conda" in foreign
    assert "--override-channels" not in foreign


@pytest.mark.parametrize("shell", [["bash", "-euo", "pipefail"], ["sh", "-eu"]], ids=["bash", "sh"])
@pytest.mark.parametrize("mirror", ["", "https://mirror.example.org/conda"], ids=["direct", "mirrored"])
def test_the_conda_that_is_there_gets_the_files(tmp_path: Path, shell: list[str], mirror: str) -> None:
    text = dockerfile(GOOD, "ours/default")
    step = re.search(r"^mirrored=.*?(?=^hand_over)", text, re.DOTALL | re.MULTILINE)
    assert step
    explicit = pins_of(Lock(), project()).explicit["ours:default"]["amd64"]
    (tmp_path / "amd64.txt").write_text(explicit, encoding="utf-8")
    (tmp_path / "conda").write_text(
        '#!/bin/sh\nfor last; do :; done\necho "$@"; cat "$last"\n', encoding="utf-8"
    )
    (tmp_path / "conda").chmod(0o755)
    commands = step[0].replace("/run/conda/${TARGETARCH}.txt", str(tmp_path / "amd64.txt"))
    commands = commands.replace("/tmp/conda.txt", str(tmp_path / "conda.txt"))  # noqa: S108 - what it has
    site = script(StepNetwork(Mirrors(conda=mirror))) if mirror and shell[0] == "bash" else ""
    text = f"{site}conda={tmp_path}/conda prefix=/opt/conda\n{commands}"
    done = subprocess.run([*shell, "-c", text], check=True, capture_output=True, text=True)
    first, _, rest = done.stdout.partition("\n")
    assert first == f"install --yes --prefix /opt/conda --file {tmp_path}/conda.txt"
    assert rest == (explicit.replace("https://conda.anaconda.org", mirror) if site else explicit)


def test_a_change_in_the_file_is_a_change_of_the_image(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(GOOD, tmp_path / "family"))
    file = folder / "envs/conda-lock.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("numpy-2.4.1", "numpy-2.4.2"), encoding="utf-8")
    text = pins_of(Lock(), project(folder)).explicit["lab:python3.13-cpu"]["arm64"]
    assert "numpy-2.4.2-py313h2_0.conda" in text


CHILD = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
defaults: {images: {platforms: [linux/amd64, linux/arm64]}}
sources: {it: "docker.io/library/debian:trixie-slim"}
downloads:
  micromamba: {version: "2.6.2", url: "https://example.org/{arch}/micromamba", to: /usr/local/bin/micromamba}
images:
  base: {from: it, kind: base, axes: {python: ["3.13"]}, python_provider: conda, conda: {files: [conda-lock.yml]}}
  child: {from: base, conda: [lab=4.6]}
"""


def entry(package: Built, platform: str) -> str:
    content = hashlib.md5(package.archive, usedforsecurity=False).hexdigest()
    return (
        f"- name: {package.name}\n  version: {package.version!r}\n  manager: conda\n  platform: {platform}\n"
        f"  url: {HOST}/conda-forge/{package.subdir}/{package.file}\n  hash: {{md5: {content}}}\n"
        "  category: main\n"
    )


@pytest.mark.slow
def test_a_child_is_solved_around_what_the_file_has(tmp_path: Path) -> None:
    platforms = {"linux-64": "h1_0", "linux-aarch64": "h2_0"}
    packages = "".join(
        entry(Built("python", "3.13.5", ("__glibc >=2.28",), platform, build), platform)
        + entry(Built("zlib", "1.3"), platform)
        for platform, build in platforms.items()
    )
    (tmp_path / "matrix.yaml").write_text(CHILD, encoding="utf-8")
    (tmp_path / "conda-lock.yml").write_text(f"version: 1\npackage:\n{packages}", encoding="utf-8")
    with channels(tmp_path / "channels") as host:
        network = f"network: {{mirrors: {{conda: '{host}'}}}}\n"
        (tmp_path / "matrix.yaml").write_text(CHILD + network, encoding="utf-8")
        loaded = project(tmp_path)
        site = CondaNetwork(channel_mirrors(loaded.matrix.network.mirrors))
        environments = lock_conda(loaded, Lock(), lambda _: False, solver(site))
    assert environments.failures == {}
    assert set(environments.locked) == {"child:python3.13"}
    for arch in ("amd64", "arm64"):
        urls = environments.locked["child:python3.13"].packages[arch]
        assert [url.partition("#")[0] for url in urls] == [f"{HOST}/conda-forge/noarch/lab-4.6.1-0.tar.bz2"]
    assert set(pins_of(Lock(conda=environments.locked), loaded).explicit) == {
        "base:python3.13",
        "child:python3.13",
    }
