"""Docker's client in images of the kind ``buildx``: its builder, its folders, and what it says without a daemon."""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import pytest

from tests.answering import SETTINGS, answering
from tests.certificates import issue, needs_openssl, server_context

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOTFS = Path(__file__).parents[2] / "templates/rootfs/buildx"
LIBRARY = "usr/local/lib/image-matrix"
ADDRESS = "tcp://buildkit.example.org:1234"
OTHER_FOLDER = "write `export BUILDX_CONFIG=$(mktemp -d)`"
FAKE = """\
#!/bin/sh
printf '%s\\n' "$*" >>"$RECORD"
case "$*" in
*nonsense*) echo "ERROR: unrecognized url scheme" >&2; exit 1 ;;
*"buildx create"*) sleep 0.2; mkdir -p "$BUILDX_CONFIG"; echo '{"Name": "notebook"}' >"$BUILDX_CONFIG/current" ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The kind's files below a folder, with a docker that records what it is asked."""
    for path in (f"{LIBRARY}/docker-settings.sh", f"{LIBRARY}/docker_builder.py", "usr/local/bin/docker"):
        text = (ROOTFS / path).read_text().replace("/usr/local/lib", f"{tmp_path}/usr/local/lib")
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("/usr/bin/docker", f"{tmp_path}/docker"))
    (tmp_path / "docker").write_text(FAKE)
    (tmp_path / "docker").chmod(0o755)
    return tmp_path


