"""Starts the containers of ``verify``, each for several checks, and runs these checks."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.verify import contract
from image_matrix.verify.accelerators import DEVICES, device, vendor
from image_matrix.verify.alone import CHECKS as ALONE
from image_matrix.verify.alone import alone, arrive
from image_matrix.verify.closed_network import CHECK as CLOSED_NETWORK
from image_matrix.verify.closed_network import OF_PLACE, closed_network
from image_matrix.verify.contract import FS_GROUP, PREFIX, UNKNOWN_UID
from image_matrix.verify.docker_client import CHECKS as DOCKER_CHECKS
from image_matrix.verify.docker_client import docker_client
from image_matrix.verify.driver_folder import CHECK as DRIVER_FOLDER
from image_matrix.verify.driver_folder import VENDOR as NVIDIA
from image_matrix.verify.driver_folder import driver_folder
from image_matrix.verify.engine import TMPFS, Engine, Spec, Unstartable
from image_matrix.verify.environment import CHECK as ENVIRONMENT
from image_matrix.verify.environment import OF_POD, environment
from image_matrix.verify.hub import CHECKS as HUB_CHECKS
from image_matrix.verify.hub import hub, runs_under_hub
from image_matrix.verify.image_tests import image_test_names, image_test_results
from image_matrix.verify.interpreters import (
    KERNELS,
    USER_SITE,
    interpreter_checks,
    interpreter_results,
)
from image_matrix.verify.model import Result, Subject
from image_matrix.verify.pages import page_checks, page_results
from image_matrix.verify.places import look
from image_matrix.verify.probe_client import Unanswered, ask, judged
from image_matrix.verify.r import KERNEL as R_KERNEL
from image_matrix.verify.r import r_kernel
from image_matrix.verify.start import service, service_checks, start, start_checks
from image_matrix.verify.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.verify.engine import Container

GRACE = 10.0
"""Seconds from SIGTERM to the end: the engine's default; Kubernetes waits 30."""
BAD_PREFIXES = ("/notebook/../admin", "/notebook/a b", "/notebook/a?token=x")


CODE = 7
"""The exit code of :data:`COMMAND`."""
COMMAND = f"""\
echo "{contract.INIT_MARK}$(cat /proc/1/comm) ${{IMAGE_MATRIX_RUN:-}}"
[ ! -d "$HOME" ] || echo "{contract.HOME_MARK}$HOME"
find "$HOME" -mindepth 1 ! -user "$(id -u)" | sed "s/^/{contract.LEFT_MARK}/"
exit {CODE}
"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Checks that share containers."""

    checks: tuple[str, ...]
    run: Callable[[Engine, Subject], Iterator[Result]]


