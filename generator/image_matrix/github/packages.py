"""Lists and deletes versions of container packages with GitHub's API: ghcr.io itself deletes nothing.

Sources: docs.github.com/rest/packages/packages; a version is one manifest, with or without tags. The token needs to
read and to delete packages; that of a run has to have the role Admin in the package. Without these rights, GitHub may
answer 404, as for a package or a version that does not exist ("Package not found").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from image_matrix.errors import Failure
from image_matrix.github.api import NotFound, PermissionDenied
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.github.api import Api

PAGE = 100
"""The most versions of a page."""
RIGHTS = (
    "in a run, give the repository the role Admin in the package's settings on GitHub (Manage Actions access); "
    "elsewhere, GITHUB_TOKEN needs a classic token with read:packages and delete:packages"
)

_NEVER = ("You cannot delete the last", "more than 5000 downloads", "more than 5,000 downloads")
"""Parts of what GitHub says of a version that nobody but its support, or the deletion of the package, removes."""


class Protected(Failure):
    """GitHub never deletes it: the last version of a package, or one that has many downloads."""


@dataclass(frozen=True, slots=True)
class Version:
    """A manifest of a package."""

    id: int
    digest: str
    tags: tuple[str, ...]
    updated: datetime


def package_path(api: Api, repository: str) -> str:
    """Return the path of the package that a repository of ghcr.io is, below an organisation or a user.

    ``api`` is that of the whole server. Raises :class:`Failure`.
    """
    owner, _, name = parse_reference(repository).repository.partition("/")
    kind = "orgs" if api.call("GET", f"/users/{owner}")["type"] == "Organization" else "users"
    return f"/{kind}/{owner}/packages/container/{quote(name, safe='')}"


def versions(api: Api, package: str) -> list[Version]:
    """Return all versions of a package; none if it does not exist, or the token may not know that it does.

    Raises :class:`Failure`.
    """
    try:
        return [_version(item) for item in _pages(api, f"{package}/versions")]
    except NotFound:
        return []
    except PermissionDenied as denied:
        raise Failure(denied.message, RIGHTS) from denied


def _pages(api: Api, path: str) -> Iterator[dict[str, Any]]:
    for page in count(1):
        items = api.call("GET", f"{path}?per_page={PAGE}&page={page}")
        yield from items
        if len(items) < PAGE:
            return


def _version(item: Mapping[str, Any]) -> Version:
    tags = item["metadata"]["container"]["tags"]
    return Version(
        int(item["id"]), str(item["name"]), tuple(tags), datetime.fromisoformat(item["updated_at"])
    )


def delete_version(api: Api, package: str, version: int) -> None:
    """Delete a version with all its tags; one that is gone already is deleted.

    Raises :class:`Protected` and :class:`Failure`.
    """
    path = f"{package}/versions/{version}"
    try:
        api.call("DELETE", path)
    except NotFound as denied:
        if _still_exists(api, path):
            raise Failure(denied.message, RIGHTS) from denied
    except PermissionDenied as denied:
        raise Failure(denied.message, RIGHTS) from denied
    except Failure as failure:
        if any(words in failure.message for words in _NEVER):
            raise Protected(failure.message) from failure
        raise


def _still_exists(api: Api, path: str) -> bool:
    """Return whether there is a version, perhaps one that the token may not read."""
    try:
        api.call("GET", path)
    except NotFound:
        return False
    except PermissionDenied:
        return True
    return True


def of_server(api: Api) -> Api:
    """Return the API of the whole server, in place of that of one repository."""
    return replace(api, base=api.base.partition("/repos/")[0])
