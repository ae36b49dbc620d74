"""What a registry can say about a reference."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.retry import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.registry.http import Response

CHECK = "check `registry:`, the network and the login"


@dataclass(frozen=True, slots=True)
class Digest:
    """It is there."""

    digest: str
    """``sha256:…`` of the index, or of the manifest where there is no index."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """It is there, and this is what it consists of."""

    digest: str
    media_type: str
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Platform (``linux/arm64``) to the digest of its manifest; empty where there is no index."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[str, ...] = ()
    """The digest of everything that an index names, attestations too; empty where there is no index."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The registry says that it is not there."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The registry does not let us look; it may be there. Some (GHCR) say so too for what does not exist."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No usable answer, after every try: it may be there."""

    reason: str
    remedy: str = CHECK


Refusal = Absent | Denied | Unreachable
Answer = Digest | Refusal


def words(answer: Refusal) -> str:
    """Say it to a user."""
    if isinstance(answer, Absent):
        return "not in the registry"
    if isinstance(answer, Denied):
        return f"the registry does not allow to look: {answer.reason}"
    return answer.reason if answer.remedy == CHECK else f"{answer.reason}; {answer.remedy}"


def manifest_or_none(reference: str, answer: Manifest | Refusal) -> Manifest | None:
    """Return what a reference points to, or ``None`` where the registry says that it is not there.

    Raises :class:`EnvironmentFailure` for every other answer: a refusal is not absence.
    """
    match answer:
        case Manifest():
            return answer
        case Absent():
            return None
        case Denied():
            raise EnvironmentFailure(f"{reference}: {words(answer)}", CHECK)
        case Unreachable(reason, remedy):
            raise EnvironmentFailure(f"{reference}: {reason}", remedy)


def refusal(response: Response) -> Refusal:
    """Return what an answer of HTTP other than 200 says about a reference."""
    if response.status == 404:
        return Absent()
    if response.limited:
        return limited(response)
    if response.status in (401, 403):
        return Denied(_message(response))
    return Unreachable(f"the registry answers HTTP {response.status}")


def limited(response: Response) -> Unreachable:
    """Return what it means that a registry, or its token server, limits requests: nothing is known."""
    return Unreachable(f"it limits how often it is asked: {_message(response)}", PATIENCE)


def _message(response: Response) -> str:
    """Return the first error's text (distribution's spec, "Errors"), or the status."""
    try:
        error = json.loads(response.body)["errors"][0]
        text = error.get("message") or error.get("code")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        text = None
    return str(text or f"HTTP {response.status}")
