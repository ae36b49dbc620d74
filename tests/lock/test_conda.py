"""Conda packages in the lock: solved in this process from channels that are served here, and by a program on PATH."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.conda import channel_mirrors
from image_matrix.lock.conda import lock_conda, solver, specification
from image_matrix.lock.conda_in_process import solver_in_process
from image_matrix.lock.conda_program import addresses, program_on_path
from image_matrix.lock.conda_request import CondaNetwork
from image_matrix.lock.model import Lock
from image_matrix.lock.read import pins_of
from image_matrix.project.load import load

from .conda_channel import Built, write_channel
from .site import Quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.conda import Environments

pytestmark = pytest.mark.slow

HOST = "https://conda.anaconda.org"
HEAD = """\
version: 1
registry: ghcr.io/example/notebooks
defaults: {images: {platforms: [linux/amd64, linux/arm64]}}
sources: {it: SOURCE}
downloads:
  micromamba: {version: "2.6.2", url: "https://example.org/{version}/{arch}/micromamba", to: /usr/local/bin/micromamba}
"""
FORGE = (
    Built("python", "3.13.5", ("__glibc >=2.28",), "linux-64", "h1_0"),
    Built("python", "3.13.5", ("__glibc >=2.28",), "linux-aarch64", "h2_0"),
    Built("python", "3.14.0", (), "linux-64"),
    Built("pip", "26", ("python",)),
    Built("conda", "26", ("python",)),
    Built("mamba", "2"),
    Built("lab", "4.6.1", ("python >=3.13,<3.14", "zlib")),
    Built("zlib", "1.3"),
    Built("zlib", "1.4", ("__glibc >=2.40",)),
    Built("torch", "2.9", ("zlib",), build="cpu_0"),
    Built("torch", "2.9", ("zlib", "__cuda >=13"), build="cuda13_0"),
    Built("fast", "1", ("__archspec 1 x86_64",), "linux-64"),
)
BIO = (Built("samtools", "1.22.1", ("zlib",)), Built("zlib", "9"))


@contextmanager
def channels(tmp_path: Path) -> Iterator[str]:
    """Serve two channels, and yield the address of their host."""
    write_channel(tmp_path / "conda-forge", *FORGE)
    write_channel(tmp_path / "bioconda", *BIO)
    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def loaded_of(images: str, source: str = "docker.io/library/debian:bookworm-slim", host: str = "") -> Loaded:
    network = f"network: {{mirrors: {{conda: '{host}'}}}}\n" if host else ""
    return load({"matrix.yaml": HEAD.replace("SOURCE", source) + network + images}, ("base",))


def lock(loaded: Loaded, old: Lock | None = None) -> Environments:
    mirrors = channel_mirrors(loaded.matrix.network.mirrors)
    return lock_conda(loaded, old or Lock(), lambda _: False, solver(CondaNetwork(mirrors)))


def names(environments: Environments, variant: str, arch: str = "amd64") -> list[str]:
    """Return what is locked: channel, platform and file of each package, in order."""
    urls = environments.locked[variant].packages[arch]
    return [url.removeprefix(f"{HOST}/").partition(".tar")[0] for url in urls]


FAMILY = """\
images:
  base: {from: it, kind: base, axes: {python: ["3.13"]}, python_provider: conda, conda: [lab=4.6]}
  bio: {from: base, conda: {packages: ["samtools >=1.22,<2"], channels: [conda-forge, bioconda]}}
