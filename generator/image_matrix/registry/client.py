"""The client: manifests by reference, each asked for once a run, at most 16 at a time."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from image_matrix.config.mirrors import mirrored
from image_matrix.registry.answers import Answer, Denied, Digest, Manifest, Refusal, Unreachable, refusal
from image_matrix.registry.credentials import Unreadable, config_file, logins
from image_matrix.registry.http import (
    ConnectionFailed,
    Patience,
    Request,
    Response,
    Transport,
    network,
    patient,
)
from image_matrix.registry.reference import DOCKER_HUB, parse_reference
from image_matrix.registry.tokens import authorization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Future

    from image_matrix.config.model import Matrix
    from image_matrix.registry.credentials import Login
    from image_matrix.registry.reference import Reference

CONCURRENCY = 16
HUB_HOST = "registry-1.docker.io"
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
ASKED_AGAIN = (200, 403, 405, 501)
"""Answers to HEAD that only GET completes: no digest, a refusal without its text, HEAD that is not known."""
T = TypeVar("T")
MANIFEST_TYPES = (
    *INDEX_TYPES,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True, slots=True)
class World:
    """What the client needs from outside."""

    transport: Transport
    """Sends a request, tried again where that helps (:func:`image_matrix.registry.http.patient`)."""
    login: Callable[[str], Login]
    """Host to what it is to be asked with."""
    mirrors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registry:
    """One run's view of all registries; a reference is asked for once, whoever asks."""

    world: World
    _answers: dict[tuple[str, str], Future[Any]] = field(default_factory=dict)
    _authorizations: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def digest(self, reference: str) -> Answer:
        """Return the digest of what a reference points to; by HEAD, unless its manifest is known already."""
        with self._lock:
            manifest = self._answers.get(("manifest", reference))
        if manifest is not None:
            return _digest_of(manifest.result())
        answer: Answer | None = self._once("digest", reference, self._digest)
        return _digest_of(self.manifest(reference)) if answer is None else answer

    def manifest(self, reference: str) -> Manifest | Refusal:
        """Return the digest with the digests of an index's platforms."""
        answer: Manifest | Refusal = self._once("manifest", reference, self._manifest)
        return answer

    def digests(self, references: Iterable[str]) -> dict[str, Answer]:
        """Return the answers for many references, in their order."""
        return _each(self.digest, references)

    def manifests(self, references: Iterable[str]) -> dict[str, Manifest | Refusal]:
        """Return the manifests of many references, in their order."""
        return _each(self.manifest, references)

    def _once(self, kind: str, reference: str, ask: Callable[[Reference], T]) -> T:
        from concurrent.futures import Future

        with self._lock:
            known = self._answers.get((kind, reference))
            mine: Future[T] = known or Future()
            self._answers[kind, reference] = mine
        if known is None:
            try:
                asked = mirrored(str(parse_reference(reference)), self.world.mirrors)
                mine.set_result(ask(parse_reference(asked)))
            except BaseException as error:
                mine.set_exception(error)
                raise
        return mine.result()

    def _digest(self, reference: Reference) -> Answer | None:
        """Return what HEAD says; ``None`` where GET alone can."""
        response = self._ask("HEAD", reference)
        if not isinstance(response, Response):
            return response
        digest = response.headers.get("docker-content-digest", "")
        if response.status == 200 and digest.startswith("sha256:"):
            return Digest(digest)
        return None if response.status in ASKED_AGAIN else refusal(response)

    def _manifest(self, reference: Reference) -> Manifest | Refusal:
        response = self._ask("GET", reference)
        if not isinstance(response, Response):
            return response
        return read_manifest(response, reference) if response.status == 200 else refusal(response)

    def _ask(self, method: str, reference: Reference) -> Response | Denied | Unreachable:
        """Ask for a manifest; authenticate when the registry says so, and once more where its token has run out."""
        url = f"{_base(reference.host)}/v2/{reference.repository}/manifests/{reference.version}"
        place = (reference.host, reference.repository)
        tried: str | None = None
        for _ in range(3):
            known = self._authorizations.get(place)
            headers = {"Accept": ", ".join(MANIFEST_TYPES), **({"Authorization": known} if known else {})}
            try:
                response = self.world.transport(Request(method, url, headers))
            except ConnectionFailed as error:
                return Unreachable(f"{reference.host}: {error.reason}")
            if response.status != 401:
                return response
            if known and known == tried:
                break
            answer = self._authorize(response, reference, refused=known)
            if not isinstance(answer, str):
                return answer
            tried = answer
        return Denied("it does not accept the login")

    def _authorize(
        self, response: Response, reference: Reference, refused: str | None
    ) -> str | Denied | Unreachable:
        place = (reference.host, reference.repository)
        with self._lock:
            known = self._authorizations.get(place)
        if known and known != refused:
            return known  # another thread was faster
        login = self.world.login(reference.host)
        if isinstance(login, Unreadable):
            return Unreachable(f"the login for {reference.host}: {login.reason}", login.remedy)
        answer = authorization(
            response.headers.get("www-authenticate", ""),
            reference.repository,
            login,
            self.world.transport,
            plain=is_plain(reference.host),
        )
        if isinstance(answer, str):
            with self._lock:
                self._authorizations[place] = answer
        return answer


