"""Starting and stopping: foreign homes, file servers, signals at every moment, cullers, and what a log says."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.verify.engine import Spec
from tests.e2e.support import docker
from tests.e2e.test_verify import BASE, CODE, LAB, as_root, derived, ended, script, until
from tests.network_home import network_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.verify.engine import Container, Engine
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e
SESSION = (Path(__file__).parent / "jupyter_activity.py").read_text()
CULLER = ("--user-agent", "Go-http-client/1.1")
"""What Kubeflow's culler says that it is."""
OPEN = {"IMAGE_MATRIX_LOGIN": "none"}
"""So that requests need no token."""


@contextmanager
def volume(image: str, *commands: str) -> Iterator[str]:
    """A home that root has prepared with commands; Docker's option that mounts it."""
    name = f"image-matrix-{uuid.uuid4().hex[:8]}"
    mount = f"--mount=type=volume,src={name},dst=/home/jovyan,volume-nocopy"
    steps = " && ".join(("cd /home/jovyan", "chown 1000:100 .", *commands))
    docker("run", "--rm", "--user=0", "--entrypoint=sh", mount, image, "-c", steps)
    try:
        yield mount
    finally:
        docker("volume", "rm", "--force", name)


def said(container: Container, text: str, seconds: float = 30.0) -> None:
    """Wait until the log has a text."""
    deadline = time.monotonic() + seconds
    while text not in container.log(10_000) and container.runs() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert text in container.log(10_000)


FOREIGN = ("mkdir .local .jupyter .ipython", "chmod 755 .local .jupyter .ipython")
"""Folders that root has made; the container's user can't write there."""


def test_jupyterlab_starts_in_a_home_with_folders_of_root(site: Site, engine: Engine) -> None:
    """It ended before: its migration of old settings writes to ~/.jupyter where there is a ~/.ipython."""
    image = site.image(LAB)
    with (
        volume(image, *FOREIGN) as mount,
        engine.container(Spec(image, env=OPEN, devices=(mount,))) as container,
    ):
        assert until(container, "http://localhost:8888/api/status") == "200"
        folders = "/home/jovyan/.jupyter is lost at the next start: /home/jovyan/.jupyter belongs to 0:0"
        assert f"image-matrix: warning: what programs keep in {folders}" in container.log(10_000)
        answer = container.run("jupyter", "--paths", "--json")
        assert "/home/jovyan/.jupyter" in json.loads(answer.out)["config"], "its settings are read still"


def test_code_server_starts_in_a_home_whose_local_folder_is_a_link_to_nowhere(
    site: Site, engine: Engine
) -> None:
    image = site.image(CODE)
    with (
        volume(image, "ln -s /no/such/disk .local") as mount,
        engine.container(Spec(image, env=OPEN, devices=(mount,))) as container,
    ):
        assert until(container, "http://localhost:8888/healthz") == "200"
        said(container, "HTTP server listening")
        assert "/home/jovyan/.local is a link to nowhere" in container.log(10_000)
        assert "Uncaught exception" not in container.log(10_000)


def test_a_home_on_a_slow_file_server_that_owns_all_files(site: Site, engine: Engine, tmp_path: Path) -> None:
    """As NFS with all_squash, or a share of Windows: it refuses chmod and chown to everybody."""
    options = ("--latency", "2", "--owner", "65534:100", "--refuse", "chmod,chown,link,setxattr")
    (tmp_path / "served").mkdir(mode=0o775)
    (tmp_path / "served").chmod(0o775)
    image = site.image(LAB)
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o011)
    with network_home(tmp_path, *options) as home:
        spec = Spec(image, env=OPEN, groups=(100,), devices=(f"--volume={home.path}:/home/jovyan",))
        with engine.container(spec) as container:
            if not (home.path / ".bashrc").exists() and not container.has("/home/jovyan"):
                pytest.skip("the engine does not see this machine's file systems")
            assert until(container, "http://localhost:8888/api/status") == "200"
            assert "can't be brought up" not in container.log(10_000)
            assert "is lost at the next start" not in container.log(10_000)
            assert (home.path / ".bashrc").read_text()


