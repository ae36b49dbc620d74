"""Gathers what must stay in registries: from the matrix, from git's branches of releases, from open pull requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.cli.prune_releases import channels, of_releases, past, released_commits
from image_matrix.cli.prune_revisions import open_pull_requests, pull_requests, readable_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.model import Matrix
    from image_matrix.github.branch_commit import Git
    from image_matrix.planning.plan import State
    from image_matrix.pruning.model import RepositoryNeeds
    from image_matrix.pruning.needs import Released, Revision


@dataclass(frozen=True, slots=True)
class Heads:
    """The commits that say what must stay."""

    branches: Mapping[str, str]
    """Of the branches of the remote."""
    pulls: Mapping[int, str]
    """Of open pull requests, by number."""
    unknown: str | None
    """Why it is not known which are open."""


@dataclass(frozen=True, slots=True)
class KnownNeeds:
    """What is known of what must stay."""

    matrix: Matrix
    heads: Heads
    """What this was read from."""
    revisions: tuple[Revision, ...]
    moving: tuple[str, ...]
    past: Released
    unknown: str | None

    def repositories(self) -> list[str]:
        """Return the repositories to look at."""
        from image_matrix.pruning.needs import repositories

        return repositories(self.matrix, self.revisions, self.past)

    def needs(self, repository: str) -> RepositoryNeeds:
        """Return what must stay in one of them."""
        from image_matrix.pruning.needs import needs_of

        return needs_of(repository, self.matrix, self.revisions, self.moving, self.past, self.unknown)


def heads(git: Git, matrix: Matrix) -> Heads:
    """Return the commits of the remote that say what must stay. Raises :class:`Failure`."""
    pulls, unknown = open_pull_requests()
    release, main = matrix.release.branch, matrix.workflow.default_branch
    names = dict.fromkeys([release, *channels(matrix), main])
    lines = git("ls-remote", "--heads", git.remote, *(f"refs/heads/{name}" for name in names)).splitlines()
    commits = {
        name.removeprefix("refs/heads/"): commit for commit, name in (line.split("\t") for line in lines)
    }
    return Heads(commits, pulls, unknown)


def known(session: Session, state: State, git: Git, count: int) -> KnownNeeds:
    """Return what must stay with the last ``count`` releases, of the release branch and of each channel.

    Raises :class:`Failure` where that is not known.
    """
    matrix = state.loaded.matrix
    current = heads(git, matrix)
    branches = current.branches
    main = _main(session, git, matrix, branches)
    commits = released_commits(git, matrix, branches, count)
    proposed, unknown = (
        ([], current.unknown) if current.unknown else pull_requests(session, git, current.pulls)
    )
    from image_matrix.pruning.needs import Revision

    revisions = (
        Revision(state, "a key of the matrix"),
        Revision(main, f"a key of {matrix.workflow.default_branch}"),
        *of_releases(session, git, commits),
        *proposed,
    )
    moving = dict.fromkeys([*_moving(git, state), *_moving(git, main)])
    return KnownNeeds(
        matrix, current, revisions, tuple(moving), past(git, matrix, branches, commits), unknown
    )


def _main(session: Session, git: Git, matrix: Matrix, current: Mapping[str, str]) -> State:
    """Return the matrix of the default branch; raises :class:`Failure` if there is none: its builds may be running."""
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import tip

    branch = matrix.workflow.default_branch
    if branch not in current:
        raise Failure(
            f"{git.remote} has no branch {branch}, so it is not known which images it builds",
            "push it, or name the default branch: `workflow: {default_branch: NAME}`",
        )
    tip(git, branch)
    state = readable_state(session, current[branch])
    if state is None:
        raise Failure(f"{branch} has no valid {session.matrix}", "mend it first, so that its keys are known")
    return state


def _moving(git: Git, state: State) -> list[str]:
    from datetime import UTC, datetime

    from image_matrix.publish.moving_tags import Moment, moving_tags

    moment = Moment(datetime.now(UTC).date().isoformat(), git("rev-parse", "HEAD"), release="{release}")
    return list(moving_tags(state, moment))
