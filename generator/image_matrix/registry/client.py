"""Requests manifests by reference, each once per run, at most 16 at a time."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from image_matrix.config.mirrors import mirrored
from image_matrix.config.trusted_hosts import is_trusted
from image_matrix.registry.answers import (
    Answer,
    Denied,
    Digest,
    ImageConfig,
    ImageLayer,
    Manifest,
    Refusal,
    Unreachable,
    refusal,
    words,
)
from image_matrix.registry.credentials import Unreadable, config_file, logins
from image_matrix.registry.http import (
    ConnectionFailed,
    HttpRequest,
    Patience,
    Response,
    StreamingTransport,
    Transport,
    network,
    not_ok,
    patient,
    retry_of_transfer,
)
from image_matrix.registry.reference import DOCKER_HUB, digest_of, parse_reference
from image_matrix.registry.tokens import PULL, authorization

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from image_matrix.config.model import Matrix
    from image_matrix.config.network import Network
    from image_matrix.registry.credentials import RegistryLogin
    from image_matrix.registry.host_log import HostLog
    from image_matrix.registry.reference import Reference

CONCURRENCY = 16
HUB_HOST = "registry-1.docker.io"
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
NEEDS_GET = (200, 403, 405, 501)
"""Status codes of HEAD that need a GET: no digest, an error without its text, HEAD not supported."""
T = TypeVar("T")
MANIFEST_TYPES = (
    *INDEX_TYPES,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True, slots=True)
class RegistryServices:
    """The services that the client depends on."""

    transport: Transport
    """Sends a request, with retries (:func:`image_matrix.registry.http.patient`)."""
    login: Callable[[str], RegistryLogin]
    """Host to its login."""
    mirrors: Mapping[str, str] = field(default_factory=dict)
    stream: StreamingTransport | None = None
    """Sends a request once, for content that is too large for memory."""
    trusted: tuple[str, ...] = ()
    """Hosts as in ``network.trusted_hosts``: their token servers need no TLS."""
    patience: Patience | None = None
    """Retries what ``stream`` sends; ``None`` for no retries."""


@dataclass(frozen=True, slots=True)
class Registry:
    """A client for all registries that requests each reference once per run."""

    services: RegistryServices
    _answers: dict[tuple[str, str], Future[Any]] = field(default_factory=dict)
    _authorizations: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Headers by host, repository and what they permit."""
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

        It is called again, with all bytes, if the transfer breaks. Raises :class:`ConnectionFailed`, also for bytes
        whose digest is another one. Exceptions of ``consume`` are raised as they are.
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
        if response.status == 200 and digest.startswith("sha256:"):
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
            known = self._authorizations.get((place.host, place.repository, PULL))
            request = HttpRequest(
                "GET", url, {"Accept-Encoding": "identity", **({"Authorization": known} if known else {})}
            )
            with self.services.stream(request) as response:
                if response.status == 200:
                    checked = _Checked(response.chunks)
                    result = consume(checked.chunks())
                    if checked.digest() != digest:
                        raise ConnectionFailed("the content does not match its digest", retry=None)
                    return result
                answer = response.read()
            if answer.status != 401 or (known and known == refused):
                raise not_ok(request, answer)
            login = self._authorize(answer, place, PULL, refused=known)
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

        ``actions`` are what the login has to permit: those of :mod:`image_matrix.registry.tokens`.
        """
        tried: str | None = None
        for _ in range(3):
            known = self._authorizations.get((reference.host, reference.repository, actions))
            login = {"Authorization": known} if known else {}
            try:
                response = self.services.transport(replace(request, headers={**request.headers, **login}))
            except ConnectionFailed as error:
                return Unreachable(f"{reference.host}: {error.reason}")
            if response.status != 401:
                return response
            if known and known == tried:
                break
            answer = self._authorize(response, reference, actions, refused=known)
            if not isinstance(answer, str):
                return answer
            tried = answer
        return Denied("it does not accept the login")

    def _authorize(
        self, response: Response, reference: Reference, actions: str, refused: str | None
    ) -> str | Denied | Unreachable:
        place = (reference.host, reference.repository, actions)
        with self._lock:
            known = self._authorizations.get(place)
        if known and known != refused:
            return known  # another thread was faster
        login = self.services.login(reference.host)
        if isinstance(login, Unreadable):
            return Unreachable(f"the login for {reference.host}: {login.reason}", login.remedy)
        answer = authorization(
            response.headers.get("www-authenticate", ""),
            reference.repository,
            login,
            self.services.transport,
            plain=is_unverified(reference.host, self.services.trusted),
            actions=actions,
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
    """Say whether a host is accessed without TLS, which is so for this machine."""
    name = host.rpartition(":")[0] or host
    return name in ("localhost", "127.0.0.1", "[::1]")


def is_unverified(host: str, trusted: Collection[str]) -> bool:
    """Say whether no certificate of a host is checked: it is this machine, or one of ``network.trusted_hosts``."""
    return is_plain(host) or is_trusted(host, trusted)


def _base(host: str) -> str:
    scheme = "http" if is_plain(host) else "https"
    return f"{scheme}://{HUB_HOST if host == DOCKER_HUB else host}"


def address(reference: Reference, path: str) -> str:
    """Return the address of what a repository has under ``path``."""
    return f"{_base(reference.host)}/v2/{reference.repository}/{path}"


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


def read_manifest(response: Response, reference: Reference) -> Manifest | Unreachable:
    """Read a manifest or index; the digest of its bytes must be the requested one."""
    digest = digest_of(response.body)
    declared_digest = response.headers.get("docker-content-digest", digest)
    if declared_digest.startswith("sha256:") and digest not in (declared_digest, reference.digest):
        return Unreachable(f"{reference.host}: the content does not match its digest")
    try:
        content = json.loads(response.body)
        media_type = str(content.get("mediaType") or response.headers.get("content-type", ""))
        platforms = {
            name: str(item["digest"]) for item in content.get("manifests", ()) if (name := _platform(item))
        }
        config = content["config"]["digest"] if "config" in content else None
        annotations = {str(key): str(value) for key, value in (content.get("annotations") or {}).items()}
        entries = tuple(str(item["digest"]) for item in content.get("manifests", ()))
        layers = tuple(
            ImageLayer(str(item["digest"]), int(item.get("size", 0)), _predicate(item))
            for item in content.get("layers") or ()
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Unreachable(f"{reference.host}: the answer is not a manifest")
    return Manifest(
        digest, media_type, platforms, annotations, entries, str(config) if config else None, layers
    )


def _predicate(layer: Mapping[str, Any]) -> str:
    """Return the annotation of a statement; docs.docker.com/build/metadata/attestations/attestation-storage."""
    return str((layer.get("annotations") or {}).get("in-toto.io/predicate-type", ""))


def read_config(content: bytes, digest: str, reference: Reference) -> ImageConfig | Unreachable:
    """Read an image's configuration, whose digest must be the one that the manifest names."""
    if digest_of(content) != digest:
        return Unreachable(f"{reference.host}: the content does not match its digest")
    try:
        top = json.loads(content)
        run = top.get("config") or {}
        variables = (str(item).partition("=") for item in run.get("Env") or ())
        return ImageConfig(
            platform=_platform({"platform": top}),
            user=str(run.get("User") or ""),
            entrypoint=tuple(str(word) for word in run.get("Entrypoint") or ()),
            command=tuple(str(word) for word in run.get("Cmd") or ()),
            workdir=str(run.get("WorkingDir") or ""),
            environment={name: value for name, _, value in variables},
            labels={str(name): str(value) for name, value in (run.get("Labels") or {}).items()},
            steps=tuple(
                str(one.get("created_by") or "")
                for one in top.get("history") or ()
                if not one.get("empty_layer")
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Unreachable(f"{reference.host}: the answer is not an image's configuration")


def _platform(item: Mapping[str, Mapping[str, str]]) -> str:
    """Return ``linux/arm64`` for an entry of an index; attestations have none."""
    platform = item.get("platform") or {}
    if platform.get("os", "unknown") == "unknown":
        return ""
    variant = platform.get("variant", "")
    plain = variant == "" or (platform["architecture"], variant) == ("arm64", "v8")
    return f"{platform['os']}/{platform['architecture']}" + ("" if plain else f"/{variant}")


def open_registry(
    matrix: Matrix,
    ca_bundle: str | None = None,
    log: Callable[[str], None] | None = None,
    host_log: HostLog | None = None,
) -> Registry:
    """Return the client for the real registries, with the matrix's mirrors and Docker's logins.

    ``log`` receives a message when the client waits for a registry, ``host_log`` the hosts that answer.
    """
    return registry_with(matrix.network, ca_bundle, log, host_log)


def registry_with(
    settings: Network,
    ca_bundle: str | None = None,
    log: Callable[[str], None] | None = None,
    host_log: HostLog | None = None,
) -> Registry:
    """Return the client for the real registries, with Docker's logins."""
    import os
    import time

    patience = Patience(time.sleep, log) if log else Patience(time.sleep)
    trusted = settings.trusted_hosts
    http = network(ca_bundle, trusted=trusted, host_log=host_log)
    login = logins(config_file(os.environ))
    mirrors, send = settings.mirrors.registries, patient(http.send, patience)
    return Registry(RegistryServices(send, login, mirrors, http.opened, trusted, patience))
