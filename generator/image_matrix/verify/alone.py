"""Checks an image where no platform stands in front: whoever has no login gets nothing, and the log names the login."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.served_app import IDES
from image_matrix.verify import contract
from image_matrix.verify.model import Result
from image_matrix.verify.probe_client import ask, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.verify.contract import Page
    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Subject

CHECKS = ("alone", "no-prefix")
HOME = "/"
ORIGIN = "https://elsewhere.example.org"
"""The origin of a page that has no business here."""
PAUSE = 0.2
SETTLED = 1.0
"""Seconds in which the log names the login of a server that answers: whoever writes it there looks for the server."""
LINES = 1000
_OPENED = re.compile(r"image-matrix: open http\S+\?token=([A-Za-z0-9._-]+)")
"""What ``announce_login`` of templates/rootfs/base/usr/local/lib/image-matrix/login.sh writes."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a stranger gets, and the token that the log names; empty if it names none."""

    stranger: Page
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a request with the login."""
        return {"Authorization": f"token {self.token}"} if self.token else {}


def arrive(container: Container, subject: Subject) -> Arrival:
    """Wait until a container lets somebody in: a stranger, or whoever has the token."""
    end = time.monotonic() + subject.deadline
    while True:
        token = printed_token(container.log(LINES))
        (stranger,) = ask(container, ("get", {"path": HOME, "headers": {"Origin": ORIGIN}}))
        if token or contract.let_in(stranger) or time.monotonic() > end:
            return Arrival(stranger, token)
        if subject.ide not in IDES and contract.kept_away(stranger):
            time.sleep(SETTLED)
            return Arrival(stranger, printed_token(container.log(LINES)))
        time.sleep(PAUSE)


def printed_token(log: str) -> str:
    """Return the token of the last line that names one."""
    return next(iter(_OPENED.findall(log)[::-1]), "")


def alone(container: Container, subject: Subject, seen: Arrival, began: float) -> Iterator[Result]:
    """Judge what a stranger got, and request the page with the login."""
    custom = subject.ide not in IDES
    if custom and contract.let_in(seen.stranger):
        yield Result("alone", "skipped", detail="a kind of your own, which asks for no login")
    elif custom and not seen.token and contract.kept_away(seen.stranger):
        yield judged("alone", contract.cors_of_stranger(seen.stranger))
        yield Result("no-prefix", "skipped", detail="a kind of your own, whose login is not in the log")
        return
    else:
        problem = contract.alone(seen.stranger, seen.token)
        yield judged("alone", problem, detail=f"answers {seen.stranger['status']}", container=container)
    question = {"path": HOME, "prefix": HOME, "headers": seen.headers, "deadline": subject.deadline}
    (page,) = ask(container, ("get", question), seconds=subject.deadline)
    took = time.monotonic() - began
    yield judged("no-prefix", contract.page(page, HOME), took, f"200 after {took:.1f} s", container)
