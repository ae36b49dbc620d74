"""``status``: what is built, tested, scanned and released, how large it is, and from which commit it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import note
from image_matrix.cli.project import open_locked
from image_matrix.cli.released_entries import released_entries
from image_matrix.cli.status_scan import last_scan, scan_data
from image_matrix.config.platforms import architecture
from image_matrix.config.variant_ids import image_of
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.cli.session import Session
    from image_matrix.publish.status import LegStatus, Progress, VariantStatus

SHORT = 9
"""Digits of a commit that are shown."""
WORDS: Mapping[Progress, str] = {
    "absent": "not built",
    "built": "built",
    "tested": "tested",
    "unknown": "not known",
}


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option(
    "--staging",
    is_flag=True,
    envvar="IMAGE_MATRIX_STAGING",
    help="Of the images below the staging path, that pull requests build.",
)
@click.option(
    "--layers",
    is_flag=True,
    help="How large each step of the images is, and which image below has it.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.pass_obj
def status(session: Session, names: tuple[str, ...], staging: bool, layers: bool, format_: str) -> int:
    """Show what is built, tested, scanned and released.

    VARIANT is IMAGE or IMAGE:LABEL; the default is all. Asks the registry for the images of the matrix as it is, and
    the clone for the release branch: `git fetch` brings its newest commit.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.signatures import UNVERIFIED, believes_tags
    from image_matrix.config.variant_selectors import select
    from image_matrix.planning.registry_locations import registry_locations
    from image_matrix.publish.status import variant_statuses

    state = state_of(open_locked(session))
    chosen = select(state.loaded.variants, names)
    target = registry_locations(state, staging=staging).target
    if layers:
        from image_matrix.cli.status_layers import print_layers

        return print_layers(session, target, chosen, registry_of(session, state.loaded), format_)
    entries = released_entries(session, state.loaded.matrix.release.branch)
    statuses = variant_statuses(target, chosen, registry_of(session, state.loaded), entries)
    click.echo(as_json(statuses) if format_ == "json" else as_table(statuses), nl=False)
    problems = dict.fromkeys(problem for one in statuses for problem in one.problems)
    for problem in problems:
        note(session, problem)
    legs = [leg for one in statuses for leg in one.legs]
    if not names and (removed := removed_variants(entries or {}, state.loaded.variants)):
        note(session, removed)
    if believes_tags(state.loaded) and any(leg.progress == "tested" for leg in legs):
        note(session, UNVERIFIED)
    return 3 if legs and all(leg.progress == "unknown" for leg in legs) else 0


def removed_variants(released: Iterable[str], known: Collection[str]) -> str:
    """Return a sentence about the released variants that the matrix no longer has; empty if there are none."""
    removed = sorted({*released} - {*known})
    words = "until the next release, users have what the matrix no longer has"
    return f"{words}: {listed(removed, 3)}" if removed else ""


def as_table(statuses: Sequence[VariantStatus]) -> str:
    """Return a line for each variant, and a line that counts them."""
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    rows = [(one.variant, _progress(one), _scan(one), _size(one), _users(one)) for one in statuses]
    return table(("variant", "now", "scan", "size", "users have"), rows, terminal_width()) + _summary(
        statuses
    )


def _progress(one: VariantStatus) -> str:
    """Return how far the image of today is; by platform, if they differ."""
    return _by_arch({leg.platform: WORDS[leg.progress] for leg in one.legs})


def _by_arch(words: Mapping[str, str]) -> str:
    archs: dict[str, list[str]] = {}
    for platform, word in words.items():
        archs.setdefault(word, []).append(architecture(platform))
    if len(archs) == 1:
        return next(iter(archs))
    return ", ".join(f"{word} ({', '.join(names)})" for word, names in archs.items())


def _scan(one: VariantStatus) -> str:
    words = {True: "yes", False: "no", None: "not known"}
    legs = [leg for leg in one.legs if leg.scanned is not None or leg.problem]
    return _by_arch({leg.platform: words[leg.scanned] for leg in legs}) if legs else ""


def _size(one: VariantStatus) -> str:
    """Return the size on the first platform that has one, against what users have."""
    leg = next((leg for leg in one.legs if leg.size is not None), None)
    if leg is None or leg.size is None:
        return ""
    before = one.released.sizes.get(leg.platform) if one.released and not one.is_current else None
    difference = f" ({(leg.size - before) / 1e6:+.0f} MB)" if before else ""
    return f"{leg.size / 1e6:.0f} MB{difference}"


def _users(one: VariantStatus) -> str:
    """Return which image the release branch offers, from when and from which commit."""
    if one.gone:
        return "an image that the registry no longer has"
    if not one.is_release_known:
        return "not known"
    if one.released is None:
        return "nothing yet" if one.publish else "not published"
    which = "this" if one.is_current else "an older one"
    day, commit = one.released.created[:10], one.released.commit[:SHORT]
    parts = [which, *([f"of {day}"] if day else []), *([f"from {commit}"] if commit else [])]
    return " ".join(parts) + last_scan(one.released.scan)


def _summary(statuses: Sequence[VariantStatus]) -> str:
    tested = sum(all(leg.progress == "tested" for leg in one.legs) for one in statuses)
    current = sum(one.is_current and not one.gone for one in statuses)
    built = _not_known(any(leg.progress == "unknown" for leg in one.legs) for one in statuses)
    offered = _not_known(not one.is_release_known for one in statuses)
    counts = f"{tested} tested{built}, {current} released as they are now{offered}"
    return f"{plural(len(statuses), 'variant')}: {counts}\n"


def _not_known(each: Iterable[bool]) -> str:
    count = sum(each)
    return f" ({count} not known)" if count else ""


def as_json(statuses: Iterable[VariantStatus]) -> str:
    """Return every platform of each variant, and what is released of it."""
    import json

    return json.dumps([_as_data(one) for one in statuses], indent=2) + "\n"


def _as_data(one: VariantStatus) -> dict[str, Any]:
    released = one.released
    return {
        "image": image_of(one.variant),
        "variant": one.variant.partition(":")[2],
        "published": one.publish,
        "platforms": {leg.platform: _leg_data(leg) for leg in one.legs},
        "released": {
            "digest": released.digest,
            "created": released.created or None,
            "commit": released.commit or None,
            "size": dict(released.sizes),
            "current": one.is_current,
            "scan": scan_data(released.scan) if released.scan else None,
        }
        if released
        else None,
        "release_known": one.is_release_known,
        "gone": one.gone,
    }


def _leg_data(leg: LegStatus) -> dict[str, Any]:
    return {
        "progress": leg.progress,
        "digest": leg.digest or None,
        "size": leg.size,
        "scanned": leg.scanned,
        "packages": leg.has_packages,
    }
