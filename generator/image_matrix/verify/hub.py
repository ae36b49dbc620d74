"""Checks an image under JupyterHub: runs a small hub from the image's package, and the server that the hub expects."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from image_matrix.config.served_app import IDES
from image_matrix.verify import contract
from image_matrix.verify.contract import FS_GROUP, PORT, UNKNOWN_UID
from image_matrix.verify.engine import TMPFS, Spec
from image_matrix.verify.probe_client import Unanswered, ask, judged, source, untried
from image_matrix.verify.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.served_app import Served
    from image_matrix.verify.contract import Page
    from image_matrix.verify.engine import Container, Engine
    from image_matrix.verify.model import Result, Subject

CHECKS = ("hub-start", "hub-ide", "hub-login", "hub-activity", "hub-any-uid")
HUB_PORT = 8081
TOKEN = "a-token-of-the-small-hub"  # noqa: S105 - of a hub that lives for seconds, in a network of its own
USER, STRANGER = "jo", "someone-else"
PREFIX = f"/user/{USER}/"
STATUS = f"{PREFIX}api/status"
PAGES: Mapping[Served, str] = {
    "jupyter": "lab",
    "codeserver": "code-server/",
    "rstudio": "rstudio/",
    "other": "",
}
"""The path of each IDE below a hub's prefix; a custom kind is at the page that the server redirects to."""
PORTS = {"hub": HUB_PORT, "server": PORT}


def runs_under_hub(subject: Subject) -> bool:
    """Say whether an image runs under JupyterHub; one of a custom kind does if it installs the package."""
    return subject.ide in IDES or (subject.ide == "other" and "jupyterhub" in subject.packages)


def hub(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Run it as JupyterHub does: with the environment from the hub, in the hub's network namespace."""
    command = ("-c", source("hub_server"), str(HUB_PORT), TOKEN)
    server = Spec(subject.image, subject.platform, entrypoint="python", command=command)
    with engine.container(server) as hub_container:
        environment = _server_environment(hub_container, subject.deadline)
        began = time.monotonic()
        spec = Spec(
            subject.image, subject.platform, environment, groups=(FS_GROUP,), volume=Volume(gid=FS_GROUP),
            network=f"container:{hub_container.id}",
        )  # fmt: skip
        token = environment.get("JUPYTERHUB_API_TOKEN", "")
        with engine.container(spec) as container:
            answer = _status(container, subject, token)
            took = time.monotonic() - began
            yield judged(
                "hub-start", contract.page(answer, STATUS), took, f"200 after {took:.1f} s", container
            )
            if contract.silent(answer):
                yield from untried(CHECKS[1:])
                return
            yield from _entered(container, subject)
            yield judged(
                "hub-activity", contract.activity(hub_container.log(1000), USER), container=container
            )
        confined = replace(
            spec,
            user=f"{UNKNOWN_UID}:0",
            groups=(UNKNOWN_UID,),
            volume=Volume(gid=UNKNOWN_UID),
            read_only=True,
            tmpfs=TMPFS,
        )
        yield _confined(engine, subject, confined, token)


def _server_environment(hub_container: Container, deadline: float) -> dict[str, str]:
    """Log in, and return the environment of the server that the hub spawns; raises :class:`Unanswered`."""
    arrived, environment = ask(
        hub_container,
        ("login", _login(USER, "/hub/spawn", deadline)),
        ("environment", {"user": USER, "token": TOKEN, "port": HUB_PORT, "deadline": 10}),
        script="hub_login",
        seconds=2 * deadline,
    )
    if not environment:
        message = arrived["error"] or f"{arrived['hops'][-1]} answers {arrived['status']}"
        raise Unanswered(f"the image's own JupyterHub starts no server: {message}", hub_container.log())
    return environment


def _login(user: str, to: str, deadline: float) -> dict[str, Any]:
    return {"user": user, "to": to, "ports": PORTS, "deadline": deadline}


def _status(container: Container, subject: Subject, token: str) -> Page:
    """Wait for the server; return its answer to the hub's token."""
    headers = {"Authorization": f"token {token}"}
    question = {"path": STATUS, "prefix": PREFIX, "headers": headers, "deadline": subject.deadline}
    (answer,) = ask(container, ("get", question), seconds=subject.deadline)
    return answer


def _confined(engine: Engine, subject: Subject, spec: Spec, token: str) -> Result:
    """Run the user's server as OpenShift and strict administrators do; check that the user reaches the IDE."""
    began = time.monotonic()
    to = f"{PREFIX}{PAGES[subject.ide or 'other']}"
    with engine.container(spec) as container:
        problem = contract.page(_status(container, subject, token), STATUS)
        if not problem:
            login = ("login", _login(USER, to, subject.deadline))
            (owner,) = ask(container, login, script="hub_login", seconds=2 * subject.deadline)
            problem = contract.entered(owner, PREFIX)
        return judged("hub-any-uid", problem, time.monotonic() - began, container=container)


def _entered(container: Container, subject: Subject) -> Iterator[Result]:
    """Request the IDE as the user, without a login and as another user."""
    ide = f"{PREFIX}{PAGES[subject.ide or 'other']}"
    (nobody,) = ask(container, ("get", {"path": ide, "prefix": PREFIX}))
    owner, other = ask(
        container,
        ("login", _login(USER, ide, subject.deadline)),
        ("login", _login(STRANGER, ide, 10)),
        script="hub_login",
        seconds=2 * subject.deadline + 20,
    )
    problem = contract.entered(owner, PREFIX)
    yield judged("hub-ide", problem, owner["seconds"], container=container)
    (facts,) = ask(container, ("facts", {}))
    problem = (
        contract.sent_to_login(nobody)
        or contract.kept_out(other)
        or contract.cookies(owner, PREFIX)
        or contract.ports(facts, (PORT,))
    )
    yield judged("hub-login", problem, container=container)