"""


def test_an_environment_for_each_platform_with_the_packages_of_its_python(tmp_path: Path) -> None:
    with channels(tmp_path) as host:
        environments = lock(loaded_of(FAMILY, host=host))
    assert environments.failures == {}
    common = ["noarch/conda-26-0", "noarch/lab-4.6.1-0", "noarch/mamba-2-0", "noarch/pip-26-0"]
    for arch, python in (
        ("amd64", "linux-64/python-3.13.5-h1_0"),
        ("arm64", "linux-aarch64/python-3.13.5-h2_0"),
    ):
        expected = sorted([*common, python, "noarch/zlib-1.3-0"])
        assert sorted(names(environments, "base:python3.13", arch)) == [
            f"conda-forge/{name}" for name in expected
        ]
    url = environments.locked["base:python3.13"].packages["arm64"][0]
    assert url.startswith(f"{HOST}/conda-forge/")
    assert len(url.partition("#")[2]) == 32, "an MD5, which micromamba checks"


def test_a_child_adds_from_its_channels_and_keeps_what_its_parent_has(tmp_path: Path) -> None:
    with channels(tmp_path) as host:
        loaded = loaded_of(FAMILY, host=host)
        environments = lock(loaded)
    assert names(environments, "bio:python3.13") == ["bioconda/noarch/samtools-1.22.1-0"]
    pins = pins_of(Lock(conda=environments.locked), loaded)
    assert pins.explicit["bio:python3.13"]["arm64"].startswith(f"@EXPLICIT\n{HOST}/bioconda/noarch/samtools")


def test_other_channels_are_another_request(tmp_path: Path) -> None:
    with channels(tmp_path) as host:
        loaded = loaded_of(FAMILY, host=host)
        old = Lock(conda=lock(loaded).locked)
    assert set(pins_of(old, loaded).explicit) == {"base:python3.13", "bio:python3.13"}
    other = loaded_of(FAMILY.replace("conda-forge, bioconda", "bioconda, conda-forge"), host=host)
    assert set(pins_of(old, other).explicit) == {"base:python3.13"}


@pytest.mark.parametrize(
    ("entry", "source", "package"),
    [
        ("zlib", "debian:bookworm-slim", "conda-forge/noarch/zlib-1.3-0"),
        ("zlib", "debian:trixie-slim", "conda-forge/noarch/zlib-1.4-0"),
        ("bioconda::zlib", "debian:bookworm-slim", "bioconda/noarch/zlib-9-0"),
        ("zlib 1.3.*", "debian:trixie-slim", "conda-forge/noarch/zlib-1.3-0"),
        ("zlib[version='<1.4|>8']", "debian:trixie-slim", "conda-forge/noarch/zlib-1.3-0"),
        ("zlib=1.3=0", "debian:trixie-slim", "conda-forge/noarch/zlib-1.3-0"),
    ],
)
def test_entries_in_conda_s_own_syntax(tmp_path: Path, entry: str, source: str, package: str) -> None:
    images = f"""images: {{base: {{from: it, kind: base,
      conda: {{packages: ["{entry}"], channels: [conda-forge, bioconda]}}}}}}\n"""
    with channels(tmp_path) as host:
        environments = lock(loaded_of(images, f"docker.io/library/{source}", host))
    assert environments.failures == {}
    assert names(environments, "base:default") == [package]


CUDA = """\
accelerators:
  cuda: {version: "VERSION", device: nvidia.com/gpu, platforms: [linux/amd64]}
images:
  base: {from: it, kind: base, conda: ["torch=2.9=cuda13*"], accelerator: cuda}
