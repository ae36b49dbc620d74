"""Mirrors and proxies of the place that runs a container: which variables programs and shells get of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples

ROOTFS = Path(__file__).parents[2] / "templates/rootfs/base"
INIT = ROOTFS / "etc/cont-init.d/13-settings"
SPELLINGS = ROOTFS / "usr/local/lib/image-matrix/environment.sh"
PROFILE = ROOTFS / "etc/profile.d/image-matrix-environment.sh"
INDEX = "https://jo:a$b'c\"d@index.example.org/simple"
LOCAL = "localhost,127.0.0.1,::1"
TWINS = {
    "HTTP_PROXY": "http_proxy",
    "https_proxy": "HTTPS_PROXY",
    "NO_PROXY": "no_proxy",
    "CONDA_CHANNEL_ALIAS": "MAMBA_CHANNEL_ALIAS",
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
}


def started(tmp_path: Path, folder: Path, **variables: str) -> tuple[dict[str, str], str]:
    """Run the init script on a folder of settings; the variables that it set, and what it said."""
    (tmp_path / "run/container_environment").mkdir(parents=True)
    environment = {"PATH": os.environ["PATH"], "IMAGE_MATRIX_RUN": str(tmp_path / "run"), **variables}
    done = subprocess.run(
        ["sh", str(INIT), str(folder)], env=environment, capture_output=True, text=True, check=True
    )
    return {
        path.name: path.read_text() for path in (tmp_path / "run/container_environment").iterdir()
    }, done.stderr


def shell(script: str, program: str, /, **variables: str) -> dict[str, str]:
    """Source a script in a shell that stops at an error; the environment of what it starts then."""
    command = [program, "-euc", f"{script}\nexec env -0"]
    environment = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    seen = dict(item.partition("=")[::2] for item in done.stdout.split("\0") if item)
    return {name: value for name, value in seen.items() if name not in ("PATH", "PWD", "SHLVL", "_")}


def test_npm_and_r_are_told_of_their_files(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    for name in ("pip.conf", "uv.toml", "condarc", "npmrc", "Rprofile"):
        (folder / name).write_text("")
    assert started(tmp_path, folder) == (
        {"NPM_CONFIG_GLOBALCONFIG": f"{folder}/npmrc", "R_PROFILE": "/usr/local/lib/image-matrix/Rprofile"},
        "",
    )


def test_a_variable_of_the_platform_stays(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "npmrc").write_text("")
    assert started(
        tmp_path, folder, NPM_CONFIG_GLOBALCONFIG="/mine", CRAN_REPOSITORY="x", R_PROFILE="/r"
    ) == ({}, "")


def test_the_address_of_cran_is_enough_for_r(tmp_path: Path) -> None:
    found, said = started(tmp_path, tmp_path / "gone", CRAN_REPOSITORY="https://cran.example.org")
    assert (found, said) == ({"R_PROFILE": "/usr/local/lib/image-matrix/Rprofile"}, "")


@pytest.mark.parametrize("name", [".npmrc", "Rprofile.site", "ca.crt"])
def test_a_file_that_nothing_reads_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / name).write_text("")
    (folder / "..data").mkdir()  # as Kubernetes mounts a ConfigMap
    found, said = started(tmp_path, folder)
    assert found == {}
    assert said.startswith(
        f"image-matrix: warning: settings: nothing reads {folder}/{name}: the names are pip.conf,"
    )
    assert said.count("\n") == 1


def test_a_setting_that_is_no_file_is_named(tmp_path: Path) -> None:
    """Docker makes a folder where the file to be mounted does not exist."""
    (tmp_path / "config/npmrc").mkdir(parents=True)
    found, said = started(tmp_path, tmp_path / "config")
    assert found == {}
    assert said == f"image-matrix: warning: settings: {tmp_path}/config/npmrc is no file: mount one\n"


@pytest.mark.parametrize("name", ["sh", "bash"])
@pytest.mark.parametrize(("one", "other"), TWINS.items())
def test_one_spelling_is_enough(name: str, one: str, other: str) -> None:
    seen = shell(f". '{SPELLINGS}'", name, **{one: INDEX})
    local = {"NO_PROXY": LOCAL, "no_proxy": LOCAL} if one in ("HTTP_PROXY", "https_proxy") else {}
    assert seen == {one: INDEX, other: INDEX, **local}


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_a_list_of_exceptions_stays_if_it_is_empty(name: str) -> None:
    seen = shell(f". '{SPELLINGS}'", "sh", https_proxy="http://proxy:3128", **{name: ""})
    assert seen == {"https_proxy": "http://proxy:3128", "HTTPS_PROXY": "http://proxy:3128", name: ""}


@settings(max_examples=examples(30), deadline=None)
@given(st.dictionaries(st.sampled_from([*TWINS, *TWINS.values(), "name", "run", "file"]),
                       st.text(alphabet="a$`'\"\\ \n;&é%", max_size=6), max_size=6))  # fmt: skip
def test_what_is_set_stays_as_it_is(variables: dict[str, str]) -> None:
    seen = shell(f". '{SPELLINGS}'", "sh", **variables)
    assert {name: seen.get(name) for name in variables} == variables


def from_outside(tmp_path: Path, name: str, files: dict[str, str], **variables: str) -> dict[str, str]:
    """What a shell that enters the container gets of the files that init scripts wrote, read as s6-envdir does."""
    folder = tmp_path / "container_environment"
    folder.mkdir()
    for file, value in files.items():
        (folder / file).write_text(value)
    text = PROFILE.read_text().replace("/usr/local/lib/image-matrix/environment.sh", str(SPELLINGS))
    return shell(text, name, IMAGE_MATRIX_RUN=str(tmp_path), **variables)


@pytest.mark.parametrize("name", ["sh", "bash"])
def test_a_shell_from_outside_gets_what_init_scripts_set(tmp_path: Path, name: str) -> None:
    files = {
        "SSL_CERT_FILE": "/run/ca",
        "TWO": "a\nb\n\n",
        "LINE": "of echo\n",
        "PIP_CERT": "/run/ca",
        "PATH": "/no",
        "a;b": "x",
        "EMPTY": "",
    }
    seen = from_outside(
        tmp_path, name, files, PIP_CERT="/mine", EMPTY="x", HTTP_PROXY="http://proxy:3128", file="kept"
    )
    assert seen == {
        "IMAGE_MATRIX_RUN": str(tmp_path), "SSL_CERT_FILE": "/run/ca", "TWO": "a\nb\n", "PIP_CERT": "/mine",
        "LINE": "of echo", "HTTP_PROXY": "http://proxy:3128", "http_proxy": "http://proxy:3128", "file": "kept",
        "NO_PROXY": LOCAL, "no_proxy": LOCAL,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["sh", "bash"])
def test_nothing_was_set(tmp_path: Path, name: str) -> None:
    assert from_outside(tmp_path, name, {}) == {"IMAGE_MATRIX_RUN": str(tmp_path)}
