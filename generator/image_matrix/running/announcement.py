"""Says where a user reaches a started container, once it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.served_app import IDES
from image_matrix.running.address import page_of, prefix_of, tunnel
from image_matrix.running.container import ended
from image_matrix.running.waiting import (
    ANNOUNCED,
    DEADLINE,
    PRINTED,
    announced_login,
    first_answer,
    page_answers,
    printed_login,
    published_ports,
)
from image_matrix.verify.engine import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.running.address import Access, PageAddress
    from image_matrix.running.model import Launch
    from image_matrix.verify.engine import Container

SETTLED = 3.0
"""Seconds after which a start on another machine, whose ports are not reached from here, counts as good."""
OPEN_PAGE = "it asks for no login: every program and user of this machine can open it, and nobody else"
ACCESS: Mapping[Access, str] = {
    "token": "the address has the login, a token of this start: who has it can open the page",
    "own": "it asks for the token or password that you have set",
    "none": OPEN_PAGE,
}
"""What is said of a page that an image of a built-in kind has announced."""
UNKNOWN = "if it asks for no login, every program and user of this machine can open it"
"""What is said of the page of a kind that is not built in."""


@dataclass(frozen=True, slots=True)
class RunClient:
    """The side of the user: this program and its environment."""

    environment: Mapping[str, str]
    target: tuple[str, ...] | None = None
    """The words of ssh that name the engine's machine, if it is not this one."""
    output: int | None = None
    """Where logs are copied to: a descriptor, or a constant of :mod:`subprocess`."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """An address, and what is to be known about it."""

    address: str
    notes: tuple[str, ...] = ()


def announcement(container: Container, launch: Launch, client: RunClient) -> Announcement:
    """Wait until a container answers, and return its address; raises :class:`Failure` if it ends before."""
    ports = published_ports(container, launch.ports)
    page = page_of(launch, client.environment)
    if not ports or (client.target is not None and container.wait(SETTLED) is not None):
        raise ended(launch, container)
    if client.target is not None:
        announced = announced_login(container, _patience(launch, client))
        return _elsewhere(announced.page if announced else page, ports, client.target)
    answered = (
        _page(container, page, ports, launch, client)
        if launch.image.served
        else _service(container, page, ports)
    )
    if answered is None and not container.runs():
        raise ended(launch, container)
    return answered or _silent(page, ports)


def _elsewhere(page: PageAddress, ports: Mapping[int, int], target: tuple[str, ...]) -> Announcement:
    main = next(iter(ports.values()))
    tunneled = f"the engine is on another machine; `{tunnel(target, main)}` brings its port here"
    return Announcement(page.at(main), (tunneled, *_others(ports, main)))


def _silent(page: PageAddress, ports: Mapping[int, int]) -> Announcement:
    main = next(iter(ports.values()))
    silence = f"nothing has answered within {DEADLINE:.0f} seconds; the container is still running"
    return Announcement(page.at(main), (silence, *_others(ports, main)))


def _patience(launch: Launch, client: RunClient) -> float:
    """Return the seconds in which a login may be announced: that of a built-in kind is, without a platform in front."""
    if launch.image.served not in IDES:
        return PRINTED if launch.image.served else 0.0
    return 0.0 if prefix_of(launch, client.environment) else ANNOUNCED


def _page(
    container: Container, page: PageAddress, ports: Mapping[int, int], launch: Launch, client: RunClient
) -> Announcement | None:
    """Wait for the page of a kind, and for its login; ``None`` if it does not answer."""
    main = next(iter(ports.values()))
    if not page_answers(main, page.path, container.runs):
        return None
    announced = announced_login(container, _patience(launch, client))
    if announced:
        return Announcement(announced.page.at(main), (ACCESS[announced.access],))
    return Announcement(page.at(main), (OPEN_PAGE if launch.image.served in IDES else UNKNOWN,))


def _service(container: Container, page: PageAddress, ports: Mapping[int, int]) -> Announcement | None:
    """Wait for an answer on any port; ``None`` if there is none."""
    answer = first_answer(ports, container.runs)
    if answer is None:
        return None
    others = tuple(_others(ports, answer.outside))
    if not answer.http:
        return Announcement(f"{LOOPBACK}:{answer.outside}", others)
    login = printed_login(container, answer.inside)
    return Announcement((login or page).at(answer.outside), others)


def _others(ports: Mapping[int, int], main: int) -> Iterator[str]:
    for inside, outside in ports.items():
        if outside != main:
            yield f"port {inside} of the container is {LOOPBACK}:{outside}"