def _each(ask: Callable[[str], T], references: Iterable[str]) -> dict[str, T]:
    from concurrent.futures import ThreadPoolExecutor

    names = list(dict.fromkeys(references))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        return dict(zip(names, pool.map(ask, names), strict=True))


def _digest_of(answer: Manifest | Refusal) -> Answer:
    return Digest(answer.digest) if isinstance(answer, Manifest) else answer


def is_plain(host: str) -> bool:
    """Say whether a host is spoken to without TLS: this machine."""
    name = host.rpartition(":")[0] or host
    return name in ("localhost", "127.0.0.1", "[::1]")


def _base(host: str) -> str:
    scheme = "http" if is_plain(host) else "https"
    return f"{scheme}://{HUB_HOST if host == DOCKER_HUB else host}"


def read_manifest(response: Response, reference: Reference) -> Manifest | Unreachable:
    """Read a manifest or index; its digest is that of its bytes, which must be the one that was asked for."""
    digest = f"sha256:{hashlib.sha256(response.body).hexdigest()}"
    said = response.headers.get("docker-content-digest", digest)
    if said.startswith("sha256:") and digest not in (said, reference.digest):
        return Unreachable(f"{reference.host}: the content does not match its digest")
    try:
        content = json.loads(response.body)
        media_type = str(content.get("mediaType") or response.headers.get("content-type", ""))
        platforms = {
            name: str(item["digest"]) for item in content.get("manifests", ()) if (name := _platform(item))
        }
        annotations = {str(key): str(value) for key, value in (content.get("annotations") or {}).items()}
        entries = tuple(str(item["digest"]) for item in content.get("manifests", ()))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unreachable(f"{reference.host}: the answer is not a manifest")
    return Manifest(digest, media_type, platforms, annotations, entries)


def _platform(item: Mapping[str, Mapping[str, str]]) -> str:
    """Return ``linux/arm64`` for an entry of an index; attestations have none."""
    said = item.get("platform") or {}
    if said.get("os", "unknown") == "unknown":
        return ""
    variant = said.get("variant", "")
    plain = variant == "" or (said["architecture"], variant) == ("arm64", "v8")
    return f"{said['os']}/{said['architecture']}" + ("" if plain else f"/{variant}")


def open_registry(
    matrix: Matrix, ca_bundle: str | None = None, tell: Callable[[str], None] | None = None
) -> Registry:
    """Return the client for the real registries, with the matrix's mirrors and Docker's logins.

    ``tell`` is told when a registry is waited for.
    """
    import os
    import time

    patience = Patience(time.sleep, tell) if tell else Patience(time.sleep)
    send = patient(network(ca_bundle).send, patience)
    return Registry(World(send, logins(config_file(os.environ)), matrix.network.mirrors.registries))
