"""The container's environment for programs whose caller dropped it: what arrives, byte by byte, and what they keep."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOTFS = Path(__file__).parents[2] / "templates/rootfs"
LIBRARY = "usr/local/lib/image-matrix"
PROFILE = ROOTFS / "base/etc/profile.d/image-matrix-environment.sh"
RSESSION = "/usr/lib/rstudio-server/bin/rsession"
OF_SHELLS = {"PWD", "OLDPWD", "SHLVL", "_"}
NAMES = st.from_regex(r"\A[A-Z_]{3,9}_VALUE\Z")
VALUES = st.binary(max_size=40).map(lambda value: value.replace(b"\0", b"")) | st.sampled_from(
    [
        b"",
        b"two\nlines\n",
        b'it\'s "q" $HOME `id` \\ $(id)',
        b"a=b=c",
        "ü – 漢".encode(),
        b"-n",
        b" * ",
        b"\\n\xff",
    ]
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with copies of the scripts, and with a run directory."""
    place = tmp_path_factory.mktemp("place")
    (place / "run/container_environment").mkdir(parents=True)
    rstudio = f"rstudio/{LIBRARY}"
    for file in ("base/command/with-contenv", f"{rstudio}/in-session", f"{rstudio}/rsession"):
        target = place / Path(file).name
        target.write_text(at(place, (ROOTFS / file).read_text()))
        target.chmod(0o755)
    return place


def at(place: Path, script: str) -> str:
    """Return a script as it is at a place, with ``env`` as the program of RStudio's sessions."""
    for file in ("in-session", "rsession"):
        script = script.replace(f"/{LIBRARY}/{file}", f"{place}/{file}")
    script = script.replace("/command/with-contenv", f"{place}/with-contenv").replace(
        RSESSION, "/usr/bin/env"
    )
    return script.replace("/run/s6", f"{place}/run").replace(f"/{LIBRARY}", f"{ROOTFS}/base/{LIBRARY}")


@contextmanager
def started(place: Path, environment: dict[bytes, bytes]) -> Iterator[None]:
    """Let a process stand in for /init, which has the environment that the container was started with."""
    variables = {b"PATH": os.environb[b"PATH"], b"HOME_TEMPLATE": b"/opt/t", **environment}
    with subprocess.Popen(["sleep", "600"], env=variables) as process:
        (place / "run/init.pid").write_text(f"{process.pid}\n")
        try:
            yield
        finally:
            process.kill()