"""


def test_cuda_is_that_of_the_accelerator_and_not_of_the_machine_that_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.1")
    with channels(tmp_path) as host:
        newer, older = (
            lock(loaded_of(CUDA.replace("VERSION", version), host=host)) for version in ("13.0", "12.8")
        )
    assert names(newer, "base:default") == [
        "conda-forge/noarch/torch-2.9-cuda13_0",
        "conda-forge/noarch/zlib-1.3-0",
    ]
    assert older.locked == {}
    assert "__cuda >=13" in older.failures["base:default"]


def test_what_cannot_be_solved_is_named(tmp_path: Path) -> None:
    images = "images: {base: {from: it, kind: base, conda: [nosuch, fast]}}\n"
    with channels(tmp_path) as host:
        assert "nosuch" in lock(loaded_of(images, host=host)).failures["base:default"]
        other = loaded_of(images.replace("nosuch, fast", "fast"), host=f"{host}/elsewhere")
        assert "404" in lock(other).failures["base:default"]


def test_without_a_solver_the_failure_says_what_to_install() -> None:
    loaded = loaded_of("images: {base: {from: it, kind: base, conda: [gdal]}}\n")
    failures = lock_conda(loaded, Lock(), lambda _: False, None).failures
    assert "pip install 'image-matrix[conda]'" in failures["base:default"]


SCRIPT = """\
#!/bin/sh
# Answers with its environment and its arguments.
build=$CONDA_OVERRIDE_LINUX-$CONDA_OVERRIDE_CUDA-$CONDA_OVERRIDE_ARCHSPEC
url=$CONDA_CHANNEL_ALIAS/conda-forge/$CONDA_SUBDIR/glibc-$CONDA_OVERRIDE_GLIBC-0.conda
echo "$MAMBA_CHANNEL_ALIAS $build $*" >&2
echo "$MAMBA_CHANNEL_ALIAS $build $*" >"$(dirname "$0")/arguments-$CONDA_SUBDIR"
echo '{"actions": {"LINK": [{"url": "'$url'"}]}}'
"""


@pytest.fixture
def _fake_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "micromamba"
    program.write_text(SCRIPT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CONDA_OVERRIDE_GLIBC", "1.0")


@pytest.mark.usefixtures("_fake_program")
@pytest.mark.parametrize(
    ("source", "glibc"),
    [
        ("docker.io/library/debian:trixie-slim", "2.40"),
        ("docker.io/library/debian:bookworm-slim", "2.36"),
        ("docker.io/library/ubuntu:24.04", "2.39"),
        ("docker.io/library/ubuntu:jammy", "2.35"),
        ("registry.example.org/team/own:1", "2.28"),
    ],
)
def test_a_program_is_told_the_c_library_of_the_source(source: str, glibc: str) -> None:
    loaded = loaded_of("images: {base: {from: it, kind: base, conda: [gdal]}}\n", source)
    locked = lock_conda(loaded, Lock(), lambda _: False, program_on_path(CondaNetwork()))
    assert locked.failures == {}
    folder = f"{HOST}/conda-forge"
    assert locked.locked["base:default"].packages == {
        "amd64": (f"{folder}/linux-64/glibc-{glibc}-0.conda",),
        "arm64": (f"{folder}/linux-aarch64/glibc-{glibc}-0.conda",),
    }


@pytest.mark.usefixtures("_fake_program")
def test_a_program_is_told_channels_mirror_and_accelerator(tmp_path: Path) -> None:
    host = "https://mirror.example.org/conda/"
    loaded = loaded_of(
        CUDA.replace("VERSION", "13.0")
        .replace("conda: [", "conda: {channels: [bioconda, https://c.example.org/x], packages: [")
        .replace('"], accel', '"]}, accel'),
        host=host,
    )
    mirrors = channel_mirrors(loaded.matrix.network.mirrors)
    locked = lock_conda(loaded, Lock(), lambda _: False, program_on_path(CondaNetwork(mirrors)))
    assert locked.locked["base:default"].packages["amd64"] == (
        f"{HOST}/conda-forge/linux-64/glibc-2.36-0.conda",
    )
    words = (tmp_path / "arguments-linux-64").read_text().split()
    assert words[:2] == ["https://mirror.example.org/conda", "4.18-13.0-x86_64"]
    asked = "--channel https://mirror.example.org/conda/bioconda --channel https://c.example.org/x -- torch=2.9=cuda13*"
    assert " ".join(words).endswith(f"--override-channels {asked}")


@pytest.mark.usefixtures("_fake_program")
def test_py_rattler_comes_before_a_program(tmp_path: Path) -> None:
    assert solver_in_process(CondaNetwork()) is not None
    with channels(tmp_path / "served") as host:
        lock(loaded_of(FAMILY, host=host))
    assert not list(tmp_path.glob("arguments-*"))


def test_conda_addresses() -> None:
    output = (
        '{"actions": {"LINK": [{"url": "https://mirror.example.org/c/conda-forge/linux-64/r-base-4.5.1-h_0.conda",'
        ' "md5": "00ff"}, {"url": "https://mirror.example.org/c/conda-forge/noarch/tzdata-2026-0.conda"}]}}'
    )
    assert addresses(output, {"https://conda.anaconda.org": "https://mirror.example.org/c/"}) == [
        "https://conda.anaconda.org/conda-forge/linux-64/r-base-4.5.1-h_0.conda#00ff",
        "https://conda.anaconda.org/conda-forge/noarch/tzdata-2026-0.conda",
    ]
    assert addresses('{"success": true}', {}) == []
    assert (
        specification("https://e.org/linux-64/ld_impl-linux-64-2.4-h1_0.tar.bz2#0")
        == "ld_impl-linux-64=2.4=h1_0"
    )
