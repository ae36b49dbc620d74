"""Reads from git's branches of releases which images they name, and which matrices they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.cli.prune_revisions import readable_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.model import Matrix
    from image_matrix.github.branch_commit import Git
    from image_matrix.pruning.needs import Released, Revision


def channels(matrix: Matrix) -> list[str]:
    """Return the branches of channels."""
    return [one.site.channel for one in matrix.catalogs.values() if one.site.channel]


def released_commits(git: Git, matrix: Matrix, current: Mapping[str, str], count: int) -> dict[str, str]:
    """Return the commits whose `deploy/` is kept, the newest of each branch first, with what they are called."""
    from image_matrix.cli.promote import TRAILER
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import remote_tags, tip
    from image_matrix.github.released_texts import last_commits
    from image_matrix.publish.release_tags import order_of
    from image_matrix.publish.release_text import SOURCE_TRAILER

    release = matrix.release.branch
    if release not in current:
        raise Failure(
            f"{git.remote} has no branch {release}, so it is not known what users have",
            "prune after the first release; if there was one, name its branch: `release: {branch: NAME}`",
        )
    tags = {commit: tag for tag, commit in remote_tags(git).items() if order_of(tag)}
    named: dict[str, str] = {}
    for branch in dict.fromkeys([release, *channels(matrix)]):
        if branch in current:
            tip(git, branch)
            trailer = SOURCE_TRAILER if branch == release else TRAILER
            for commit in last_commits(git, current[branch], trailer, count):
                label = f"release {tags[commit]}" if commit in tags else f"commit {commit[:12]} of {branch}"
                named.setdefault(commit, label)
    return named


def past(git: Git, matrix: Matrix, current: Mapping[str, str], commits: Mapping[str, str]) -> Released:
    """Return what releases name: those that are kept, and all of the release branch."""
    from image_matrix.github.released_texts import texts_below, versions_of
    from image_matrix.pruning.needs import released
    from image_matrix.publish.release_files import DIGESTS, FOLDER

    texts = texts_below(git, list(commits), FOLDER)
    kept = {commits[commit]: listed for commit, listed in texts.items()}
    return released(kept, versions_of(git, current[matrix.release.branch], DIGESTS))


def of_releases(session: Session, git: Git, commits: Mapping[str, str]) -> Iterator[Revision]:
    """Yield the matrices that the releases were made from, as far as this clone has their commits."""
    from image_matrix.github.released_texts import source_at
    from image_matrix.pruning.needs import Revision

    done: set[str] = set()
    for commit, label in commits.items():
        source = source_at(git, commit)
        if source and source not in done:
            done.add(source)
            state = readable_state(session, source)
            if state:
                yield Revision(state, f"a key of {label}", builds=False)
            else:
                say(
                    session,
                    f"{label}: the matrix of {source[:12]} cannot be read here; its images stay by digest",
                )
