"""Runs the command line of the container engine; nothing else in ``verify`` starts processes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.errors import EnvironmentFailure
from image_matrix.program import advice
from image_matrix.retry import RetryPolicy, persevere, retry_policy
from image_matrix.stderr import failed, reason

if TYPE_CHECKING:
    from threading import Event
    from urllib.parse import SplitResult

    from image_matrix.verify.volume import Volume

LABEL = "image-matrix.verify"
LOOPBACK = "127.0.0.1"
UNSTARTABLE = (126, 127)
"""Exit codes of ``docker run`` if the entry point cannot run or is missing (docs.docker.com/engine/containers/run)."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command; ``code`` is ``None`` if it took too long."""

    code: int | None
    out: str
    err: str = ""


class Stopped(Exception):  # noqa: N818 - an interruption is not an error
    """The checks were interrupted: no other command may run."""


class Unstartable(Exception):  # noqa: N818 - a result about the image, which the caller catches
    """The engine works, but the image's entry point does not start."""


TMPFS = ("/tmp", "/run")  # noqa: S108 - in the container
"""Writable folders of a container with a read-only root."""
CommandRunner = Callable[[tuple[str, ...], str | None, float], CommandResult]
"""Arguments, standard input and timeout in seconds, to the result."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A container to start."""

    image: str
    platform: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    groups: tuple[int, ...] = ()
    volume: Volume | None = None
    read_only: bool = False
    tmpfs: tuple[str, ...] = ()
    network: str | None = None
    entrypoint: str | None = None
    command: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """Options that pass devices to the container."""
    publish: tuple[str, ...] = ()
    """Ports that are published, as ``--publish`` names them."""
    confined: bool = True
    """Whether it runs without capabilities, as notebooks must; other images have those of the engine."""

    def arguments(self) -> tuple[str, ...]:
        """Return the options, image and command for ``docker run``; no container is privileged."""
        flags = {
            "platform": self.platform,
            "user": self.user,
            "network": self.network,
            "entrypoint": self.entrypoint,
            "mount": self.volume.mount() if self.volume else None,
        }
        return (
            *(("--cap-drop=ALL", "--security-opt=no-new-privileges") if self.confined else ()),
            *(f"--{name}={value}" for name, value in flags.items() if value is not None),
            *(f"--env={name}={value}" for name, value in self.env.items()),
            *(f"--group-add={group}" for group in self.groups),
            *(("--read-only",) if self.read_only else ()),
            *(f"--tmpfs={path}" for path in self.tmpfs),
            *(f"--publish={port}" for port in self.publish),
            *self.devices,
            self.image,
            *self.command,
        )