MOMENTS = script(
    "/etc/cont-init.d/30-moment",
    'mkfifo "$IMAGE_MATRIX_RUN/never"',
    '[ "${MOMENT:-}" != init ] || { echo "moment init" >&2; read -r <"$IMAGE_MATRIX_RUN/never"; }',
) + "\n" + script(
    "/etc/services.d/moment/run",
    '[ "${MOMENT:-}" != deaf ] || trap "" TERM INT',
    'echo "moment ${MOMENT:-}" >&2',
    'while :; do read -r -t 1 <>"$IMAGE_MATRIX_RUN/never"; done',
)  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "signals", "code"),
    [("init", ("TERM",), 143), ("init", ("INT", "TERM"), 143), ("service", ("TERM", "TERM"), 0),
     ("service", ("INT",), 0), ("deaf", ("TERM",), 0)],
)  # fmt: skip
def test_a_signal_ends_the_container_at_every_moment(
    site: Site, engine: Engine, moment: str, signals: tuple[str, ...], code: int
) -> None:
    """While an init script waits, while services run, twice, and with a service that hears none."""
    with (
        derived(engine, site.image(BASE), MOMENTS) as image,
        engine.container(Spec(image, env={"MOMENT": moment})) as container,
    ):
        said(container, f"moment {moment}")
        for name in signals:
            container.signal(name)
        assert container.wait(30.0) == code, container.log()


BUSY = as_root(
    "sed -i 's/^PERIOD = 30.0/PERIOD = 0.2/' /usr/local/lib/image-matrix/jupyter/image_matrix_activity.py"
)


def last(container: Container) -> tuple[str, str]:
    """The state and the time that Kubeflow's culler makes of the list: busy where one is not idle, else the latest."""
    found = json.loads(container.run("curl", "-s", *CULLER, "http://localhost:8888/api/kernels").out)
    states = {kernel["execution_state"] for kernel in found}
    return "idle" if states == {"idle"} else "busy", max(kernel["last_activity"] for kernel in found)


def act(container: Container, *words: str) -> None:
    """Do something as the page of JupyterLab does."""
    done = container.run("python", "-c", SESSION, *words, seconds=90.0)
    assert done.code == 0, done.err


def status(container: Container) -> str:
    """The last activity that the hub, and Notebooks 2 of Kubeflow, are told."""
    answer: dict[str, Any] = json.loads(container.run("curl", "-s", "http://localhost:8888/api/status").out)
    return str(answer["last_activity"])


def test_cullers_see_terminals_files_and_silent_kernels_of_jupyterlab(site: Site, engine: Engine) -> None:
    with (
        derived(engine, site.image(LAB), BUSY) as image,
        engine.container(Spec(image, env=OPEN)) as container,
    ):
        assert until(container, "http://localhost:8888/api/status") == "200"
        start = last(container)
        assert start == last(container), "a question is no activity"
        assert container.run("curl", "-s", "http://localhost:8888/api/kernels").out == "[]", "for the page"
        act(container, "save")
        saved = last(container)
        assert saved > start
        act(container, "terminal", "while :; do :; done")
        busy(container)
        act(container, "end")
        act(container, "kernel", "print('started', flush=True)\nwhile True: pass")
        assert last(container)[0] == "busy"
        first = status(container)
        later(container, first)
        container.signal("TERM")
        assert container.wait(30.0) == 0, container.log()


def busy(container: Container) -> None:
    deadline = time.monotonic() + 20
    while last(container)[0] != "busy" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert last(container)[0] == "busy"


def later(container: Container, moment: str) -> None:
    """A kernel that computes and prints nothing is activity all the time."""
    deadline = time.monotonic() + 20
    while status(container) <= moment and time.monotonic() < deadline:
        time.sleep(0.2)
    assert status(container) > moment


@pytest.mark.parametrize("variant", [LAB, CODE])
def test_a_port_that_is_taken_is_said_in_a_line(site: Site, engine: Engine, variant: str) -> None:
    taken = Spec(site.image(BASE), command=("python3", "-m", "http.server", "8888"))
    with engine.container(taken) as neighbour:
        assert until(neighbour, "http://localhost:8888/") == "200"
        spec = Spec(site.image(variant), network=f"container:{neighbour.id}")
        with engine.container(spec) as container:
            said(container, "died with exit code 69 (port 8888 is taken")


def test_a_script_that_cannot_run_is_said_in_the_last_line(site: Site, engine: Engine) -> None:
    steps = "USER 0\nRUN printf '#!/bin/sh\\r\\n' >/etc/cont-init.d/30-windows; chmod 755 /etc/cont-init.d/*\nUSER 1000"
    with derived(engine, site.image(BASE), steps) as image, engine.container(Spec(image)) as container:
        ended(container, 127, "30-windows failed with exit code 127 (its lines end as on Windows")
