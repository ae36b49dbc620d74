"""Commits through GitHub's API, which signs the commits of Actions and of Apps: rules can ask for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import Failure
from image_matrix.github.api import Rejected
from image_matrix.github.branch_commit import RIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.github.api import Api
    from image_matrix.json_data import Json
    from image_matrix.output_tree.files import File


def create_commit(
    api: Api,
    parent: str | None,
    tree: str | None,
    files: Mapping[str, File],
    removed: Iterable[str],
    message: str,
) -> str:
    """Create a commit on top of ``parent``, whose tree is ``tree``; return its id. No branch points to it yet.

    Source: docs.github.com/rest/git/trees, docs.github.com/rest/git/commits.
    """
    entries: list[Json] = [
        {"path": path, "mode": file.mode, "type": "blob", "content": file.content.decode()}
        for path, file in files.items()
    ]
    entries += [{"path": path, "mode": "100644", "type": "blob", "sha": None} for path in removed]
    base: dict[str, Json] = {"base_tree": tree} if tree else {}
    new_tree = api.call("POST", "/git/trees", {**base, "tree": entries})["sha"]
    parents: list[Json] = [parent] if parent else []
    return str(
        api.call("POST", "/git/commits", {"message": message, "tree": new_tree, "parents": parents})["sha"]
    )


def move_branch(api: Api, branch: str, commit: str, *, exists: bool) -> None:
    """Point a branch to a commit that follows its tip; raises :class:`Failure` if GitHub refuses.

    Source: docs.github.com/rest/git/refs.
    """
    try:
        if exists:
            api.call("PATCH", f"/git/refs/heads/{branch}", {"sha": commit, "force": False})
        else:
            api.call("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
    except Rejected as error:
        raise Failure(f"the branch {branch} could not be moved: {error.message}", RIGHTS) from error
