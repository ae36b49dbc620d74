"""Reads the release branch, and says whether it allows a release."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from image_matrix.publish.release_files import DIGESTS, FOLDER, read_entries
from image_matrix.publish.release_text import SOURCE_TRAILER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git
    from image_matrix.inventory.difference import ImageState
    from image_matrix.json_data import Json
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.render.kubernetes.outputs import Kept


NO_ANCESTOR = 1
"""Exit code of ``git merge-base --is-ancestor`` for an existing commit; others are errors that git explains."""


def release_git(session: Session) -> Git:
    """Return the checkout of a run as the release branch is pushed from, with a deploy key until the command ends.

    The key is taken out of the environment, so that no other program gets it.
    Raises :class:`CallError` outside of a repository.
    """
    from image_matrix.cli.caller_git import NEED
    from image_matrix.github.branch_commit import open_git
    from image_matrix.github.deploy_key import VARIABLE, deploy_key
    from image_matrix.project.revisions import need_repository

    need_repository(session.root, NEED)
    environment = dict(os.environ)
    os.environ.pop(VARIABLE, None)
    variables = click.get_current_context().with_resource(deploy_key(environment))
    return open_git(session.root, variables)


def check_last_release(git: Git, state: State, *, allow_older: bool) -> None:
    """Raise :class:`Failure`, before anything is written, if the release branch does not allow a release.

    This also tries a push: without permission to push, nothing has to be created and signed.
    """
    from image_matrix.github.branch_commit import last_with_trailer, tip, try_push
    from image_matrix.publish.release_files import refuse_to_offer_nothing

    branch = state.loaded.matrix.release.branch
    now = tip(git, branch)
    try_push(git, now or "HEAD", branch)
    if now is None:
        return
    refuse_to_offer_nothing(state, branch, sites_at(git, now))
    entries_at(git, now)  # raises if the file cannot be read
    last = last_with_trailer(git, now, SOURCE_TRAILER)
    if last and not allow_older:
        _refuse_older(git, last)


def _refuse_older(git: Git, last: str) -> None:
    """Raise :class:`Failure` if the last release was made from a commit that is not an ancestor of HEAD."""
    from image_matrix.errors import Failure
    from image_matrix.github.released_texts import source_at
    from image_matrix.stderr import failed

    source = source_at(git, last)
    answer = git.try_("merge-base", "--is-ancestor", source, "HEAD") if source else None
    if source and answer and answer.returncode:
        problem = f"the last release was made from {source[:12]}, which is newer than this commit or not in its history"
        raise Failure(
            problem if answer.returncode == NO_ANCESTOR else failed(problem, answer.stderr),
            "run the workflow on the newest commit; after a force push, or to release an older commit, "
            "run it by hand with `allow_older` (`release --allow-older`)",
        )


def sites_at(git: Git, commit: str) -> list[str]:
    """Return the names of the sites that a release offers profiles at: those with a folder beside BuildKit's.

    Names with a dot in front are of other lists.
    """
    from image_matrix.render.kubernetes.outputs import BUILDKIT, BUILDS

    listed = git("ls-tree", "-r", "-d", "-z", "--name-only", commit, f"{FOLDER}/")
    folders = (path.removeprefix(f"{FOLDER}/").split("/") for path in listed.split("\0") if path)
    offering = [names[0] for names in folders if len(names) > 1 and names[1] not in (BUILDKIT, BUILDS)]
    return [name for name in dict.fromkeys(offering) if not name.startswith(".")]


def _kept(git: Git, commit: str) -> dict[str, list[dict[str, Any]]]:
    """Return the objects of a release that the next one goes on from, by site."""
    from image_matrix.github.branch_commit import text_at
    from image_matrix.render.kubernetes.outputs import KEPT

    kept: dict[str, list[dict[str, Any]]] = {}
    for site in sites_at(git, commit):
        texts = (text_at(git, commit, f"{FOLDER}/{site}/{path}") for path in KEPT)
        if objects := [one for text in texts if text for one in objects_in(text)]:
            kept[site] = objects
    return kept


def objects_in(text: str) -> list[dict[str, Any]]:
    """Return the objects of Kubernetes in a text."""
    import yaml

    return [one for one in yaml.safe_load_all(text) if isinstance(one, dict)]


def _catalog(git: Git, commit: str) -> dict[str, dict[str, Json]]:
    """Return the entries of a release's catalog by variant id; none if it has no catalog."""
    from image_matrix.github.branch_commit import text_at
    from image_matrix.render.lists.catalog_json import entries_by_id
    from image_matrix.render.lists.outputs import CATALOG

    return entries_by_id(text_at(git, commit, CATALOG) or "")


@dataclass(frozen=True, slots=True)
class Branch:
    """The current state of the release branch."""

    name: str
    now: str | None
    """Its newest commit."""
    last: str | None
    """The newest commit by a release; it differs from ``now`` if somebody has committed by hand since."""
    offered: Mapping[str, ReleaseEntry]
    """The current entries of its digest file."""
    kept: Kept
    """Its objects that the next release goes on from, by site."""
    catalog: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """The entries of its catalog, by variant id."""
    records: tuple[Mapping[str, ImageState], ...] = ()
    """What is in images, as the branch says it now, and as the last release wrote it."""

    @property
    def was_changed(self) -> bool:
        """Whether something was committed to it since the last release."""
        return self.last is not None and self.now != self.last


def read_branch(git: Git, name: str) -> Branch:
    """Read the release branch from the remote repository."""
    from image_matrix.cli.release_history import records
    from image_matrix.github.branch_commit import last_with_trailer, tip

    now = tip(git, name)
    if now is None:
        return Branch(name, None, None, {}, {})
    last = last_with_trailer(git, now, SOURCE_TRAILER)
    known = tuple(records(git, *dict.fromkeys(one for one in (now, last) if one)))
    return Branch(name, now, last, entries_at(git, now), _kept(git, now), _catalog(git, now), known)


def entries_at(git: Git, commit: str | None) -> dict[str, ReleaseEntry]:
    """Return the entries of the digest file at a commit; none without a commit."""
    from image_matrix.github.branch_commit import text_at

    return read_entries(text_at(git, commit, DIGESTS)) if commit else {}
