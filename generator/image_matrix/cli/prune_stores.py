"""Reads and deletes in registries as each of them can: GitHub's by its API, all others by their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.config.model import Matrix
    from image_matrix.github.api import Api
    from image_matrix.github.packages import Version
    from image_matrix.pruning.model import Listing
    from image_matrix.pruning.perform import Deletion
    from image_matrix.registry.client import Registry


@dataclass(frozen=True, slots=True)
class Store:
    """A registry; both may raise :class:`Failure`."""

    listing: Callable[[str], Listing]
    """Returns what a repository has now."""
    deletion: Callable[[str], Deletion]
    """Returns what deletes in a repository that was listed before."""


def store_of(matrix: Matrix, registry: Registry) -> Store:
    """Return the registry of a matrix; raises :class:`Failure` if it needs a token that is not there."""
    from image_matrix.config.release import GITHUB_REGISTRY

    if matrix.registry.partition("/")[0] != GITHUB_REGISTRY:
        return by_itself(registry)
    return by_github(registry, _api())


def _api() -> Api:
    import os

    from image_matrix.errors import CallError
    from image_matrix.github.api import open_api
    from image_matrix.github.packages import of_server

    token = os.environ.get("GITHUB_TOKEN")
    if not token:
        raise CallError(
            "GITHUB_TOKEN is not set: only GitHub's API lists and deletes what ghcr.io has",
            "set it to a classic token with read:packages, and delete:packages to delete",
        )
    return of_server(open_api(os.environ.get("GITHUB_API_URL", "https://api.github.com"), "", token))


def by_itself(registry: Registry) -> Store:
    """Return a registry that is asked, and deletes, by the OCI's API."""
    from image_matrix.pruning.observe import by_tags
    from image_matrix.pruning.perform import Deletion
    from image_matrix.registry.repositories import delete_manifest, refuse_without_deletion

    def deletion(repository: str) -> Deletion:
        refuse_without_deletion(registry, repository)
        return Deletion(
            delete=lambda digest, tags: delete_manifest(registry, repository, digest, tags),
            mark=_marker(registry, repository),
        )

    return Store(lambda repository: by_tags(registry, repository), deletion)


def by_github(registry: Registry, api: Api) -> Store:
    """Return GitHub's registry, which ``api``, that of the whole server, lists and deletes."""
    from image_matrix.errors import Failure
    from image_matrix.github.packages import delete_version, package_path, versions
    from image_matrix.pruning.observe import by_versions
    from image_matrix.pruning.perform import Deletion
    from image_matrix.registry.repositories import read

    ids: dict[str, dict[str, int]] = {}

    def listing(repository: str) -> Listing:
        listed = versions(api, package_path(api, repository)) or _none(registry, repository)
        ids[repository] = {version.digest: version.id for version in listed}
        return by_versions(registry, repository, listed)

    def deletion(repository: str) -> Deletion:
        package = package_path(api, repository)

        def delete(digest: str, _tags: tuple[str, ...]) -> None:
            version = ids[repository].get(digest)
            if version is not None:
                delete_version(api, package, version)
            elif read(registry, repository, digest):
                raise Failure(f"{repository}@{digest}: GitHub lists no version of it", "run prune again")

        return Deletion(delete, _marker(registry, repository))

    return Store(listing, deletion)


def _none(registry: Registry, repository: str) -> list[Version]:
    """Return no versions; raises :class:`Inaccessible` if the registry has tags, of which the token may not know."""
    from image_matrix.github.packages import RIGHTS
    from image_matrix.registry.repositories import Inaccessible, list_tags
    from image_matrix.text import plural

    if tags := list_tags(registry, repository):
        problem = f"{repository}: GitHub's API lists nothing, and the registry has {plural(len(tags), 'tag')}"
        raise Inaccessible(problem, RIGHTS)
    return []


def _marker(registry: Registry, repository: str) -> Callable[[str], None]:
    """Return what gives a manifest a tag by which the next prune finds it; one that is gone needs none."""
    from image_matrix.pruning.tag_forms import left_tag
    from image_matrix.registry.repositories import read
    from image_matrix.registry.upload import point_tag

    def mark(digest: str) -> None:
        if read(registry, repository, digest):
            point_tag(registry, repository, digest, left_tag(digest))

    return mark