def docker(place: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call the client of the image."""
    folders = {"DOCKER_CONFIG": str(place / "config"), "BUILDX_CONFIG": str(place / "config/buildx")}
    environment = {"PATH": os.environ["PATH"], "RECORD": str(place / "record"), **folders, **variables}
    command = ["sh", str(place / "usr/local/bin/docker"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def asked(place: Path) -> list[str]:
    """What docker itself was asked."""
    return (place / "record").read_text().splitlines() if (place / "record").exists() else []


@pytest.mark.parametrize(
    "words", [("build", "."), ("image", "build", "."), ("push", "x"), ("run", "x"), ("ps",)]
)
def test_what_needs_a_daemon_names_what_works(place: Path, words: tuple[str, ...]) -> None:
    done = docker(place, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("docker: no Docker daemon runs here: write `docker buildx build --push ")
    assert asked(place) == []


def test_nothing_is_loaded(place: Path) -> None:
    """BuildKit would build everything, and then say that a pipe is closed."""
    done = docker(place, "buildx", "build", "--load", ".", BUILDKIT_HOST=ADDRESS)
    assert (done.returncode, asked(place)) == (1, [])
    assert done.stderr.endswith("write `--push`, or `--output type=oci,dest=FILE`\n")


@pytest.mark.parametrize("variable", ["DOCKER_HOST", "DOCKER_CONTEXT"])
def test_a_daemon_of_the_user_s_own_is_asked(place: Path, variable: str) -> None:
    assert docker(place, "build", "a b", **{variable: "mine"}).returncode == 0
    assert asked(place) == ["build a b"]


@pytest.mark.parametrize("words", [("login", "r"), ("--version",), ("buildx", "version"), ("buildx",), ()])
def test_the_rest_is_docker_s(place: Path, words: tuple[str, ...]) -> None:
    assert docker(place, *words).returncode == 0
    assert asked(place) == [" ".join(words)]


@pytest.mark.parametrize("word", ["build", "b", "bake", "f"])
def test_a_build_without_an_address_says_what_to_set(place: Path, word: str) -> None:
    done = docker(place, "buildx", word, ".")
    assert (done.returncode, asked(place)) == (1, [])
    assert "write `export BUILDKIT_HOST=tcp://HOST:1234`" in done.stderr


@pytest.mark.parametrize("option", ["--builder=mine", "--builder mine"])
def test_a_builder_of_the_user_s_own_is_left_alone(place: Path, option: str) -> None:
    assert docker(place, "buildx", "build", *option.split(), ".").returncode == 0
    assert docker(place, "buildx", "build", ".", BUILDX_BUILDER="mine").returncode == 0
    assert asked(place) == [f"buildx build {option} .", "buildx build ."]


def test_the_address_becomes_the_builder_once(place: Path) -> None:
    """A new address replaces it; nothing but a build fails for a wrong one."""
    for address in ("tcp://127.0.0.1:9", "tcp://127.0.0.1:9", ADDRESS):
        assert docker(place, "buildx", "ls", BUILDKIT_HOST=address).returncode == 0
    listed = docker(place, "buildx", "ls", BUILDKIT_HOST="nonsense")
    assert listed.returncode == 0
    create = "buildx create --name=notebook --driver=remote --use"
    remove = "buildx rm notebook"
    assert asked(place) == [
        *(remove, f"{create} tcp://127.0.0.1:9", "buildx ls", "buildx ls"),
        *(remove, f"{create} {ADDRESS}", "buildx ls"),
        *(remove, f"{create} nonsense", "buildx ls"),
    ]
    refused = docker(place, "buildx", "build", ".", BUILDKIT_HOST="nonsense")
    said = "docker: BUILDKIT_HOST=nonsense: unrecognized url scheme: write tcp://HOST:1234\n"
    assert (refused.returncode, refused.stderr, listed.stderr) == (1, said, said)


def test_terminals_that_come_at_the_same_time_make_one_builder(place: Path) -> None:
    """Else one would remove what another has just made, and that one's build would look for a daemon."""
    with ThreadPoolExecutor() as pool:
        every = [pool.submit(docker, place, "buildx", "ls", BUILDKIT_HOST=ADDRESS) for _ in range(3)]
    assert {done.result().returncode for done in every} == {0}
    create = f"buildx create --name=notebook --driver=remote --use {ADDRESS}"
    assert asked(place) == ["buildx rm notebook", create, *["buildx ls"] * 3]


def test_a_folder_of_builders_that_cannot_be_written_is_named(place: Path) -> None:
    (place / "file").write_text("")
    done = docker(
        place, "buildx", "build", ".", BUILDKIT_HOST=ADDRESS, BUILDX_CONFIG=str(place / "file" / "buildx")
    )
    assert (done.returncode, done.stderr) == (
        1,
        f"docker: BUILDX_CONFIG={place}/file/buildx: not a directory: {OTHER_FOLDER}\n",
    )


def test_an_address_that_was_refused_has_taken_the_builder_of_the_one_before(place: Path) -> None:
    for address in (ADDRESS, "nonsense", ADDRESS):
        docker(place, "buildx", "ls", BUILDKIT_HOST=address)
    create = "buildx create --name=notebook --driver=remote --use"
    assert [line for line in asked(place) if "create" in line] == [
        f"{create} {ADDRESS}",
        f"{create} nonsense",
        f"{create} {ADDRESS}",
    ]


def test_mounted_certificates_are_options(place: Path) -> None:
    for names in (("ca.pem", "cert.pem", "key.pem"), ("ca.crt",)):
        folder = place / f"certificates, {len(names)}"
        folder.mkdir()
        for name in names:
            (folder / name).write_text("")
        docker(place, "buildx", "ls", BUILDKIT_HOST=ADDRESS, BUILDKIT_CERTIFICATES=str(folder))
    three, one = (f'--driver-opt="cacert={place}/certificates, {end}' for end in ('3/ca.pem"', '1/ca.crt"'))
    rest = " ".join(f'--driver-opt="{name}={place}/certificates, 3/{name}.pem"' for name in ("cert", "key"))
    created = [line for line in asked(place) if "create" in line]
    assert created == [
        f"buildx create --name=notebook --driver=remote --use {three} {rest} {ADDRESS}",
        f"buildx create --name=notebook --driver=remote --use {one} {ADDRESS}",
    ]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = ROOTFS / LIBRARY / "docker_builder.py"
    spec = importlib.util.spec_from_file_location("docker_builder", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def builders(place: Path, module: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of builders for the module, which calls the docker that records."""
    monkeypatch.setattr(module, "DOCKER", str(place / "docker"))
    monkeypatch.setenv("RECORD", str(place / "record"))
    monkeypatch.setenv("BUILDX_CONFIG", str(place / "builders"))
    (place / "builders").mkdir()
    return place / "builders"


def test_a_lock_that_nobody_gives_back_holds_up_no_terminal(
    place: Path, module: Any, builders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its holder was stopped; who has the settings already does not even wait."""
    with (builders / "image-matrix.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
        assert module.create(ADDRESS, {}, builders) == ""
        monkeypatch.setattr(module, "wait_for", lambda _: pytest.fail("it waits"))
        assert module.create(ADDRESS, {}, builders) == ""
    assert len(asked(place)) == 2


def no_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def test_a_file_system_without_locks_is_left_to_buildx(
    module: Any, builders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.fcntl, "flock", no_locks)
    said = "BUILDKIT_HOST=nonsense: unrecognized url scheme: write tcp://HOST:1234; "
    locks = f"BUILDX_CONFIG={builders}: no locks available: {OTHER_FOLDER}"
    assert module.create("nonsense", {}, builders) == said + locks
    assert module.create(ADDRESS, {}, builders) == ""


@pytest.fixture
def hanging(place: Path) -> Iterator[int]:
    """A pipe that docker and its child hold. They hang, as buildx does that waits for the lock of its folder."""
    os.mkfifo(place / "begun")
    pipe = os.open(place / "begun", os.O_RDONLY | os.O_NONBLOCK)
    (place / "docker").write_text(f"#!/bin/sh\nexec 3>'{place}/begun'\necho begun >&3\nsleep 600\nexit\n")
    yield pipe
    os.close(pipe)


def comes(pipe: int) -> bytes | None:
    """What is written to a pipe within half a minute; empty when all that had its other side have ended."""
    return os.read(pipe, 100) if select.select([pipe], [], [], 30)[0] else None


def test_a_buildx_that_hangs_is_ended_with_what_it_started(
    module: Any, builders: Path, hanging: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CREATE_SECONDS", 2)
    said = f"BUILDX_CONFIG={builders}: buildx has not ended in 2 seconds: {OTHER_FOLDER}"
    assert module.create(ADDRESS, {}, builders) == said
    assert [comes(hanging), comes(hanging)] == [b"begun\n", b""]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_what_ends_the_script_ends_what_it_started(place: Path, hanging: int, number: signal.Signals) -> None:
    """A terminal was closed: a buildx that hangs would keep the lock of its folder for good."""
    environment = {"BUILDX_CONFIG": str(place / "builders"), "BUILDKIT_HOST": ADDRESS}
    command = [sys.executable, "-I", str(place / LIBRARY / "docker_builder.py")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as script:
        assert comes(hanging) == b"begun\n"
        script.send_signal(number)
        assert comes(hanging) == b""
        assert script.communicate()[1] == b""
    assert script.returncode == 128 + signal.SIGINT


class Clock:
    """A clock that goes on only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("seconds", [0, 4, 600])
def test_the_lock_and_buildx_have_one_deadline(
    module: Any, builders: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """The lock is never given back, and each call of buildx takes some seconds, if it is let."""
    clock, popen = Clock(), MagicMock()

    def communicate(_: str, timeout: float) -> tuple[str, str]:
        clock.sleep(min(seconds, timeout))
        if seconds > timeout:
            raise subprocess.TimeoutExpired("docker", timeout)
        return "", ""

    docker = popen.return_value.__enter__.return_value
    docker.configure_mock(**{"communicate.side_effect": communicate, "returncode": 0})
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module.subprocess, "Popen", popen)
    with (builders / "image-matrix.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        reason = module.create(ADDRESS, {}, builders)
    assert clock.now <= module.CREATE_SECONDS + 0.1
    assert ("has not ended in 10 seconds" in reason) == bool(seconds)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (SETTINGS, ""),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak"),
        (b"", "it asks for TLS: ca.crt"),
    ],
)
def test_what_answers_at_the_address(module: Any, answer: bytes, said: str) -> None:
    with answering(answer) as address:
        found = module.fault(address, {})
    assert found.startswith(said)
    assert bool(found) is bool(said)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://buildkit.invalid:1234", "not known"),
        ("tcp://127.0.0.1", "its port is missing: write tcp://HOST:1234"),
        ("tcp://127.0.0.1:seven", "port could not be cast"),
    ],
)
def test_an_address_that_nobody_has(module: Any, address: str, said: str) -> None:
    assert said in module.fault(address, {})


def test_only_buildx_reaches_other_addresses(module: Any) -> None:
    assert module.fault("kube-pod://buildkitd", {}) == ""


@needs_openssl
def test_tls(module: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    issue(tmp_path)
    issue(other)
    files = module.tls_files(tmp_path)
    with answering(SETTINGS, server_context(tmp_path, clients=True)) as address:
        assert module.fault(address, files) == ""
    with answering(SETTINGS, server_context(other)) as address:
        assert "put the authority that signed it into ca.crt" in module.fault(address, files)
    with answering(SETTINGS, server_context(tmp_path, clients=True)) as address:
        assert module.fault(address, {"cacert": files["cacert"]}) == module.REFUSES
    with answering(SETTINGS) as address:
        assert module.fault(address, files) == module.REFUSES


def test_a_builder_that_is_a_daemon(module: Any, tmp_path: Path) -> None:
    (tmp_path / "current").write_text(json.dumps({"Key": "unix:///var/run/docker.sock", "Name": ""}))
    assert module.current(tmp_path) == ""
    assert module.unready("", "", {}) == module.NO_BUILDKIT
    assert module.unready("", ADDRESS, {}) == module.IS_DAEMON
    assert module.unready("mine", ADDRESS, {}) == ""


MEMORY = "docker_memory() { echo /memory; }; docker_settings; echo $DOCKER_CONFIG $BUILDX_CONFIG"


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ({}, "/memory /memory/buildx"),
        ({"DOCKER_CONFIG": "/mine"}, "/mine /memory/buildx"),
        ({"DOCKER_CONFIG": "/mine", "BUILDX_CONFIG": "/other"}, "/mine /other"),
    ],
)
def test_settings_of_the_pod_win(given: dict[str, str], settings: str) -> None:
    script = f'. "{ROOTFS / LIBRARY}/docker-settings.sh"; {MEMORY}'
    environment = {"PATH": os.environ["PATH"], **given}
    done = subprocess.run(["sh", "-euc", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == settings
