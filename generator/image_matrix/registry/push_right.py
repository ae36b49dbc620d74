"""Tries whether a login may push, before anything is built: it begins an upload and cancels it.

Source: github.com/opencontainers/distribution-spec, spec.md, "Pushing a blob in chunks" and "Canceling a blob upload".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from image_matrix.config.release import GITHUB_REGISTRY
from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.addresses import address, is_of_registry, named_address
from image_matrix.registry.answers import Denied, refusal, words
from image_matrix.registry.client import CONCURRENCY
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.reference import parse_reference
from image_matrix.registry.tokens import PUSH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.registry.client import Registry
    from image_matrix.registry.reference import Reference

PACKAGE = (
    "give this repository the role Write in the settings of the package on GitHub (Manage Actions access); "
    "elsewhere than on GitHub Actions, log in with `docker login ghcr.io` and a token with write:packages"
)
ACCOUNT = "give the account the right to push there, or log in with another one: `docker login {host}`"


def refuse_unpushable(registry: Registry, repositories: Iterable[str]) -> None:
    """Raise :class:`EnvironmentFailure` for the first repository that the login may not push to.

    Every other answer passes: the push itself reports what is wrong, and a registry may not know the request.
    """
    names = list(dict.fromkeys(repositories))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        answers = list(pool.map(lambda name: push_refusal(registry, name), names))
    for name, denied in zip(names, answers, strict=True):
        if denied:
            host = parse_reference(name).host
            remedy = PACKAGE if host == GITHUB_REGISTRY else ACCOUNT.format(host=host)
            raise EnvironmentFailure(f"{name}: no image can be pushed: {words(denied)}", remedy)


def push_refusal(registry: Registry, repository: str) -> Denied | None:
    """Return why the login may not push to a repository, or ``None`` if nothing says so."""
    place = parse_reference(repository)
    start = address(place, "blobs/uploads/")
    answer = registry.send(HttpRequest("POST", start), place, PUSH)
    if isinstance(answer, Denied):
        return answer
    if not isinstance(answer, Response):
        return None
    if 200 <= answer.status < 300:
        _cancel(registry, place, start, answer.headers.get("location", ""))
        return None
    meaning = refusal(answer)
    return meaning if isinstance(meaning, Denied) else None


def _cancel(registry: Registry, place: Reference, start: str, location: str) -> None:
    """End an upload without a result; a registry that cannot do that forgets it by itself."""
    with suppress(EnvironmentFailure):
        upload = named_address(start, location, place)
        if is_of_registry(upload, place):
            registry.send(HttpRequest("DELETE", upload, repeatable=False), place, PUSH)
