"""Lists what a repository has, and deletes manifests; always from the registry itself, never from a mirror or memory.

Source: github.com/opencontainers/distribution-spec, spec.md: "Listing Tags", "Deleting Manifests".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.json_data import read_json
from image_matrix.registry.addresses import address, named_address
from image_matrix.registry.answers import CHECK, Denied, Unreachable, refusal, words
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.manifests import MANIFEST_TYPES, of_digest
from image_matrix.registry.reference import DIGEST, digest_of, parse_reference
from image_matrix.registry.tokens import DELETE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.registry.client import Registry
    from image_matrix.registry.reference import Reference

NO_DIGEST = f"sha256:{'0' * 64}"
"""A digest that no content has: what a registry answers to its deletion says whether it deletes at all."""
NOT_SUPPORTED = (405, 501)
"""Status codes for a registry that deletes nothing; 405 is the specification's."""
TAGS_FIRST = "GOOGLE_MANIFEST_DANGLING_TAG"
"""Google's code for a manifest that still has tags; github.com/fluxcd/pkg/pull/328."""
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


class Inaccessible(EnvironmentFailure):
    """The registry denies access; some, such as Quay, also to a repository that does not exist."""


def list_tags(registry: Registry, repository: str) -> list[str]:
    """Return all tags of a repository, with as many requests as the registry makes pages; none if it does not exist.

    Raises :class:`EnvironmentFailure`.
    """
    place = parse_reference(repository)
    pages, tags = [address(place, "tags/list")], list[str]()
    for url in pages:  # which grows
        answer = _answer(registry.send(HttpRequest("GET", url), place), repository)
        if answer.status == 404:
            return tags
        tags += _tags(answer.body, repository)
        pages += following_page(answer, pages, place)
    return tags


def _tags(body: bytes, repository: str) -> list[str]:
    """Return the tags of a page; the list is ``null`` where there are none."""
    try:
        tags = read_json(body).get("tags") or []
    except (ValueError, AttributeError):
        tags = None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise EnvironmentFailure(f"{repository}: the answer is not a list of tags", CHECK)
    return tags


def following_page(answer: Response, asked: Sequence[str], place: Reference) -> tuple[str, ...]:
    """Return the address of a listing's next page after those that were asked for; none after the last.

    Raises :class:`EnvironmentFailure` for a page that was asked for before: such a listing has no end.
    """
    link = _NEXT.search(answer.headers.get("link", ""))
    if link is None:
        return ()
    url = named_address(asked[-1], link[1], place)
    if url in asked:
        problem = f"{place.name}: the registry names a page of its listing as the next one again"
        raise EnvironmentFailure(problem, "correct the registry, or the proxy in front of it")
    return (url,)


def read(registry: Registry, repository: str, version: str) -> tuple[str, bytes] | None:
    """Return digest and content of the manifest under a tag or digest; ``None`` if there is none.

    Raises :class:`EnvironmentFailure`, also for bytes that do not have the digest.
    """
    place = parse_reference(repository)
    request = HttpRequest(
        "GET", address(place, f"manifests/{version}"), {"Accept": ", ".join(MANIFEST_TYPES)}
    )
    answer = _answer(registry.send(request, place), f"{repository}:{version}")
    if answer.status == 404:
        return None
    content = of_digest(answer.body, place.at(version)) if DIGEST.fullmatch(version) else answer.body
    return digest_of(content), content


def read_blob(registry: Registry, repository: str, digest: str) -> bytes:
    """Return the content of a small blob; nothing if the repository does not have it.

    Raises :class:`EnvironmentFailure`, also for bytes that do not have the digest.
    """
    place = parse_reference(repository)
    answer = _answer(registry.send(HttpRequest("GET", address(place, f"blobs/{digest}")), place), repository)
    return b"" if answer.status == 404 else of_digest(answer.body, place.at(digest))


def refuse_without_deletion(registry: Registry, repository: str) -> None:
    """Raise :class:`EnvironmentFailure` if a registry deletes nothing, before anything was deleted."""
    answer = registry.send(
        _deletion(parse_reference(repository), NO_DIGEST), parse_reference(repository), DELETE
    )
    if isinstance(answer, Response) and answer.status in NOT_SUPPORTED:
        host = parse_reference(repository).host
        raise EnvironmentFailure(
            f"{host} does not delete images (HTTP {answer.status})",
            "switch deletion on in the registry (Docker's own: `storage.delete.enabled: true`), or delete there by "
            "hand what a dry run lists with -v",
        )


def delete_manifest(registry: Registry, repository: str, digest: str, tags: tuple[str, ...] = ()) -> None:
    """Delete a manifest with all its tags; one that is gone already is deleted.

    ``tags`` go first where the registry asks for that. Raises :class:`Failure` with what the registry says.
    """
    answer = _delete(registry, repository, digest)
    if answer.status >= 400 and TAGS_FIRST in answer.body.decode(errors="replace"):
        for tag in tags:
            _refuse(_delete(registry, repository, tag), f"{repository}:{tag}")
        answer = _delete(registry, repository, digest)
    _refuse(answer, f"{repository}@{digest}")


def _delete(registry: Registry, repository: str, version: str) -> Response:
    place = parse_reference(repository)
    return response_of(registry.send(_deletion(place, version), place, DELETE), f"{repository}: {version}")


def _deletion(place: Reference, version: str) -> HttpRequest:
    return HttpRequest("DELETE", address(place, f"manifests/{version}"))


def _refuse(answer: Response, what: str) -> None:
    if answer.status >= 300 and answer.status != 404:
        raise Failure(
            f"{what} could not be deleted: {words(refusal(answer))}", "check that the login may delete"
        )


def _answer(answer: Response | Denied | Unreachable, what: str) -> Response:
    """Return a response that is a success, or says that something does not exist."""
    response = response_of(answer, what)
    return response if response.status == 404 else success_of(response, what)


def success_of(response: Response, what: str) -> Response:
    """Return a response that is a success; raises :class:`EnvironmentFailure` for another one."""
    if response.status != 200:
        meaning = refusal(response)
        kind = Inaccessible if isinstance(meaning, Denied) else EnvironmentFailure
        raise kind(f"{what}: {words(meaning)}", CHECK)
    return response


def response_of(answer: Response | Denied | Unreachable, what: str) -> Response:
    """Return a response, whatever it says; raises :class:`EnvironmentFailure` if there is none."""
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Denied):
        raise Inaccessible(f"{what}: {words(answer)}", CHECK)
    raise EnvironmentFailure(f"{what}: {words(answer)}", answer.remedy)
