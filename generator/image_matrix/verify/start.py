"""Checks images that do not promise to be notebooks, from outside: nothing but the engine is needed in them."""

from __future__ import annotations

import json
import shlex
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from image_matrix.verify import contract
from image_matrix.verify.engine import LOOPBACK, UNSTARTABLE, Spec
from image_matrix.verify.image_tests import (
    COMMAND_SECONDS,
    EMPTY_ANSWER,
    LOAD_SECONDS,
    PROGRAMS,
    command_results,
    file_result,
    image_test_names,
    program_results,
    provided_programs,
    python_request,
    python_results,
)
from image_matrix.verify.model import Result
from image_matrix.verify.outside import answering, page_result
from image_matrix.verify.probe_client import Unanswered, judged, source
from image_matrix.verify.r import r_request, r_results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.verify.engine import CommandResult, Container, Engine
    from image_matrix.verify.model import Subject

    Run = Callable[[tuple[str, ...], float], CommandResult]
    """Words and a timeout in seconds, to the result of the command in the image."""

SETTLED = 3.0
"""Seconds after which a start counts as good."""
GRACE = 10.0
"""Seconds from SIGTERM to the end: the engine's default."""
TRIVIAL = ("true",)
"""What an image without entry point and command is started with."""
PYTHONS = ("python", "python3")
"""The names of Python on PATH; a distribution has the second one alone."""
READABLE = (
    "sh",
    "-c",
    'case "$1" in "~/"*) set -- "${HOME:-}/${1#??}" ;; esac; [ -r "$1" ]',
    "sh",
)
"""Tests, in the image's shell, whether its user can read a path."""


def start_checks(subject: Subject) -> tuple[str, ...]:
    """Return the checks of the contract ``none``."""
    return ("start", *image_test_names(subject))


def service_checks(subject: Subject) -> tuple[str, ...]:
    """Return the checks of the contract ``service``."""
    return ("start", "answers", *image_test_names(subject), "running", "sigterm")


def start(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Start an image as it is, and run its tests, each in a container of its own: it may have ended long ago."""
    spec = _spec(engine, subject)
    with engine.container(spec) as container:
        yield _started(container, {0})
        for path in subject.tests.get("http", {}):
            yield Result(f"http {path}", "skipped", detail="the contract `none` promises no server")
        yield from _tests(subject, partial(_alone, engine, subject), container)


def service(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Start an image as it is, expect an answer on one of its ports, run its tests, and stop it."""
    spec = _spec(engine, subject)
    ports = engine.start_of(subject.image).ports
    host = engine.host() if ports else None
    published = tuple(f"{LOOPBACK}::{port}" if host == LOOPBACK else str(port) for port in ports if host)
    began = time.monotonic()
    with engine.container(replace(spec, publish=published)) as container:
        yield _started(container, set())
        addresses = [f"{host}:{number}" for port in ports if host and (number := container.port(port))]
        address = answering(addresses, container.runs, subject.deadline) if addresses else None
        yield _answers(container, ports, host, address, time.monotonic() - began)
        yield from _pages(subject, address)
        yield from _tests(subject, lambda words, seconds: container.run(*words, seconds=seconds), container)
        yield judged("running", "" if container.runs() else "it has ended", container=container)
        yield _stopped(container)


def _spec(engine: Engine, subject: Subject) -> Spec:
    words = engine.start_of(subject.image).words
    return Spec(subject.image, subject.platform, command=() if words else TRIVIAL, confined=False)


def _started(container: Container, codes: set[int]) -> Result:
    """Wait until the start counts as good; raises :class:`Unanswered` if the container ends with another code."""
    began = time.monotonic()
    code = container.wait(SETTLED)
    took = time.monotonic() - began
    if code is not None and code not in codes:
        raise Unanswered(f"the container ended with exit code {code} after {took:.1f} s", container.log())
    return judged("start", "", took, "runs" if code is None else f"ended with exit code {code}")


def _answers(
    container: Container, ports: tuple[int, ...], host: str | None, address: str | None, took: float
) -> Result:
    if not ports:
        return Result("answers", "skipped", detail="the image exposes no port")
    if host is None:
        return Result(
            "answers", "skipped", detail="the engine is on a machine whose ports are not reached from here"
        )
    problem = "" if address else f"no answer on port {' or '.join(map(str, ports))} after {took:.0f} s"
    return judged("answers", problem, took, f"after {took:.1f} s", container)


def _pages(subject: Subject, address: str | None) -> Iterator[Result]:
    for path, expected in subject.tests.get("http", {}).items():
        yield page_result(path, expected, address)


def _stopped(container: Container) -> Result:
    """Send SIGTERM; with which code the process ends is its own business."""
    began = time.monotonic()
    container.signal("TERM")
    code = container.wait(GRACE)
    took = time.monotonic() - began
    problem = contract.ended(code, took, (code,) if code is not None else (), GRACE)
    return judged("sigterm", problem, took, f"{took:.1f} s, exit code {code}", container)


def _alone(engine: Engine, subject: Subject, words: tuple[str, ...], seconds: float) -> CommandResult:
    """Run a command in a container of its own, without the entry point."""
    program, *arguments = words
    spec = Spec(subject.image, subject.platform, entrypoint=program, command=tuple(arguments), confined=False)
    return engine.once(spec, seconds)


def _tests(subject: Subject, run: Run, container: Container) -> Iterator[Result]:
    """Run the tests of a subject, except those of pages."""
    commands, programs = subject.tests.get("commands", {}), provided_programs(subject)
    yield from command_results(commands, [_answer(run, tuple(shlex.split(line))) for line in commands])
    yield from program_results(programs, [_answer(run, PROGRAMS[name]) for name in programs])
    for path in subject.tests.get("files", {}):
        yield file_result(path, exists=_exists(run, container, path))
    yield from python_results(subject, _python(run, subject))
    if words := r_request(subject):
        yield from r_results(subject, _answer(run, words, LOAD_SECONDS))


def _answer(run: Run, words: tuple[str, ...], seconds: float = COMMAND_SECONDS) -> dict[str, Any]:
    began = time.monotonic()
    done = run(words, seconds)
    out = done.out + done.err if done.code is not None else f"{done.out}\nno end after {seconds:.0f} s"
    return {"code": -1 if done.code is None else done.code, "out": out, "seconds": time.monotonic() - began}


def _exists(run: Run, container: Container, path: str) -> bool:
    """Ask the image's shell; where there is none, the engine says whether the path exists."""
    code = run((*READABLE, path), COMMAND_SECONDS).code
    return container.has(path) if code in UNSTARTABLE else code == 0


def _python(run: Run, subject: Subject) -> dict[str, Any]:
    """Ask the first Python on PATH."""
    request = python_request(subject)
    if not any(request.values()):
        return EMPTY_ANSWER
    words = ("-c", source("python_probe"), json.dumps(request))
    answers = (_answer(run, (name, *words), LOAD_SECONDS) for name in PYTHONS)
    missing = {"code": 127, "out": "the image has no Python on PATH"}
    return next((answer for answer in answers if answer["code"] not in UNSTARTABLE), missing)
