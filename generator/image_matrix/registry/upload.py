"""Writes blobs, manifests and tags to a registry.

Source: github.com/opencontainers/distribution-spec, spec.md, "Push".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.addresses import address, named_address
from image_matrix.registry.answers import Unreachable, refusal, words
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.manifests import MANIFEST_TYPES, of_digest
from image_matrix.registry.reference import digest_of, parse_reference
from image_matrix.registry.tokens import PUSH

if TYPE_CHECKING:
    from image_matrix.registry.answers import Denied
    from image_matrix.registry.client import Registry
    from image_matrix.registry.reference import Reference

IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
"""github.com/opencontainers/image-spec, manifest.md."""


def upload_blob(registry: Registry, repository: str, content: bytes) -> str:
    """Upload a blob, unless the repository has it; return its digest. Raises :class:`EnvironmentFailure`."""
    place, digest = parse_reference(repository), digest_of(content)
    if _has_blob(registry, place, digest):
        return digest
    start = address(place, "blobs/uploads/")
    answer = _written(registry.send(HttpRequest("POST", start), place, PUSH), place.name)
    target = _with_digest(named_address(start, answer.headers.get("location", ""), place), digest)
    request = HttpRequest("PUT", target, {"Content-Type": "application/octet-stream"}, content)
    sent = registry.send(request, place, PUSH)
    # A repeated request is refused if the first one has ended the upload.
    if not (isinstance(sent, Response) and _is_success(sent)) and not _has_blob(registry, place, digest):
        _written(sent, place.name)
    return digest


def put_manifest(
    registry: Registry, reference: str, content: bytes, media_type: str = IMAGE_MANIFEST
) -> Response:
    """Write a manifest under a tag, or under its digest; return the answer. Raises :class:`EnvironmentFailure`.

    ``reference`` is ``repository:tag`` or ``repository@digest``.
    """
    place = parse_reference(reference)
    url = address(place, f"manifests/{place.version}")
    request = HttpRequest("PUT", url, {"Content-Type": media_type}, content)
    return _written(registry.send(request, place, PUSH), reference)


def point_tag(registry: Registry, repository: str, digest: str, tag: str) -> None:
    """Point a tag to a manifest that the repository has; raises :class:`EnvironmentFailure`."""
    place = parse_reference(f"{repository}@{digest}")
    request = HttpRequest("GET", address(place, f"manifests/{digest}"), {"Accept": ", ".join(MANIFEST_TYPES)})
    answer = _ok(registry.send(request, place, PUSH), f"{repository}@{digest} could not be read")
    content = of_digest(answer.body, f"{repository}@{digest}")
    put_manifest(registry, f"{repository}:{tag}", content, _media_type(answer))


def _media_type(answer: Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip() or IMAGE_MANIFEST


def _has_blob(registry: Registry, place: Reference, digest: str) -> bool:
    """Return whether a repository has a blob; of one that does not exist yet, registries may deny that."""
    answer = registry.send(HttpRequest("HEAD", address(place, f"blobs/{digest}")), place, PUSH)
    if isinstance(answer, Unreachable):
        raise EnvironmentFailure(f"{place.name}: {words(answer)}", answer.remedy)
    return isinstance(answer, Response) and answer.status == 200


def _with_digest(location: str, digest: str) -> str:
    join = "&" if "?" in location else "?"
    return f"{location}{join}{urlencode({'digest': digest})}"


def _is_success(response: Response) -> bool:
    return 200 <= response.status < 300


def _written(answer: Response | Denied | Unreachable, what: str) -> Response:
    return _ok(answer, f"{what} could not be written")


def _ok(answer: Response | Denied | Unreachable, problem: str) -> Response:
    """Return a response that is a success; raises :class:`EnvironmentFailure` with what another one means."""
    if isinstance(answer, Response):
        if _is_success(answer):
            return answer
        meaning = refusal(answer)
    else:
        meaning = answer
    remedy = meaning.remedy if isinstance(meaning, Unreachable) else "check the login and its permissions"
    raise EnvironmentFailure(f"{problem}: {words(meaning)}", remedy)
