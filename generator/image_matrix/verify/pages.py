"""Checks what a container serves below its prefix: the page, its header, websockets, and the list for the culler."""

from __future__ import annotations

import time
from itertools import repeat
from typing import TYPE_CHECKING, Any

from image_matrix.config.served_app import IDES
from image_matrix.verify import contract
from image_matrix.verify.contract import PREFIX
from image_matrix.verify.culling import CULLER, culling, shown
from image_matrix.verify.model import Result
from image_matrix.verify.probe_client import ask, judged, untried

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.served_app import Ide, Served
    from image_matrix.verify.contract import Page
    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Subject

GENERAL = ("http", "cors", "inside-prefix")
"""Checks of all images that serve a page."""
SOCKETS: Mapping[Ide, str] = {
    "jupyter": "api/events/subscribe",
    "codeserver": "stable-verify?reconnectionToken=verify&reconnection=false&skipWebSocketFrames=false",
}
"""The path of a websocket of each IDE: JupyterLab's events, and the connection of code-server's workbench."""
HOME = f"{PREFIX}/"
QUESTION: Mapping[str, Any] = {"path": f"{HOME}api/kernels", "prefix": HOME, "headers": CULLER}
"""What Kubeflow's culler asks."""
OUTSIDE = ("/", f"{PREFIX}-of-another/")
ACTING: tuple[Ide, ...] = ("codeserver", "rstudio")
"""IDEs without kernels: a service of ours answers the culler, and it starts before the IDE."""
EARLY = 30.0
"""Seconds until that service answers."""
ORIGIN = "https://dashboard.example.org"
"""The origin of a page on another host, such as Kubeflow's dashboard: some servers send the header only to these."""
ProbeRequest = tuple[str, dict[str, Any]]


def page_checks(ide: Served | None) -> tuple[str, ...]:
    """Return the checks of :func:`page_results` for an IDE."""
    if ide is None:
        return ()
    return (*GENERAL, "websocket", "culling") if ide in IDES else GENERAL


def page_results(container: Container, subject: Subject, started: float) -> Iterator[Result]:
    """Check what a subject serves in a container that started at the time ``started`` of ``time.monotonic()``.

    The culler's list is requested before the user acts, so that a change can be seen: that is the first page, and in
    JupyterLab, where only a kernel, a terminal and a file that is saved count, a saved file.
    """
    early = min(EARLY, subject.deadline) if subject.ide in ACTING else 0.0
    before, page = ask(
        container,
        ("get", {**QUESTION, "deadline": early}),
        ("get", {"path": HOME, "prefix": HOME, "deadline": subject.deadline, "headers": {"Origin": ORIGIN}}),
        seconds=early + subject.deadline,
    )
    took = time.monotonic() - started
    yield judged("http", contract.page(page, HOME), took, f"200 after {took:.1f} s", container)
    if contract.silent(page):
        yield from untried(page_checks(subject.ide)[1:])
        return
    yield judged("cors", contract.cors(page))
    if subject.ide == "jupyter":
        before, _ = ask(container, ("get", {**QUESTION}), ("save", {"prefix": HOME}))
    after, again, *outside = ask(container, *_later(subject.ide, before), *_outside())
    yield judged(
        "inside-prefix", next(filter(None, map(contract.outside, outside, OUTSIDE, repeat(HOME))), "")
    )
    if subject.ide and subject.ide != "other":
        yield _socket(container, subject.ide)
        oldest = again["moment"] - (time.monotonic() - started)
        problem = culling(before, after, again, oldest)
        yield judged("culling", problem, detail="" if problem else shown(after))


def _later(ide: Served | None, before: Page) -> Iterator[ProbeRequest]:
    """Request the culler's list twice; the first request waits until it differs from the one before the user acted."""
    yield "get", {**QUESTION, "deadline": 5 if ide in IDES else 0, "unlike": before["body"]}
    yield "get", {**QUESTION}


def _outside() -> Iterator[ProbeRequest]:
    for path in OUTSIDE:
        yield "get", {"path": path, "follow": False}


def _socket(container: Container, ide: Ide) -> Result:
    if ide not in SOCKETS:
        return Result("websocket", "skipped", detail="the IDE accepts none before a session exists")
    path = f"{HOME}{SOCKETS[ide]}"
    (answer,) = ask(container, ("upgrade", {"path": path}))
    return judged(
        "websocket",
        contract.websocket(answer, path.partition("?")[0]),
        answer["seconds"],
        container=container,
    )