@dataclass(frozen=True, slots=True)
class Start:
    """What the configuration of an image says about its start; opencontainers/image-spec, config.md."""

    words: tuple[str, ...] = ()
    """Entry point and command."""
    ports: tuple[int, ...] = ()
    """The TCP ports that it exposes."""
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Container:
    """A started container."""

    engine: Engine
    id: str

    def run(self, *command: str, text: str | None = None, seconds: float = 60.0) -> CommandResult:
        """Run a command in it, with ``text`` as its standard input."""
        interactive = ("--interactive",) if text is not None else ()
        return self.engine.call(("exec", *interactive, self.id, *command), text, seconds)

    def log(self, lines: int = 25) -> str:
        """Return the last lines of its output, from both streams, in order as far as the engine keeps it."""
        answer = self.engine.call(("logs", f"--tail={lines}", self.id), None, 30.0)
        return (answer.out + answer.err).strip()

    def wait(self, seconds: float) -> int | None:
        """Wait until it ends; return its exit code, or ``None`` if it still runs."""
        answer = self.engine.call(("wait", self.id), None, seconds)
        return int(answer.out) if answer.code == 0 and answer.out.strip().isdigit() else None

    def runs(self) -> bool:
        """Say whether it has not ended."""
        answer = self.engine.call(("inspect", "--format={{.State.Running}}", self.id), None, 30.0)
        return answer.out.strip() == "true"

    def has(self, path: str) -> bool:
        """Say whether a path exists in it, without running anything there."""
        return self.engine.call(("cp", f"{self.id}:{path}", "-"), None, 60.0).code == 0

    def port(self, inside: int) -> int | None:
        """Return the port of the engine's machine that a published port of it has."""
        answer = self.engine.call(("port", self.id, f"{inside}/tcp"), None, 30.0)
        number = answer.out.strip().splitlines()[0].rpartition(":")[2] if answer.out.strip() else ""
        return int(number) if number.isdigit() else None

    def signal(self, name: str) -> None:
        """Send a signal to its first process."""
        self.engine.call(("kill", f"--signal={name}", self.id), None, 30.0)


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine; ``call`` runs its command line, ``run`` is the label of this run's containers."""

    call: CommandRunner
    run: str = field(default_factory=lambda: os.urandom(6).hex())

    @contextmanager
    def container(self, spec: Spec) -> Iterator[Container]:
        """Start a container, and remove it with its volume at the end.

        Raises :class:`Unstartable` if the image's entry point does not start, and :class:`EnvironmentFailure` if the
        engine fails, which says nothing about the image.
        """
        name = f"image-matrix-{os.urandom(6).hex()}"
        marks = (f"--name={name}", f"--label={LABEL}={self.run}")
        start = ("run", "--detach", "--pull=never", *marks, *spec.arguments())
        try:
            answer = self.call(start, None, 120.0)
            if answer.code != 0:
                if answer.code in UNSTARTABLE:
                    raise Unstartable("\n".join(reason(answer.err)))
                raise EnvironmentFailure(failed(f"the engine cannot start {spec.image}", answer.err))
            yield Container(self, answer.out.strip())
        finally:
            self.call(("rm", "--force", "--volumes", name), None, 60.0)

    def once(self, spec: Spec, seconds: float) -> CommandResult:
        """Run a container to its end, and remove it."""
        name = f"image-matrix-{os.urandom(6).hex()}"
        marks = (f"--name={name}", f"--label={LABEL}={self.run}")
        try:
            return self.call(("run", "--pull=never", *marks, *spec.arguments()), None, seconds)
        finally:
            self.call(("rm", "--force", "--volumes", name), None, 60.0)

    def start_of(self, image: str) -> Start:
        """Return what an image's configuration says about its start."""
        answer = self.call(("image", "inspect", "--format={{json .Config}}", image), None, 30.0)
        if answer.code != 0:
            raise EnvironmentFailure(failed(f"the engine does not describe {image}", answer.err))
        config = json.loads(answer.out) or {}
        exposed = (text.partition("/") for text in config.get("ExposedPorts") or {})
        ports = [
            int(number) for number, _, protocol in exposed if number.isdigit() and protocol in ("", "tcp")
        ]
        words = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
        env = dict(text.partition("=")[::2] for text in config.get("Env") or ())
        return Start(words, tuple(sorted(ports)), env)

    def endpoint(self) -> SplitResult:
        """Return the address of the engine; it is empty if the command line does not name it."""
        answer = self.call(("context", "inspect", "--format={{.Endpoints.docker.Host}}"), None, 30.0)
        return urlsplit((answer.out.strip() if answer.code == 0 else "") or os.environ.get("DOCKER_HOST", ""))

    def host(self) -> str | None:
        """Return the host that published ports are reached at, or ``None`` if there is none from here."""
        endpoint = self.endpoint()
        if endpoint.scheme in ("", "unix", "npipe") or endpoint.hostname in ("localhost", "::1"):
            return LOOPBACK
        return endpoint.hostname if endpoint.scheme in ("tcp", "http", "https") else None

    def until(self, stop: Event) -> Engine:
        """Return an engine that, once ``stop`` is set, can only remove containers."""

        def call(arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
            if stop.is_set() and arguments[0] != "rm":
                raise Stopped
            return self.call(arguments, text, seconds)

        return Engine(call, self.run)

    def remove_all(self) -> None:
        """Remove the containers of this run; commands that wait for one of them return at once."""
        containers = self.call(("ps", "--all", "--quiet", f"--filter=label={LABEL}={self.run}"), None, 30.0)
        if names := containers.out.split():
            self.call(("rm", "--force", "--volumes", *names), None, 60.0)

    def has(self, image: str) -> bool:
        """Say whether an image is in the engine's store."""
        return self.call(("image", "inspect", "--format={{.Id}}", image), None, 30.0).code == 0

    def pull(self, image: str, platform: str | None, remedy: str) -> None:
        """Pull an image, with retries if its registry is unavailable; raises :class:`EnvironmentFailure`.

        ``remedy`` is the help if the registry does not have the image.
        """
        options = (f"--platform={platform}",) if platform else ()
        answer = persevere(
            lambda: self.call(("pull", "--quiet", *options, image), None, 3600.0), _judge, time.sleep
        )
        if answer.code != 0:
            raise EnvironmentFailure(
                failed(f"{image} is not on this machine and cannot be pulled", answer.err),
                advice(answer.err, remedy),
            )

    def runtimes(self) -> frozenset[str]:
        """Return the names of the engine's container runtimes; ``nvidia`` and ``habana`` have devices.

        Raises :class:`EnvironmentFailure` if the engine does not name them, since no device would be tested then.
        """
        answer = self.call(("info", "--format={{json .Runtimes}}"), None, 30.0)
        if answer.code != 0:
            raise EnvironmentFailure(
                failed("the container engine does not name its runtimes", answer.err), "see `docker info`"
            )
        return frozenset(json.loads(answer.out or "{}"))


def _judge(pulled: CommandResult) -> RetryPolicy | None:
    return retry_policy(pulled.err) if pulled.code else None


def docker() -> Engine:
    """Return the engine of the ``docker`` command line; raises :class:`EnvironmentFailure` if it does not answer."""
    engine = Engine(_call)
    answer = engine.call(("version", "--format={{.Server.Version}}"), None, 30.0)
    if answer.code != 0:
        raise EnvironmentFailure(
            failed("the container engine does not answer", answer.err), "start it, or set DOCKER_HOST"
        )
    return engine


def _call(arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
    import subprocess

    source = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
    try:
        done = subprocess.run(
            ("docker", *arguments),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
            start_new_session=True,  # Ctrl-C reaches only this program, which then ends the containers in order
            **source,
        )
    except subprocess.TimeoutExpired as error:
        return CommandResult(None, _text(error.stdout), _text(error.stderr))
    except FileNotFoundError as error:
        raise EnvironmentFailure("`docker` is not on PATH", "install Docker or Podman's docker") from error
    return CommandResult(done.returncode, done.stdout, done.stderr)


def _text(stream: bytes | str | None) -> str:
    return stream.decode(errors="replace") if isinstance(stream, bytes) else stream or ""