def seen(command: list[str], environment: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Return the environment that a command prints which was started with nothing but another one."""
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert done.stderr == b""
    return dict(item.partition(b"=")[::2] for item in done.stdout.split(b"\0") if item)


@settings(max_examples=examples(40), deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_a_session_has_each_variable_byte_by_byte(place: Path, given_variables: dict[str, bytes]) -> None:
    variables = {name.encode(): value for name, value in given_variables.items()}
    own = {b"PATH": b"/usr/bin:/bin", b"R_HOME": b"/usr/lib/R"}
    with started(place, variables):
        found = seen([str(place / "rsession"), "-0"], own)
    assert variables.items() <= found.items()
    assert (found[b"PATH"], found[b"R_HOME"]) == (os.environb[b"PATH"], b"/usr/lib/R")


@settings(max_examples=examples(40), deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.sampled_from(["sh", "bash"]))
def test_a_login_shell_has_them_too(place: Path, given_variables: dict[str, bytes], shell: str) -> None:
    variables = {name.encode(): value for name, value in given_variables.items()}
    script = f"{at(place, PROFILE.read_text())}\nexec env -0"
    with started(place, variables):
        found = seen([shell, "-euc", script], {b"PATH": b"/usr/bin:/bin"})
    assert variables.items() <= found.items()
    assert not {name.decode() for name in found} - {name.decode() for name in variables} - OF_SHELLS - {
        "PATH", "HOME_TEMPLATE", "IMAGE_MATRIX_RUN",
    }  # fmt: skip


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_init_scripts_have_the_last_word(place: Path, shell: str) -> None:
    """As for services: what they replace is replaced, and what an empty file takes away is gone."""
    files = place / "run/container_environment"
    (files / "LANG").write_text("de_DE.UTF-8\n")
    (files / "SECRET").write_text("")
    script = f"{at(place, PROFILE.read_text())}\nexec env -0"
    with started(place, {b"LANG": b"C.UTF-8", b"SECRET": b"x"}):
        found = seen([shell, "-euc", script], {b"PATH": b"/usr/bin:/bin"})
    for file in files.iterdir():
        file.unlink()
    assert found[b"LANG"] == b"de_DE.UTF-8"
    assert b"SECRET" not in found


def test_what_rserver_sets_for_a_session_stays(place: Path) -> None:
    """TERM is the terminal's, and R_ and RSTUDIO_ are R's and RStudio's; folders of libraries are joined."""
    container = {b"TERM": b"xterm", b"R_HOME": b"/opt/R", b"R_PROFILE": b"/p", b"LANG": b"C.UTF-8",
                 b"LD_LIBRARY_PATH": b"/usr/local/nvidia/lib64", b"USER": b"x"}  # fmt: skip
    session = {b"TERM": b"dumb", b"R_HOME": b"/usr/lib/R", b"RSTUDIO": b"1", b"LANG": b"en", b"MANPATH": b"/m",
               b"LD_LIBRARY_PATH": b"/usr/lib/R/lib:/usr/local/nvidia/lib64"}  # fmt: skip
    with started(place, container):
        found = seen([str(place / "in-session"), "env", "-0"], session)
    assert {name: found[name] for name in (b"TERM", b"R_HOME", b"RSTUDIO", b"MANPATH")} == {
        b"TERM": b"dumb", b"R_HOME": b"/usr/lib/R", b"RSTUDIO": b"1", b"MANPATH": b"/m",
    }  # fmt: skip
    assert (found[b"LANG"], found[b"R_PROFILE"], found[b"USER"]) == (b"C.UTF-8", b"/p", b"x")
    assert found[b"LD_LIBRARY_PATH"] == b"/usr/local/nvidia/lib64:/usr/lib/R/lib"
    assert found[b"XDG_RUNTIME_DIR"] == f"{place}/run/user".encode()


def test_who_has_an_environment_keeps_it(place: Path) -> None:
    """`docker exec --env` and services: with-contenv takes nothing away from them."""
    own = {b"PATH": os.environb[b"PATH"], b"HOME_TEMPLATE": b"/opt/t", b"LANG": b"mine"}
    with started(place, {b"LANG": b"C.UTF-8", b"OTHER": b"x"}):
        found = seen([str(place / "with-contenv"), "env", "-0"], own)
    assert {name: value for name, value in found.items() if name.decode() not in OF_SHELLS} == own


def test_signals_are_as_they_were(place: Path) -> None:
    """Python ignores two signals for itself; a program that inherits this never ends when its reader is gone."""
    command = ["grep", "SigIgn", "/proc/self/status"]
    with started(place, {}):
        done = subprocess.run([place / "in-session", *command], env={}, capture_output=True, text=True)
    assert done.stdout == subprocess.run(command, capture_output=True, text=True).stdout


def test_an_environment_that_cannot_be_read_is_said(place: Path) -> None:
    (place / "run/init.pid").write_text("4194305\n")
    done = subprocess.run([place / "rsession", "A=b"], env={"OWN": "x"}, capture_output=True, text=True)
    assert done.stderr == (
        "image-matrix: the container's environment can't be read: /proc/4194305/environ: No such file or directory\n"
    )
    assert {"OWN=x", "A=b"} <= {*done.stdout.splitlines()}


def test_no_value_is_in_an_argument_or_a_file(place: Path) -> None:
    with started(place, {b"TOKEN": b"hunter2"}):
        done = subprocess.run(
            [place / "in-session", "sh", "-c", "cat /proc/self/cmdline /proc/$PPID/cmdline; printenv TOKEN"],
            env={}, capture_output=True, text=True,
        )  # fmt: skip
    assert done.stdout.endswith("hunter2\n")
    assert done.stdout.count("hunter2") == 1
    assert [path for path in (place / "run").rglob("*") if path.is_file()] == [place / "run/init.pid"]
