"""Requests manifests by reference, each once per run, at most 16 at a time."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from image_matrix.config.mirrors import mirrored
from image_matrix.registry.addresses import address, is_of_registry
from image_matrix.registry.answers import (
    Answer,
    Denied,
    Digest,
    ImageConfig,
    Manifest,
    Refusal,
    Unreachable,
    refusal,
    words,
)
from image_matrix.registry.authorizations import Authorizations, other_login
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest, OtherContent, Response
from image_matrix.registry.http import not_ok
from image_matrix.registry.manifests import MANIFEST_TYPES, read_config, read_manifest
from image_matrix.registry.patience import retry_of_transfer
from image_matrix.registry.reference import parse_reference
from image_matrix.registry.tokens import PULL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from image_matrix.registry.reference import Reference
    from image_matrix.registry.services import RegistryServices

CONCURRENCY = 16
NEEDS_GET = (200, 403, 405, 501)
"""Status codes of HEAD that need a GET: no digest or another one, an error without its text, HEAD not supported."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Registry:
    """A client for all registries that requests each reference once per run."""

    services: RegistryServices
    _answers: dict[tuple[str, str], Future[Any]] = field(default_factory=dict)
    _authorizations: Authorizations = field(default_factory=Authorizations)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def digest(self, reference: str) -> Answer:
        """Return the digest of a reference, by HEAD, unless its manifest is already known."""
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

    def config(self, reference: str) -> ImageConfig | Refusal:
        """Return the configuration of one platform's image: of a manifest, not of an index."""
        answer: ImageConfig | Refusal = self._once("config", reference, self._config)
        return answer

    def configs(self, references: Iterable[str]) -> dict[str, ImageConfig | Refusal]:
        """Return the configurations of many references, in their order."""
        return _each(self.config, references)

    def blob(self, reference: str, digest: str, consume: Callable[[Iterator[bytes]], T]) -> T:
        """Return what ``consume`` makes of the bytes of a blob, which it gets as they arrive.

        It is called again, with all bytes, if the transfer breaks. Raises :class:`ConnectionFailed`, and
        :class:`OtherContent` for bytes whose digest is another one. Exceptions of ``consume`` are raised as they are.
        """
        place = parse_reference(mirrored(str(parse_reference(reference)), self.services.mirrors))
        url = address(place, f"blobs/{digest}")

        def attempt() -> T:
            return self._consumed(place, url, digest, consume)

        return (
            self.services.patience.ask(url, attempt, retry_of_transfer)
            if self.services.patience
            else attempt()
        )

    def digests(self, references: Iterable[str]) -> dict[str, Answer]:
        """Return the answers for many references, in the same order."""
        return _each(self.digest, references)

    def manifests(self, references: Iterable[str]) -> dict[str, Manifest | Refusal]:
        """Return the manifests of many references, in the same order."""
        return _each(self.manifest, references)

    def _once(self, kind: str, reference: str, ask: Callable[[Reference], T]) -> T:
        from concurrent.futures import Future

        with self._lock:
            known = self._answers.get((kind, reference))
            future: Future[T] = known or Future()
            self._answers[kind, reference] = future
        if known is None:
            try:
                mirrored_reference = mirrored(str(parse_reference(reference)), self.services.mirrors)
                future.set_result(ask(parse_reference(mirrored_reference)))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def _digest(self, reference: Reference) -> Answer | None:
        """Return the answer to HEAD; ``None`` if only GET can give it."""
        response = self._ask("HEAD", reference)
        if not isinstance(response, Response):
            return response
        digest = response.headers.get("docker-content-digest", "")
        if response.status == 200 and digest.startswith("sha256:") and reference.digest in (None, digest):
            return Digest(digest)
        return None if response.status in NEEDS_GET else refusal(response)

    def _manifest(self, reference: Reference) -> Manifest | Refusal:
        response = self._ask("GET", reference)
        if not isinstance(response, Response):
            return response
        return read_manifest(response, reference) if response.status == 200 else refusal(response)

    def _config(self, reference: Reference) -> ImageConfig | Refusal:
        manifest = self._manifest(reference)
        if not isinstance(manifest, Manifest):
            return manifest
        if manifest.config is None:
            return Unreachable(f"{reference.host}: the answer is not the manifest of one image")
        response = self._ask("GET", reference, f"blobs/{manifest.config}")
        if not isinstance(response, Response):
            return response
        if response.status != 200:
            return refusal(response)
        return read_config(response.body, manifest.config, reference)

    def _consumed(
        self, place: Reference, url: str, digest: str, consume: Callable[[Iterator[bytes]], T]
    ) -> T:
        """Send one request for a blob; a second one if the login has expired."""
        if self.services.stream is None:
            raise ConnectionFailed("this client has no streaming transport", retry=None)
        refused: str | None = None
        while True:
            known = self._authorizations.known(place, PULL)
            request = HttpRequest(
                "GET", url, {"Accept-Encoding": "identity", **({"Authorization": known} if known else {})}
            )
            with self.services.stream(request) as response:
                if response.status == 200:
                    checked = _Checked(response.chunks)
                    result = consume(checked.chunks())
                    if checked.digest() != digest:
                        raise OtherContent
                    return result
                answer = response.read()
            if answer.status != 401 or (known and known == refused):
                raise not_ok(request, answer)
            login = self._authorizations.log_in(self.services, answer, place, PULL, refused=known)
            if not isinstance(login, str):
                raise ConnectionFailed(words(login), retry=None, login=True)
            refused = login

    def _ask(
        self, method: str, reference: Reference, what: str | None = None
    ) -> Response | Denied | Unreachable:
        """Request a manifest or a blob."""
        url = address(reference, what or f"manifests/{reference.version}")
        return self.send(HttpRequest(method, url, {"Accept": ", ".join(MANIFEST_TYPES)}), reference)

    def send(
        self, request: HttpRequest, reference: Reference, actions: str = PULL
    ) -> Response | Denied | Unreachable:
        """Send a request to the registry of a reference; log in if it requires that, again if the token has expired.

        ``actions`` are what the login has to permit: those of :mod:`image_matrix.registry.tokens`. An address
        elsewhere, which an answer may name, never gets the login.
        """
        if not is_of_registry(request.url, reference):
            return self._sent_elsewhere(request)
        tried: str | None = None
        for _ in range(3):
            known = self._authorizations.known(reference, actions)
            login = {"Authorization": known} if known else {}
            try:
                response = self.services.transport(replace(request, headers={**request.headers, **login}))
            except ConnectionFailed as error:
                return Unreachable(f"{reference.host}: {error.reason}")
            if response.status != 401:
                return response
            if known and known == tried:
                break
            answer = self._authorizations.log_in(self.services, response, reference, actions, refused=known)
            if not isinstance(answer, str):
                return answer
            tried = answer
        return Denied("it does not accept the login")

    def _sent_elsewhere(self, request: HttpRequest) -> Response | Denied | Unreachable:
        """Send a request to where a registry points, such as a store, without the login."""
        host = urlsplit(request.url).netloc
        try:
            response = self.services.transport(request)
        except ConnectionFailed as error:
            return Unreachable(f"{host}: {error.reason}")
        return Denied(other_login(host)) if response.status == 401 else response


def _each(ask: Callable[[str], T], references: Iterable[str]) -> dict[str, T]:
    from concurrent.futures import ThreadPoolExecutor

    names = list(dict.fromkeys(references))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        return dict(zip(names, pool.map(ask, names), strict=True))


def _digest_of(answer: Manifest | Refusal) -> Answer:
    return Digest(answer.digest) if isinstance(answer, Manifest) else answer


@dataclass(slots=True)
class _Checked:
    """Bytes that pass through, and their digest."""

    source: Iterator[bytes]
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)

    def chunks(self) -> Iterator[bytes]:
        for chunk in self.source:
            self.sha256.update(chunk)
            yield chunk

    def digest(self) -> str:
        """Return the digest of all bytes; those that nobody has read are read now."""
        for chunk in self.source:
            self.sha256.update(chunk)
        return f"sha256:{self.sha256.hexdigest()}"
