"""Gathers what must stay in registries: from the matrix, from git's branches of releases, from open pull requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.cli.prune_revisions import pull_requests, readable_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.model import Matrix
    from image_matrix.github.branch_commit import Git
    from image_matrix.planning.plan import State
    from image_matrix.pruning.model import RepositoryNeeds
    from image_matrix.pruning.needs import Released, Revision


@dataclass(frozen=True, slots=True)
class KnownNeeds:
    """What is known of what must stay."""

    matrix: Matrix
    heads: Mapping[str, str]
    """Branches of the remote, with the commits that this was read from."""
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


def heads(git: Git, matrix: Matrix) -> dict[str, str]:
    """Return the commits of the remote's branches that say what must stay."""
    release, main = matrix.release.branch, matrix.workflow.default_branch
    names = dict.fromkeys([release, *_channels(matrix), main])
    lines = git("ls-remote", "--heads", git.remote, *(f"refs/heads/{name}" for name in names)).splitlines()
    return {name.removeprefix("refs/heads/"): commit for commit, name in (line.split("\t") for line in lines)}


def _channels(matrix: Matrix) -> list[str]:
    return [one.site.channel for one in matrix.catalogs.values() if one.site.channel]


def known(session: Session, state: State, git: Git, count: int) -> KnownNeeds:
    """Return what must stay with the last ``count`` releases, of the release branch and of each channel.

    Raises :class:`Failure` where that is not known.
    """
    matrix = state.loaded.matrix
    current = heads(git, matrix)
    main = _main(session, git, matrix, current)
    commits = _released_commits(git, matrix, current, count)
    proposed, unknown = pull_requests(session, git)
    from image_matrix.pruning.needs import Revision

    revisions = (
        Revision(state, "a key of the matrix"),
        Revision(main, f"a key of {matrix.workflow.default_branch}"),
        *_of_releases(session, git, commits),
        *proposed,
    )
    moving = dict.fromkeys([*_moving(git, state), *_moving(git, main)])
    return KnownNeeds(
        matrix, current, revisions, tuple(moving), _past(git, matrix, current, commits), unknown
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


def _released_commits(git: Git, matrix: Matrix, current: Mapping[str, str], count: int) -> dict[str, str]:
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
    for branch in dict.fromkeys([release, *_channels(matrix)]):
        if branch in current:
            tip(git, branch)
            trailer = SOURCE_TRAILER if branch == release else TRAILER
            for commit in last_commits(git, current[branch], trailer, count):
                label = f"release {tags[commit]}" if commit in tags else f"commit {commit[:12]} of {branch}"
                named.setdefault(commit, label)
    return named


def _past(git: Git, matrix: Matrix, current: Mapping[str, str], commits: Mapping[str, str]) -> Released:
    """Return what releases name: those that are kept, and all of the release branch."""
    from image_matrix.github.released_texts import texts_below, versions_of
    from image_matrix.pruning.needs import released
    from image_matrix.publish.release_files import DIGESTS, FOLDER

    texts = texts_below(git, list(commits), FOLDER)
    kept = {commits[commit]: listed for commit, listed in texts.items()}
    return released(kept, versions_of(git, current[matrix.release.branch], DIGESTS))


def _of_releases(session: Session, git: Git, commits: Mapping[str, str]) -> Iterator[Revision]:
    """Yield the matrices that the releases were made from, as far as this clone has their commits."""
    from image_matrix.pruning.needs import Revision
    from image_matrix.publish.release_text import source_of

    done: set[str] = set()
    for commit, label in commits.items():
        source = source_of(git("log", "-1", "--format=%B", commit))
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


def _moving(git: Git, state: State) -> list[str]:
    from datetime import UTC, datetime

    from image_matrix.publish.moving_tags import Moment, moving_tags

    moment = Moment(datetime.now(UTC).date().isoformat(), git("rev-parse", "HEAD"), release="{release}")
    return list(moving_tags(state, moment))
