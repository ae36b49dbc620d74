"""Defines the answers of a registry about a reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.json_data import read_json
from image_matrix.retry import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.registry.exchange import Response

CHECK = "check the name of the registry, the network and the login"
DAMAGED = "try again; if it stays so, repair the registry, or the mirror or proxy in front of it"


@dataclass(frozen=True, slots=True)
class Digest:
    """The reference exists."""

    digest: str
    """``sha256:…`` of the index, or of the manifest if there is no index."""


@dataclass(frozen=True, slots=True)
class ImageLayer:
    """An archive of files, one of those that an image is made of; or a statement of an attestation."""

    digest: str
    size: int
    """Bytes, compressed."""
    predicate: str = ""
    """The type of the statement, of a layer of an attestation; empty for files."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The reference exists, with this content."""

    digest: str
    media_type: str
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Platform (``linux/arm64``) to the digest of its manifest; empty if there is no index."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[str, ...] = ()
    """The digests of all entries of an index, including attestations; empty if there is no index."""
    config: str | None = None
    """Digest of the configuration, of a manifest of one image."""
    layers: tuple[ImageLayer, ...] = ()
    """From the lowest up, of a manifest of one image."""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How an image runs; opencontainers/image-spec, config.md."""

    platform: str
    user: str = ""
    """Name or number, perhaps with a group; empty for root."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    workdir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    """The instruction that made each image layer, from the lowest up; none if the image does not say."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The registry does not have the reference."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The registry denies access; the reference may exist. Some (GHCR) also deny access to what does not exist."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """There is no usable answer after all attempts; the reference may exist."""

    reason: str
    remedy: str = CHECK

    @property
    def is_general(self) -> bool:
        """Whether the remedy says nothing that is of this answer alone."""
        return self.remedy in (CHECK, DAMAGED)


Refusal = Absent | Denied | Unreachable
Answer = Digest | Refusal


def words(answer: Refusal) -> str:
    """Return an answer as text for users."""
    if isinstance(answer, Absent):
        return "not in the registry"
    if isinstance(answer, Denied):
        return f"the registry denies access: {answer.reason}"
    return answer.reason if answer.is_general else f"{answer.reason}; {answer.remedy}"


def manifest_or_none(reference: str, answer: Manifest | Refusal) -> Manifest | None:
    """Return the manifest of a reference, or ``None`` if the registry does not have it.

    Raises :class:`EnvironmentFailure` for every other answer: denied access does not mean that it is absent.
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
    """Return the meaning of an HTTP status other than 200 for a reference."""
    if response.status == 404:
        return Absent()
    if response.limited:
        return limited(response)
    if response.status in (401, 403):
        return Denied(_message(response))
    return Unreachable(f"the registry answers HTTP {response.status}")


def limited(response: Response) -> Unreachable:
    """Return the answer for a rate limit of a registry or its token server."""
    return Unreachable(f"it limits the number of requests: {_message(response)}", PATIENCE)


def _message(response: Response) -> str:
    """Return the first error's text (distribution's spec, "Errors"), or the status."""
    try:
        error = read_json(response.body)["errors"][0]
        text = error.get("message") or error.get("code")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        text = None
    return str(text or f"HTTP {response.status}")
