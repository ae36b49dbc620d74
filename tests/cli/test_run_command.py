"""``run`` with a stand-in for docker, whose container is a server of this test."""

from __future__ import annotations

import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.running_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Repository

STUB = """\
#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
case "$1 $2" in
  "version "*) echo 28.0 ;;
  "context "*) cat "$here/endpoint" ;;
  "info "*) echo '{"runc": {}}' ;;
  "image inspect") cat "$here/config" ;;
  "pull "*) echo "Error response from daemon: manifest unknown" >&2; exit 1 ;;
  "run --detach") cat "$here/refusal" >&2; [ ! -s "$here/refusal" ] ;;
  "run "*) exit 7 ;;
  "port "*) echo "127.0.0.1:$(cat "$here/port")" ;;
  "inspect "*) cat "$here/runs" ;;
  "wait "*) if grep -q true "$here/runs"; then exec sleep 60; else cat "$here/code"; fi ;;
  "logs --follow")
    while [ ! -e "$here/asked" ]; do sleep 0.05; done
    sleep 0.5
    sh "$here/then"
    exec sleep 60 ;;
  "logs "*) echo "image-matrix: open http://127.0.0.1:8888/lab?token=0a1b" ;;
  "stop "*) echo false > "$here/runs" ;;
esac
"""
"""An engine with one image. Its log ends when the server has been asked, after what ``then`` does."""
CONFIG = '{"Entrypoint": ["/init"], "ExposedPorts": {"8888/tcp": {}}, "Env": ["PATH=/bin"]}\n'


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "engine"
    folder.mkdir()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (folder / "asked").touch()
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
            """Say nothing."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as http:
        files = {"docker": STUB, "config": CONFIG, "endpoint": "unix:///run/docker.sock\n", "refusal": "",
                 "port": str(http.server_port), "runs": "true\n", "code": "0\n", "calls": "",
                 "then": "kill -INT $(ps -o ppid= -p $PPID)\n"}  # fmt: skip
        for name, text in files.items():
            (folder / name).write_text(text)
        (folder / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        yield folder


def calls(engine: Path, verb: str) -> list[str]:
    return [line for line in (engine / "calls").read_text().splitlines() if line.startswith(f"{verb} ")]


@pytest.fixture
def lab(repository: Repository) -> Repository:
    repository.replace("    description: JupyterLab\n", "    description: JupyterLab\n    kind: jupyter\n")
    return repository


@pytest.mark.slow
def test_an_image_is_followed_until_ctrl_c(lab: Repository, engine: Path) -> None:
    ran = lab("run", "jupyter")
    assert (ran.code, ran.out) == (0, f"http://127.0.0.1:{(engine / 'port').read_text()}/lab?token=0a1b\n")
    assert "jupyter:python3.13: starting ghcr.io/team/notebooks/jupyter:python3.13-" in ran.err
    assert "the volume image-matrix-jupyter, which stays" in ran.err
    assert "Ctrl-C ends it" in ran.err
    assert ran.err.endswith("jupyter:python3.13: stopped and removed\n")
    (started,) = calls(engine, "run")
    name = started.partition("--name=")[2].split()[0]
    assert (
        "--publish=127.0.0.1::8888 --mount=type=volume,src=image-matrix-jupyter,dst=/home/jovyan" in started
    )
    assert (calls(engine, "stop"), calls(engine, "rm")) == (
        [f"stop -t 2 {name}"],
        [f"rm --force --volumes {name}"],
    )


@pytest.mark.slow
def test_a_terminal_that_is_closed_ends_it_too(lab: Repository, engine: Path) -> None:
    (engine / "then").write_text("kill -HUP $(ps -o ppid= -p $PPID)\n")
    before = signal.getsignal(signal.SIGHUP)
    assert lab("run", "jupyter").code == 0
    assert len(calls(engine, "rm")) == 1
    assert signal.getsignal(signal.SIGHUP) == before


@pytest.mark.slow
def test_an_image_that_ends_by_itself_is_no_success(lab: Repository, engine: Path) -> None:
    then = f"echo false > {engine}/runs; echo 3 > {engine}/code; kill $PPID\n"
    (engine / "then").write_text(then)
    ran = lab("run", "jupyter")
    assert ran.code == 1
    assert "jupyter:python3.13 ended with exit code 3" in ran.err
    assert len(calls(engine, "rm")) == 1


@pytest.mark.slow
def test_a_detached_image_stays(lab: Repository, engine: Path) -> None:
    ran = lab("run", "--detach", "--port", "18888", "--volume", "none", "jupyter")
    assert ran.code == 0
    assert "/lab?token=0a1b\n" in ran.out
    (started,) = calls(engine, "run")
    assert "run --detach --rm " in started
    assert "--publish=127.0.0.1:18888:8888" in started
    assert "--mount" not in started
    name = started.partition("--name=")[2].split()[0]
    assert f"`docker stop {name}` ends and removes it" in ran.err
    assert not calls(engine, "stop") + calls(engine, "rm")


@pytest.mark.slow
def test_a_command_has_the_terminal_and_gives_its_exit_code(
    lab: Repository, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_HERE", "secret")
    ran = lab(
        "-v", "run", "jupyter:python3.13", "--env", "A=hidden", "--env", "FROM_HERE", "--", "python", "-V"
    )
    assert ran.code == 7
    assert ran.out == ""
    assert "secret" not in ran.err
    assert "hidden" not in ran.err
    (started,) = calls(engine, "run")
    assert started.startswith("run --interactive --pull=never")
    assert "--env=A=hidden --env=FROM_HERE" in started
    assert started.endswith(" python -V")
    assert len(calls(engine, "rm")) == 1


def test_the_first_variant_is_run_and_said_and_nothing_listens_in_a_base(
    repository: Repository, engine: Path
) -> None:
    ran = repository("run", "base")
    assert ran.code == 7
    assert "base has 2 variants; this is the first, base:python3.13" in ran.err
    assert calls(engine, "run")[0].endswith(" bash")
    ran = repository("run", "base", "--detach")
    assert ran.code == 2
    assert "a shell alone ends at once" in ran.err


def test_a_port_in_use(lab: Repository, engine: Path) -> None:
    (engine / "refusal").write_text("docker: Bind for 127.0.0.1:80 failed: port is already allocated.\n")
    ran = lab("run", "jupyter", "--port", "80")
    assert ran.code == 3
    assert "port 80 is in use on the engine's machine" in ran.err
    assert len(calls(engine, "rm")) == 1


def test_an_image_that_is_nowhere_is_to_be_built(lab: Repository, engine: Path) -> None:
    (engine / "docker").write_text(STUB.replace('cat "$here/config"', "exit 1"))
    ran = lab("run", "jupyter")
    assert ran.code == 3
    assert "jupyter:python3.13: pulling ghcr.io/" in ran.err
    assert "`image-matrix build jupyter:python3.13`" in ran.err
    ran = lab("run", "jupyter", "--image", "localhost/other")
    assert "image-matrix build" not in ran.err
    assert not calls(engine, "run")


def test_what_the_matrix_knows_is_said_before_a_pull(lab: Repository, engine: Path) -> None:
    (engine / "docker").write_text(STUB.replace('cat "$here/config"', "exit 1"))
    assert "has no accelerator with a device" in lab("run", "jupyter", "--gpus").err
    assert not calls(engine, "pull")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("jupiter",), "did you mean `jupyter`?"),
        (("jupyter:python3.11",), "unknown variant"),
        (("jupyter", "--platform", "linux/riscv64"), "it is built for linux/amd64"),
        (("jupyter", "--volume", "./work"), "names a folder, and a volume is needed"),
        (("jupyter", "--env", "NOT_SET_ANYWHERE"), "write `--env NOT_SET_ANYWHERE=VALUE`"),
        (("jupyter", "--gpus"), "has no accelerator with a device"),
        (("jupyter", "--port", "0"), "0 is not in the range"),
        (("jupyter", "--image", ""), "it is empty"),
        (("base", "--port", "80"), "base:python3.13 has no port"),
        ((), "VARIANT"),
    ],
)
def test_a_wrong_call_starts_nothing(
    lab: Repository, engine: Path, arguments: tuple[str, ...], problem: str
) -> None:
    ran = lab("run", *arguments)
    assert ran.code == 2
    assert problem in ran.err
    assert not calls(engine, "run")


def test_no_docker(lab: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = lab("run", "jupyter")
    assert ran.code == 3
    assert "`docker` is not on PATH" in ran.err
