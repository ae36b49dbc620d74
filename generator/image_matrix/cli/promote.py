"""``promote``: moves a channel, a branch that sites follow, to a release.

A promotion is a commit on top of the channel with the files of the release. What somebody has committed there by hand
stays in its history, and no push is forced. If releases have artifacts, the channel's tag moves to that of the release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.caller_git import caller_git
from image_matrix.cli.printing import note
from image_matrix.cli.project import open_project

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix
    from image_matrix.github.branch_commit import Git

TRAILER = "Promoted-Release"
NEWEST = 5
"""Releases that are named to who asks for one that is not there."""


@click.command()
@click.argument("release", required=False, metavar="[RELEASE]")
@click.option("--to", "channel", required=True, metavar="CHANNEL", help="The `channel` of sites.")
@click.option("--dry-run", is_flag=True, help="Print what would be promoted, and push nothing.")
@click.pass_obj
def promote(session: Session, release: str | None, channel: str, dry_run: bool) -> int:
    """Move a channel, which sites follow, to a release.

    RELEASE is a tag that `release` has written, such as 2026.1129.1; by default the newest one.
    """
    from image_matrix.cli.artifact import find_promoted, move_channel
    from image_matrix.github.branch_commit import push, remote_tags

    loaded = open_project(session).loaded
    sites = _sites(loaded.matrix, channel)
    git = caller_git(session)
    tags = remote_tags(git)
    name = _chosen(tags, release)
    commit = prepare(session, git, name, channel)
    if commit is not None:
        _refuse_gone(session, loaded, git, name, commit)
    artifact = find_promoted(session, loaded, name, tags[name])
    if commit is None:
        click.echo(f"{channel} has {name} already")
    elif dry_run:
        click.echo(f"{channel} would get {name}, for {', '.join(sites)}")
    else:
        push(git, commit, channel)
        click.echo(f"{channel} has {name} now, for {', '.join(sites)}")
    if artifact and not dry_run:
        move_channel(session, loaded, artifact, channel)
    return 0


def _sites(matrix: Matrix, channel: str) -> list[str]:
    """Return the sites of a channel; raises :class:`CallError` if there is none."""
    from image_matrix.diagnostics import did_you_mean
    from image_matrix.errors import CallError

    channels = {one.site.name: one.site.channel for one in matrix.catalogs.values() if one.site.channel}
    sites = [name for name, followed in channels.items() if followed == channel]
    if not sites:
        near = did_you_mean(channel, channels.values()) if channels else _to_follow(matrix, channel)
        raise CallError(f"no site follows the channel `{channel}`", near)
    return sites


def _to_follow(matrix: Matrix, channel: str) -> str:
    """Return what to write where no site has a channel, which not every branch can be."""
    from image_matrix.config.pattern import fits
    from image_matrix.config.schema import resolved, schema
    from image_matrix.config.suggestions import named
    from image_matrix.validate.sites import taken_channels

    site = resolved(schema()["properties"]["sites"]["additionalProperties"])
    if channel in taken_channels(matrix) or not fits(site["properties"]["channel"]["pattern"], channel):
        return "it cannot be one: write `channel: stable` for a site in matrix.yaml, and `--to stable`"
    return f"write {named('channel', channel)} for a site in matrix.yaml"


def _chosen(tags: dict[str, str], release: str | None) -> str:
    """Return the tag of a release; raises :class:`CallError` if the remote does not have it."""
    from image_matrix.errors import CallError
    from image_matrix.publish.release_tags import released
    from image_matrix.text import listed

    known = released(tags)
    if not known:
        raise CallError("no release has a tag yet", "run a release first: it writes the tag with its commit")
    if release is not None and release not in known:
        newest = listed((f"`{name}`" for name in known), NEWEST)
        raise CallError(f"there is no release {release}", f"releases, the newest first: {newest}")
    return release or known[0]


def _refuse_gone(session: Session, loaded: Loaded, git: Git, release: str, commit: str) -> None:
    """Raise :class:`Failure` if the registry no longer has an image of a release, whose files ``commit`` has."""
    from image_matrix.cli.network_files import registry_of
    from image_matrix.errors import Failure
    from image_matrix.github.commit_files import files_at
    from image_matrix.publish.offered_images import gone, offered_images
    from image_matrix.publish.release_files import DIGESTS, FOLDER, read_entries
    from image_matrix.text import listed, plural

    files = files_at(git, commit, FOLDER)
    texts = {f"{FOLDER}/{path}": file.content.decode(errors="replace") for path, file in files.items()}
    entries = read_entries(texts.pop(DIGESTS, None))
    absent = gone(registry_of(session, loaded), offered_images(entries, texts.values()))
    if absent:
        raise Failure(
            f"the registry no longer has {plural(len(absent), 'image')} of {release}: {listed(absent, 3)}",
            "promote a newer release; if this is the newest one, run the workflow, which builds again what is gone, "
            "and promote the newest one then",
        )


def prepare(session: Session, git: Git, release: str, channel: str) -> str | None:
    """Write the commit with the files of a release on top of a channel; ``None`` if that is what the channel has.

    Raises :class:`Failure` if somebody has taken this release back there, or if the branch is no channel.
    """
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import last_with_trailer, tip

    git("fetch", "--quiet", "--no-tags", git.remote, f"refs/tags/{release}")
    source = git("rev-parse", "FETCH_HEAD^{commit}")
    now = tip(git, channel)
    if now is None:
        return _commit(git, release, channel, source, [source])
    last = last_with_trailer(git, now, TRAILER)
    if last is None:
        raise Failure(
            f"the branch {channel} exists, and no promotion has made it",
            "choose another name for the channel, or delete the branch if nothing needs it",
        )
    is_same = f"{TRAILER}: {release}" in git("log", "-1", "--format=%B", last).splitlines()
    if is_same and last == now:
        return None
    if is_same:
        raise Failure(
            f"{channel} was changed by hand after {release} was promoted",
            "promote another release; or revert these commits on the branch to offer it again",
        )
    if last != now:
        note(session, f"{channel} was changed by hand since its last promotion; {release} replaces that")
    return _commit(git, release, channel, source, [now, source])


def _commit(git: Git, release: str, channel: str, source: str, parents: list[str]) -> str:
    message = f"Promote {release} to {channel}\n\n{TRAILER}: {release}\n"
    options = (option for parent in parents for option in ("-p", parent))
    return git("commit-tree", f"{source}^{{tree}}", *options, stdin=message.encode())
