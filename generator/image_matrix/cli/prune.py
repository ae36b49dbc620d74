"""``prune``: deletes from the registry what no release, key or pull request needs.

It plans all repositories first. Before it deletes in one, it reads the branches of releases, open pull requests and the
repository again, and deletes only what goes by both plans: a release at the same time loses nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import note
from image_matrix.cli.project import open_project
from image_matrix.config.workflow import Prune
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from image_matrix.cli.prune_needs import KnownNeeds
    from image_matrix.cli.prune_stores import Store
    from image_matrix.cli.session import Session
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.pruning.model import RepositoryPlan
    from image_matrix.pruning.result import PruneEnd
    from image_matrix.registry.client import Registry


@click.command()
@click.option(
    "--keep-releases",
    metavar="N",
    type=click.IntRange(1, 1000),
    help="Keep what the last N releases name, and of each channel.  [default: 10, or `workflow.prune`]",
)
@click.option(
    "--older",
    metavar="DAYS",
    type=click.IntRange(0, 3650),
    help="Delete only what is older.  [default: 14, or `workflow.prune`]",
)
@click.option(
    "--delete/--dry-run",
    default=False,
    help="Delete; otherwise print what would be deleted.  [default: dry-run]",
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def prune(session: Session, keep_releases: int | None, older: int | None, delete: bool, format_: str) -> int:
    """Delete from the registry what nothing needs any more.

    What the last releases, the channels, the matrix, open pull requests and moving tags name stays, with its
    signatures, and so does everything that it cannot explain. Use -v to list each image with the reason.
    """
    from image_matrix.cli.caller_git import caller_git
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.prune_deletion import Latest, delete_planned
    from image_matrix.cli.prune_needs import heads, known
    from image_matrix.cli.prune_stores import store_of
    from image_matrix.pruning.result import result_of

    state = state_of(open_project(session))
    matrix, git = state.loaded.matrix, caller_git(session)
    settings = matrix.workflow.prune or Prune()
    count = settings.keep_releases if keep_releases is None else keep_releases
    days = settings.older_days if older is None else older
    before = datetime.now(UTC) - timedelta(days=days)
    registry = registry_of(session, state.loaded)
    store = store_of(matrix, registry)
    needed = known(session, state, git, count)
    if needed.unknown and matrix.workflow.rendered:
        note(session, f"images of pull requests stay: {needed.unknown}")
    latest = Latest(needed, lambda: heads(git, matrix), lambda: known(session, state, git, count))

    def planned(name: str) -> RepositoryPlan:
        return _planned(store, registry, latest.needed, name, before)

    with span("read the registry"):
        plans, left, unread = _all_planned(needed, planned)
    for text in left:
        note(session, text)
    _print(session, plans, format_)
    outcomes = delete_planned(session, store, plans, planned, latest.moved) if delete else None
    return _end(format_, plans, result_of(plans, outcomes, unread), left)


def _all_planned(
    needed: KnownNeeds, planned: Callable[[str], RepositoryPlan]
) -> tuple[list[RepositoryPlan], list[str], dict[str, EnvironmentFailure]]:
    """Plan all repositories but those that the registry denies access to, which may not exist, and say which.

    What fails in one repository is no failure of the others: it is returned with the repository's name. Raises
    :class:`EnvironmentFailure` if no repository can be read, or the registry denies access to all that have something.
    """
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.registry.repositories import Inaccessible

    plans: list[RepositoryPlan] = []
    denied: list[Inaccessible] = []
    unread: dict[str, EnvironmentFailure] = {}
    for name in needed.repositories():
        try:
            plans.append(planned(name))
        except Inaccessible as failure:
            denied.append(failure)
        except EnvironmentFailure as failure:
            unread[name] = failure
    if unread and not plans:
        raise next(iter(unread.values()))
    if denied and not any(plan.keep or plan.delete or plan.unexplained for plan in plans):
        raise denied[0]
    return plans, [f"left alone: {refusal.message}; {refusal.help}" for refusal in denied], unread


def _planned(
    store: Store, registry: Registry, needed: KnownNeeds, repository: str, before: datetime
) -> RepositoryPlan:
    """Read a repository and plan it."""
    from image_matrix.pruning.observe import completed, dated
    from image_matrix.pruning.plan import make_plan

    needs = needed.needs(repository)
    listing = completed(registry, repository, store.listing(repository), needs)
    listing = dated(registry, repository, listing, make_plan(repository, listing, needs, None))
    return make_plan(repository, listing, needs, before)


def _print(session: Session, plans: Sequence[RepositoryPlan], format_: str) -> None:
    from image_matrix.pruning.report import as_json, text

    if format_ == "json":
        click.echo(json.dumps(as_json(plans), indent=2, ensure_ascii=False))
    else:
        click.echo(text(plans, every=session.verbosity > 0), nl=False)


def _end(format_: str, plans: Sequence[RepositoryPlan], result: PruneEnd, left: Sequence[str]) -> int:
    """Print the result, also to the summary of a run, with what was left alone; raises what could not be done."""
    from image_matrix.findings.markdown import words
    from image_matrix.github.files import SUMMARY, append
    from image_matrix.pruning.report import markdown

    problem = [result.problem.message, result.problem.help] if result.problem else []
    lines = [words(text) for text in (*left, *result.notes, *problem)]
    append(SUMMARY, markdown(plans, f"{result.sentence}.", lines))
    click.echo(result.sentence, err=format_ == "json")
    for text in result.notes:
        click.echo(f"note: {text}", err=True)
    if result.problem:
        raise result.problem
    return 0