def pod(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Run it as Kubeflow does: uid 1000, a prefix, an empty volume of group 100."""
    spec = Spec(
        subject.image,
        subject.platform,
        {"NB_PREFIX": PREFIX},
        groups=(FS_GROUP,),
        volume=Volume(gid=FS_GROUP),
    )
    started = time.monotonic()
    with engine.container(spec) as container:
        if subject.ide:
            yield from page_results(container, subject, started)
        began = time.monotonic()
        home, facts, dead = ask(
            container, ("home", {"deadline": 20}), ("facts", {}), ("zombies", {"deadline": 5})
        )
        took = time.monotonic() - began
        yield judged("user", contract.user(facts), detail=facts["user"])
        yield judged("uid", contract.uid(facts), detail=str(facts["uid"]))
        yield judged("gid", contract.gid(facts, FS_GROUP), detail=str(facts["gid"]))
        yield judged("home", contract.home(facts), detail=facts["home"])
        yield judged("first-process", contract.first_process(facts))
        yield judged("zombies", contract.zombies(dead), container=container)
        yield judged("empty-volume", contract.volume(home), took, container=container)
        yield from interpreter_results(container, subject)
        yield from image_test_results(container, subject, f"{PREFIX}/")
        if subject.r_kernel:
            yield r_kernel(container)
        # last, so that all services have had time to listen
        (facts,) = ask(container, ("facts", {}))
        yield judged("ports", contract.ports(facts, (contract.PORT,) if subject.ide else ()))
        yield _stopped(container)


def _stopped(container: Container) -> Result:
    began = time.monotonic()
    container.signal("TERM")
    code = container.wait(GRACE)
    took = time.monotonic() - began
    return judged("sigterm", contract.ended(code, took, (0,), GRACE), took, f"{took:.1f} s", container)


def stranger(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Run it as OpenShift does: an unknown user id, group 0; here the prefix ends with a slash."""
    spec = Spec(
        subject.image, subject.platform, {"NB_PREFIX": f"{PREFIX}/"}, user=f"{UNKNOWN_UID}:0", groups=(UNKNOWN_UID,),
        volume=Volume(gid=UNKNOWN_UID),
    )  # fmt: skip
    began = time.monotonic()
    with engine.container(spec) as container:
        home, facts = ask(container, ("home", {"deadline": 20}), ("facts", {}))
        took = time.monotonic() - began
        problem = (
            contract.uid(facts, UNKNOWN_UID)
            or contract.gid(facts, UNKNOWN_UID)
            or contract.user(facts)
            or contract.volume(home)
        )
        yield judged("any-uid", problem, took, container=container)
        if subject.ide:
            yield _below_slash(container, subject, began)


def _below_slash(container: Container, subject: Subject, began: float) -> Result:
    path = f"{PREFIX}/"
    question = {"path": path, "prefix": path, "deadline": subject.deadline}
    (page,) = ask(container, ("get", question), seconds=subject.deadline)
    took = time.monotonic() - began
    return judged("trailing-slash", contract.page(page, path), took, f"200 after {took:.1f} s", container)


def sealed(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Run it alone, without a prefix, on a read-only root, with certificates, a mirror and a variable of its pod."""
    spec = Spec(
        subject.image, subject.platform, {**OF_PLACE, **OF_POD}, groups=(FS_GROUP,), volume=Volume(gid=FS_GROUP),
        read_only=True, tmpfs=TMPFS,
    )  # fmt: skip
    began = time.monotonic()
    with engine.container(spec) as container:
        (home,) = ask(container, ("home", {"deadline": 20}))
        took = time.monotonic() - began
        yield judged("read-only", contract.volume(home), took, container=container)
        token = ""
        if subject.ide:
            seen = arrive(container, subject)
            yield from alone(container, subject, seen, began)
            token = seen.token
        public, answers_by_place = look(container, subject.ide, token)
        yield closed_network(container, public, answers_by_place)
        yield environment(container, answers_by_place)


def refusing(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Run it with invalid prefixes."""
    began = time.monotonic()
    with ExitStack() as stack:
        running = [
            (value, stack.enter_context(engine.container(Spec(subject.image, subject.platform, {"NB_PREFIX": value}))))
            for value in BAD_PREFIXES
        ]  # fmt: skip
        outcomes = [(contract.refused(one.wait(GRACE), one.log(), value), one) for value, one in running]
        problem, container = next(((reason, one) for reason, one in outcomes if reason), ("", None))
        yield judged("bad-prefix", problem, time.monotonic() - began, container=container)


def commanded(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Run it with a command, as KubeSpawner does: /init runs it, and its exit code is the container's.

    Without a volume, which would hide it, the home of the image is visible with all that the build left in it.
    """
    spec = Spec(subject.image, subject.platform, command=("/bin/sh", "-c", COMMAND))
    began = time.monotonic()
    with engine.container(spec) as container:
        code = container.wait(GRACE)
        took = time.monotonic() - began
        log = container.log(10_000)
        problem = contract.ended(code, took, (CODE,), GRACE) or contract.under_init(log)
        yield judged("command", problem, took, container=container)
        yield judged("clean-home", contract.left(log))


ALWAYS = (
    Scenario(("command", "clean-home"), commanded),
    Scenario(("bad-prefix",), refusing),
)
POD = (
    "user",
    "uid",
    "gid",
    "home",
    "first-process",
    "zombies",
    "empty-volume",
)


def scenarios(subject: Subject) -> tuple[Scenario, ...]:
    """Return the scenarios of a subject by its contract, the longest first."""
    if subject.contract == "service":
        return (Scenario(service_checks(subject), service),)
    if subject.contract == "none":
        return (Scenario(start_checks(subject), start),)
    return _as_notebook(subject)


def left_out(subject: Subject) -> tuple[str, ...]:
    """Return the checks of the contract ``notebook`` that a subject does not promise."""
    if subject.contract == "notebook":
        return ()
    run = {name for scenario in scenarios(subject) for name in scenario.checks}
    every = (
        *page_checks("jupyter"),
        *POD,
        USER_SITE,
        KERNELS,
        "ports",
        "sigterm",
        "any-uid",
        "trailing-slash",
        "read-only",
        *ALONE,
        CLOSED_NETWORK,
        ENVIRONMENT,
        *(name for scenario in ALWAYS for name in scenario.checks),
        *HUB_CHECKS,
        *(DOCKER_CHECKS if subject.builds_images else ()),
        *((R_KERNEL,) if subject.r_kernel else ()),
    )
    return tuple(name for name in every if name not in run)


def _pod_checks(subject: Subject) -> tuple[str, ...]:
    last = (*((R_KERNEL,) if subject.r_kernel else ()), "ports", "sigterm")
    inside = (*interpreter_checks(subject), *image_test_names(subject))
    return (*page_checks(subject.ide), *POD, *inside, *last)


def _as_notebook(subject: Subject) -> tuple[Scenario, ...]:
    served = bool(subject.ide)
    return (
        Scenario(_pod_checks(subject), pod),
        *([Scenario(HUB_CHECKS, hub)] if runs_under_hub(subject) else []),
        Scenario(("any-uid", *(["trailing-slash"] if served else [])), stranger),
        Scenario(("read-only", *(ALONE if served else ()), CLOSED_NETWORK, ENVIRONMENT), sealed),
        *ALWAYS,
        *([Scenario(DOCKER_CHECKS, docker_client)] if subject.builds_images else []),
        *([Scenario((DRIVER_FOLDER,), driver_folder)] if vendor(subject) == NVIDIA else []),
        *([Scenario(("device",), device)] if vendor(subject) in DEVICES else []),
    )


def results(scenario: Scenario, engine: Engine, subject: Subject) -> list[Result]:
    """Run a scenario; if its container stops answering, its remaining checks fail."""
    finished: list[Result] = []
    reason, log = "", ""
    try:
        for result in scenario.run(engine, subject):
            finished.append(result)  # noqa: PERF402 - results before an exception are kept
    except Unanswered as failure:
        reason, log = failure.reason, failure.log
    except Unstartable as failure:
        reason = str(failure)
    done = {result.name for result in finished}
    return finished + [
        Result(name, "failed", 0.0, reason, log) for name in scenario.checks if name not in done
    ]
