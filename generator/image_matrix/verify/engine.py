"""The container engine as its command line: the one place of ``verify`` that runs processes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.program import advice
from image_matrix.retry import Again, persevere, worth
from image_matrix.stderr import failed, reason

if TYPE_CHECKING:
    from threading import Event

    from image_matrix.verify.volume import Volume

LABEL = "image-matrix.verify"
UNSTARTABLE = (126, 127)
"""``docker run``: the image's entry point cannot be run or is not there (docs.docker.com/engine/containers/run)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of the command line gave; ``code`` is ``None`` where it took longer than allowed."""

    code: int | None
    out: str
    err: str = ""


class Stopped(Exception):  # noqa: N818 - no failure: somebody wants no more
    """The checks were interrupted: nothing is started or asked any more."""


class Unstartable(Exception):  # noqa: N818 - an answer about the image, caught by whoever started it
    """The engine works, but the image's entry point does not start."""


TMPFS = ("/tmp", "/run")  # noqa: S108 - in the container
"""What can be written to in a container with a read-only root."""
Call = Callable[[tuple[str, ...], str | None, float], Answer]
"""Arguments, standard input and seconds allowed, to the answer."""


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
    """Options that give devices to the container."""

    def arguments(self) -> tuple[str, ...]:
        """Return the options, image and command for ``docker run``; every container is without privileges."""
        flags = {
            "platform": self.platform,
            "user": self.user,
            "network": self.network,
            "entrypoint": self.entrypoint,
            "mount": self.volume.mount() if self.volume else None,
        }
        return (
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            *(f"--{name}={value}" for name, value in flags.items() if value is not None),
            *(f"--env={name}={value}" for name, value in self.env.items()),
            *(f"--group-add={group}" for group in self.groups),
            *(("--read-only",) if self.read_only else ()),
            *(f"--tmpfs={path}" for path in self.tmpfs),
            *self.devices,
            self.image,
            *self.command,
        )


@dataclass(frozen=True, slots=True)
class Container:
    """A container that was started."""

    engine: Engine
    id: str

    def run(self, *command: str, text: str | None = None, seconds: float = 60.0) -> Answer:
        """Run a command in it, with ``text`` as its standard input."""
        interactive = ("--interactive",) if text is not None else ()
        return self.engine.call(("exec", *interactive, self.id, *command), text, seconds)

    def log(self, lines: int = 25) -> str:
        """Return the end of what it printed, both streams in their order as far as the engine kept it."""
        answer = self.engine.call(("logs", f"--tail={lines}", self.id), None, 30.0)
        return (answer.out + answer.err).strip()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; return its exit code, or ``None`` where it still runs."""
        answer = self.engine.call(("wait", self.id), None, seconds)
        return int(answer.out) if answer.code == 0 and answer.out.strip().isdigit() else None

    def signal(self, name: str) -> None:
        """Send a signal to its first process."""
        self.engine.call(("kill", f"--signal={name}", self.id), None, 30.0)


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine; ``call`` runs its command line, ``run`` marks the containers of one run."""

    call: Call
    run: str = field(default_factory=lambda: os.urandom(6).hex())

    @contextmanager
    def container(self, spec: Spec) -> Iterator[Container]:
        """Start a container, and remove it with its volume at the end.

        Raises :class:`Unstartable` where the image's entry point is at fault, :class:`EnvironmentFailure` where the
        engine is, which says nothing about the image.
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

    def until(self, stop: Event) -> Engine:
        """Return this engine as it is before ``stop`` is set; after it, only containers can be removed."""

        def call(arguments: tuple[str, ...], text: str | None, seconds: float) -> Answer:
            if stop.is_set() and arguments[0] != "rm":
                raise Stopped
            return self.call(arguments, text, seconds)

        return Engine(call, self.run)

    def remove_all(self) -> None:
        """Remove the containers of this run; whoever asks or awaits one of them gets an answer at once."""
        found = self.call(("ps", "--all", "--quiet", f"--filter=label={LABEL}={self.run}"), None, 30.0)
        if names := found.out.split():
            self.call(("rm", "--force", "--volumes", *names), None, 60.0)

    def has(self, image: str) -> bool:
        """Say whether an image is in the engine's store."""
        return self.call(("image", "inspect", "--format={{.Id}}", image), None, 30.0).code == 0

    def pull(self, image: str, platform: str | None) -> None:
        """Pull an image, again where its registry cannot answer for the moment; raises :class:`EnvironmentFailure`."""
        options = (f"--platform={platform}",) if platform else ()
        answer = persevere(
            lambda: self.call(("pull", "--quiet", *options, image), None, 3600.0), _worth, time.sleep
        )
        if answer.code != 0:
            raise EnvironmentFailure(
                failed(f"{image} is not on this machine and cannot be pulled", answer.err),
                advice(answer.err, "build it first, or check the login of its registry"),
            )

    def runtimes(self) -> frozenset[str]:
        """Return the names of the engine's container runtimes: ``nvidia`` and ``habana`` among them have devices.

        Raises :class:`EnvironmentFailure` where the engine does not say it: without a runtime nothing would be tested.
        """
        answer = self.call(("info", "--format={{json .Runtimes}}"), None, 30.0)
        if answer.code != 0:
            raise EnvironmentFailure(
                failed("the container engine does not name its runtimes", answer.err), "see `docker info`"
            )
        return frozenset(json.loads(answer.out or "{}"))


def _worth(pulled: Answer) -> Again | None:
    return worth(pulled.err) if pulled.code else None


def docker() -> Engine:
    """Return the engine that the ``docker`` command line talks to; raises :class:`EnvironmentFailure` without one."""
    engine = Engine(_call)
    answer = engine.call(("version", "--format={{.Server.Version}}"), None, 30.0)
    if answer.code != 0:
        raise EnvironmentFailure(
            failed("the container engine does not answer", answer.err), "start it, or set DOCKER_HOST"
        )
    return engine


def _call(arguments: tuple[str, ...], text: str | None, seconds: float) -> Answer:
    import subprocess

    source = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
    try:
        done = subprocess.run(
            ("docker", *arguments),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            start_new_session=True,  # Ctrl-C is for us: what runs is ended in order, and nothing stays behind
            **source,
        )
    except subprocess.TimeoutExpired as error:
        return Answer(None, _text(error.stdout), _text(error.stderr))
    except FileNotFoundError as error:
        raise EnvironmentFailure(
            "there is no `docker` on PATH", "install Docker or Podman's docker"
        ) from error
    return Answer(done.returncode, done.stdout, done.stderr)


def _text(stream: bytes | str | None) -> str:
    return stream.decode(errors="replace") if isinstance(stream, bytes) else stream or ""
