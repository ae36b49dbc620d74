"""Runs the tests of an image (``tests:``, ``provides:`` and pinned packages) in one request to a running container."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from image_matrix.verify import contract
from image_matrix.verify.accelerators import accelerator_names, accelerator_results, frameworks
from image_matrix.verify.expectations import version_fits
from image_matrix.verify.probe_client import ask, judged, source
from image_matrix.verify.probe_output import end, read
from image_matrix.verify.r import r_request, r_results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import TestKind
    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Result, Subject
    from image_matrix.verify.probe_output import ProbeAnswers

WORDS: Mapping[TestKind, str] = {
    "commands": "command",
    "http": "http",
    "files": "file",
    "imports": "import",
    "r_packages": "r-package",
}
"""Kind of test to the first word of its results' names, in the order of the results."""
COMMAND_SECONDS = 60.0
LOAD_SECONDS = 180.0
"""Seconds for all that Python imports, and for all that R loads."""
KEPT = 200_000
"""Characters of their output that are kept: frameworks print a lot, and no answer may be lost."""
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "jupyterhub": ("jupyterhub-singleuser", "--version"),
    "r": ("R", "--version"),
    "conda": ("conda", "--version"),
    "mamba": ("mamba", "--version"),
    "micromamba": ("micromamba", "--version"),
    "npm": ("npm", "--version"),
}
"""What an image can provide beside Python and its distributions, to the command that proves it.

JupyterHub starts this command; its version in other environments of the image does not count.
"""
_VERSION = re.compile(r"\d+(?:\.\w+)+")
EMPTY_ANSWER = {"code": 0, "out": ""}
"""The answer of Python if it got no request."""


def image_test_names(subject: Subject) -> tuple[str, ...]:
    """Return the names of the results of :func:`image_test_results`, in order."""
    return (
        *(f"{word} {key}" for kind, word in WORDS.items() for key in subject.tests.get(kind, {})),
        *(f"version {name}" for name in subject.provides),
        *(["packages"] if subject.pins else []),
        *accelerator_names(subject),
    )


def image_test_results(container: Container, subject: Subject, prefix: str) -> Iterator[Result]:
    """Run the tests of a subject in a container that serves below ``prefix``."""
    commands, paths, pages = (subject.tests.get(kind, {}) for kind in ("commands", "files", "http"))
    programs = provided_programs(subject)
    request = python_request(subject)
    python = ["python", "-c", source("python_probe"), json.dumps(request)] if any(request.values()) else []
    interpreted = [words for words in (python, [*r_request(subject)]) if words]
    questions: list[tuple[str, dict[str, Any]]] = [
        *(("run", {"words": shlex.split(command), "seconds": COMMAND_SECONDS}) for command in commands),
        *(("run", {"words": [*PROGRAMS[name]], "seconds": COMMAND_SECONDS}) for name in programs),
        *(("get", {"path": f"{prefix}{path}", "prefix": prefix}) for path in pages),
        ("files", {"paths": [*paths]}),
        *(("run", {"words": words, "seconds": LOAD_SECONDS, "keep": KEPT}) for words in interpreted),
    ]
    run = len(commands) + len(programs)
    answers = ask(container, *questions, seconds=2 * LOAD_SECONDS + COMMAND_SECONDS * (run + 1))
    yield from command_results(commands, answers)
    yield from program_results(programs, answers[len(commands) :])
    yield from _pages(pages, answers[run:], prefix)
    for path in paths:
        yield file_result(path, exists=path not in answers[run + len(pages)]["missing"])
    loaded = answers[run + len(pages) + 1 :]
    yield from python_results(subject, loaded[0] if python else EMPTY_ANSWER)
    yield from r_results(subject, loaded[-1] if loaded else EMPTY_ANSWER)


def provided_programs(subject: Subject) -> dict[str, str]:
    """Return what a subject provides that a program proves, to its version."""
    return {name: version for name, version in subject.provides.items() if name in PROGRAMS}


def python_request(subject: Subject) -> dict[str, list[str]]:
    """Return the request to the image's Python; nothing is asked if all of its lists are empty."""
    names = dict.fromkeys([*subject.provides, *subject.pins])
    return {
        "versions": [name for name in names if name not in PROGRAMS or name in subject.pins],
        "imports": [*subject.tests.get("imports", {})],
        "frameworks": [*frameworks(subject)],
    }


def file_result(path: str, *, exists: bool) -> Result:
    """Return the result for a path of ``tests: files``."""
    return judged(f"file {path}", "" if exists else "it does not exist, or is not readable")


def program_results(programs: Mapping[str, str], answers: list[dict[str, Any]]) -> Iterator[Result]:
    """Yield whether the programs have the version that is stated."""
    for (name, required), answer in zip(programs.items(), answers, strict=False):
        match = _VERSION.search(answer["out"]) if answer["code"] == 0 else None
        fits = match is not None and version_fits(match[0], required, exact=False)
        seen = match[0] if match else f"`{' '.join(PROGRAMS[name])}`: {end(answer['out'])}"
        yield judged(f"version {name}", "" if fits else f"{seen}, not {required}", answer["seconds"], seen)


def command_results(commands: Mapping[str, str], answers: list[dict[str, Any]]) -> Iterator[Result]:
    """Yield whether commands ended with exit code 0 and printed what is expected."""
    for (command, expected), answer in zip(commands.items(), answers, strict=False):
        out = answer["out"].strip()
        problem = ""
        if answer["code"] != 0:
            problem = f"exit code {answer['code']}: {end(out)}"
        elif expected not in out:
            problem = f"`{expected}` is not in its output: {end(out)}"
        yield judged(f"command {command}", problem, answer["seconds"], end(out))


def _pages(pages: Mapping[str, str], answers: list[dict[str, Any]], prefix: str) -> Iterator[Result]:
    for (path, expected), answer in zip(pages.items(), answers, strict=False):
        problem = contract.page(answer, f"{prefix}{path}")
        if not problem and expected not in answer["body"]:
            problem = f"`{expected}` is not in the answer: {answer['body'][:80]}"
        yield judged(f"http {path}", problem, answer["seconds"])


def python_results(subject: Subject, answer: dict[str, Any]) -> Iterator[Result]:
    """Yield what the answer of the image's Python means for imports, versions and frameworks."""
    answers = read(answer["out"])
    silent = f"Python ended with exit code {answer['code']}: {end(answer['out'])}"
    for module in subject.tests.get("imports", {}):
        problem, seconds = answers.get(("import", module), (silent, 0.0))
        yield judged(f"import {module}", problem, seconds)
    for name, required in subject.provides.items():
        if name in PROGRAMS:
            continue
        installed = answers.get(("version", name), ("", 0.0))[0]
        fits = bool(installed) and version_fits(installed, required, exact=False)
        yield judged(
            f"version {name}", "" if fits else f"{installed or silent}, not {required}", detail=installed
        )
    if subject.pins:
        yield packages(subject.pins, answers)
    yield from accelerator_results(subject, answers, silent)


def packages(pins: Mapping[str, str], answers: ProbeAnswers) -> Result:
    """Check that all pinned packages of the chain have their version: a child must not change its parent's packages."""
    wrong = [
        f"{name} {installed or 'is not installed'}, not {required}"
        for name, required in pins.items()
        if not (installed := answers.get(("version", name), ("", 0.0))[0])
        or not version_fits(installed, required, exact=True)
    ]
    return judged("packages", "; ".join(wrong), detail=f"{len(pins)} pinned")
