"""Each place where a program starts in a container has the variables that the guide says, and no others."""

from __future__ import annotations

import json
import subprocess
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.verify.probe_client import source
from tests.e2e.environment_places import CODE_SERVER, COMMAND, IN_CODE_SERVER, JUPYTER, SOURCES, Place
from tests.e2e.support import docker
from tests.environments import python_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.verify.engine import Engine
    from tests.e2e.conftest import Site
    from tests.e2e.environment_places import Source

pytestmark = pytest.mark.e2e

STEPS = r"""
FROM {image}
USER 0
{packages}
COPY <<"EOT" /opt/tool/etc/conda/activate.d/a.sh
export OF_CONDA="a \"b\" $HOME"
EOT
COPY --chmod=0755 <<"EOT" /etc/cont-init.d/30-own
#!/command/with-contenv sh
printf 'two\nlines\n' >"$IMAGE_MATRIX_RUN/container_environment/OF_INIT"
EOT
COPY --chmod=0755 <<"EOT" /etc/cont-init.d/31-later
#!/command/with-contenv sh
env -0 >/tmp/init
EOT
COPY --chmod=0755 <<"EOT" /etc/services.d/own/run
#!/command/with-contenv sh
env -0 >/tmp/service
exec sleep infinity
EOT
ENV OF_IMAGE="it's \$HOME \\ ü" CONDA_PREFIX=/opt/tool PATH=/usr/local/nvidia/bin:$PATH
USER 1000
"""
TMUX = "RUN apt-get update && apt-get install --yes --no-install-recommends tmux"
IN_TMUX = """
tmux new-session -d 'env -0 >/tmp/tmux.new; mv /tmp/tmux.new /tmp/tmux'
until [ -e /tmp/tmux ]; do sleep 0.1; done
"""
UNTIL_STARTED = """
curl --silent --retry 60 --retry-delay 1 --retry-all-errors --output /dev/null http://127.0.0.1:8888/
until [ -e /tmp/service ]; do sleep 0.1; done
"""
POD = "x=1;\n`id` 'q'"
EXPECTED = {
    "OF_IMAGE": "it's $HOME \\ ü",
    "OF_POD": POD,
    "OF_INIT": "two\nlines",
    "OF_CONDA": 'a "b" /home/jovyan',
}
PROBE = """
DEADLINE = 90.0
seen = lambda environ: {os.fsdecode(name): os.fsdecode(value) for name, value in variables(environ).items()}
print(json.dumps([PLACES[place]() for place in json.loads(sys.argv[1])]))
"""
ENDING = 'if __name__ == "__main__":\n    main()\n'
VALUE = "--no-warnings"
"""Of what code-server holds back; PASSWORD is one of them, and the login."""
Seen = dict[str, str]


@contextmanager
def started(engine: Engine, image: str, packages: str, *options: str) -> Iterator[tuple[str, str]]:
    """Build an image that sets a variable in each way, and start it; its name and its container's."""
    name = f"image-matrix-environment:{uuid.uuid4().hex[:12]}"
    steps = STEPS.format(image=image, packages=packages)
    built = engine.call(("build", "--quiet", f"--tag={name}", "-"), steps, 300.0)
    assert built.code == 0, built.err
    try:
        container = docker("run", "--detach", f"--env=OF_POD={POD}", *options, name)
        try:
            docker("exec", container, "sh", "-c", UNTIL_STARTED)
            yield name, container
        finally:
            docker("rm", "--force", "--volumes", container)
    finally:
        docker("rmi", "--force", name)


def printed(*command: str) -> Seen:
    """The environment that a command prints."""
    done = subprocess.run(["docker", *command], capture_output=True, check=True)
    items = (item.partition("=") for item in done.stdout.decode().split("\0") if item)
    return {name: value for name, _, value in items}


def probed(container: str, names: tuple[str, ...]) -> list[Seen]:
    """The environments of places as `verify` finds them."""
    script = source("settings_probe").replace(ENDING, PROBE)
    command = ["docker", "exec", "--interactive", container, "/usr/bin/python3", "-I", "-", json.dumps(names)]
    done = subprocess.run(command, input=script.encode(), capture_output=True, check=True)
    seen: list[Seen] = json.loads(done.stdout)
    return seen


def sources(seen: Seen) -> frozenset[Source]:
    """Where the variables come from that have arrived; one that is there with another value is a fault."""
    kinds: dict[str, Source] = {"OF_IMAGE": "image", "OF_POD": "pod", "OF_INIT": "init", "OF_CONDA": "conda"}
    found = {source for name, source in kinds.items() if name in seen}
    assert {name: seen[name] for name in kinds if name in seen} == {
        name: value for name, value in EXPECTED.items() if name in seen
    }
    if "/usr/local/nvidia/bin" in seen.get("PATH", "").split(":"):
        found.add("path")
    return frozenset(found)


def check(container: str, place: Place) -> None:
    asked = [printed("exec", container, *command) for command in place.commands]
    for seen in (*asked, *(probed(container, place.probed) if place.probed else ())):
        assert sorted(sources(seen)) == sorted(place.seen), (place.label, seen)


def test_places_of_jupyterlab(site: Site, engine: Engine) -> None:
    """And of all images: services, shells, jobs."""
    without_login = "--env=IMAGE_MATRIX_LOGIN=none"
    with started(engine, site.image("jupyter:python3.13"), TMUX, without_login) as (image, container):
        docker("exec", container, "with-contenv", "sh", "-c", IN_TMUX)
        for place in JUPYTER:
            check(container, place)
        seen = printed("run", "--rm", f"--env=OF_POD={POD}", image, "env", "-0")
        assert sorted(sources(seen)) == sorted(COMMAND.seen) == sorted(SOURCES)


def test_places_of_code_server(site: Site, engine: Engine, chromium: str, tmp_path: Path) -> None:
    """A browser logs in, opens a real terminal, and starts the process of the extensions."""
    held_back = [f"--env={name}={VALUE}" for name in IN_CODE_SERVER]
    with started(engine, site.image("codeserver:python3.13"), "", *held_back) as (_, container):
        check(container, CODE_SERVER)
        arrived: dict[str, set[str]] = {name: set() for name in IN_CODE_SERVER}
        for place, seen in at_a_browser(container, chromium, tmp_path / "terminal.png").items():
            assert sorted(sources(seen)) == sorted(CODE_SERVER.seen), place
            for name in arrived.keys() & seen.keys():
                arrived[name].add(place)
    assert arrived == IN_CODE_SERVER


def at_a_browser(container: str, chromium: str, screenshot: Path) -> dict[str, Seen]:
    """What a terminal has, and the process in which extensions run."""
    address = json.loads(docker("inspect", "--format={{json .NetworkSettings.IPAddress}}", container))
    command = "env -0 >/tmp/terminal.new; mv /tmp/terminal.new /tmp/terminal"
    program = (python_of("hub"), Path(__file__).with_name("code_server_terminal.py"))
    arguments = (f"http://{address}:8888/", VALUE, chromium, command, screenshot)
    with subprocess.Popen([*program, *arguments], stdin=subprocess.PIPE) as browser:
        try:
            docker("exec", container, "sh", "-c", "until [ -e /tmp/terminal ]; do sleep 0.2; done")
            find = "cat $(grep -laE type=extensionHost /proc/[0-9]*/cmdline | sed 's/cmdline/environ/' | head -n 1)"
            return {
                "terminals": printed("exec", container, "cat", "/tmp/terminal"),  # noqa: S108 - in the container
                "extensions": printed("exec", container, "sh", "-c", find),
            }
        finally:
            browser.communicate(timeout=60)
