"""Finds what users have: the images that the release branch and the channels of the remote name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.findings.model import ScanTarget

NOTHING = "nothing is released yet"


def released_targets(session: Session, loaded: Loaded) -> list[ScanTarget]:
    """Return the released images on each platform, each digest once; none before the first release.

    Raises :class:`Failure` if a digest file cannot be read, and :class:`EnvironmentFailure` if git fails.
    """
    from image_matrix.cli.caller_git import caller_git
    from image_matrix.findings.released import scan_targets
    from image_matrix.github.branch_commit import text_at, tip
    from image_matrix.publish.release_files import DIGESTS, read_entries

    matrix, git = loaded.matrix, caller_git(session)
    channels = [one.site.channel for one in matrix.catalogs.values() if one.site.channel]
    offered = {}
    for branch in dict.fromkeys([matrix.release.branch, *channels]):
        commit = tip(git, branch)
        if commit:
            channel = "" if branch == matrix.release.branch else branch
            offered[channel] = read_entries(text_at(git, commit, DIGESTS))
    return scan_targets(offered, {name: item.platforms for name, item in loaded.variants.items()})


def chosen(targets: Sequence[ScanTarget], names: Sequence[str], platform: str | None) -> list[ScanTarget]:
    """Return the targets that are asked for; raises :class:`CallError` for a name or platform that nothing has."""
    from image_matrix.config.variant_ids import image_of
    from image_matrix.diagnostics import did_you_mean

    for name in names:
        if not any(name in (one.variant, image_of(one.variant)) for one in targets):
            known = {text for one in targets for text in (one.variant, image_of(one.variant))}
            raise CallError(f"nothing is released as `{name}`", did_you_mean(name, known))
    matching = [
        one
        for one in targets
        if (not names or {one.variant, image_of(one.variant)} & {*names}) and platform in (None, one.platform)
    ]
    if targets and not matching:
        raise CallError(f"nothing of it is released for {platform}", "`image-matrix list` has the platforms")
    return matching
