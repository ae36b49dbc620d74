"""Decides which moments of apt packages the lock has: an entry moves if, and only if, an update counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from image_matrix.lock.resolver_api import ALL
from image_matrix.lock.snapshots import snapshot_sources

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.apt_updates import AptFindings, AptUpdate, AskApt

MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class LockedApt:
    """The moments of sources, and what was found in images: the updates without those that wait."""

    moments: Mapping[str, str]
    findings: AptFindings


def lock_apt(
    loaded: Loaded, old: Mapping[str, str], today: date, upgraded: tuple[str, ...], ask: AskApt
) -> LockedApt:
    """Return the moments of all sources that have one; ``old`` are those of the lock.

    Images are asked where the entry of their source should move: ``upgraded`` names it, or ``apt``, or is for
    everything. ``ask`` gets the start of today: both distributions' snapshot services answer with the last state before
    the moment, so they have it. Which service it is, apt itself knows (`apt-config dump Acquire::Snapshots`).
    """
    start = start_of(today)
    on_snapshot = snapshot_sources(loaded.matrix, loaded.variants)
    roots = sources_with_moments(loaded)
    asked = sources_to_ask(loaded, upgraded)
    answered = ask(asked, start)
    moving = sources_to_move(answered, old, upgraded)
    findings = replace(answered, updates=_brought(answered, moving))
    moments = {name: old[name] for name in roots if name in old}
    moments |= {name: start for name in on_snapshot if name not in old}
    moments |= {
        name: next_moment(old.get(name), start, name in findings.sources_with_updates(findings.current))
        for name in roots
        if name in asked and name in moving
    }
    # without a release nobody can be asked, but the moment decides what the first one has
    unreleased = [name for name in on_snapshot if name in asked and name not in findings.released]
    moments |= {name: max(start, old.get(name, "")) for name in unreleased}
    return LockedApt(moments, findings)


def start_of(today: date) -> str:
    """Return the moment at which a day begins."""
    return f"{today:%Y%m%d}T000000Z"


def sources_to_ask(loaded: Loaded, upgraded: Collection[str]) -> list[str]:
    """Return the sources on which released images are asked: ``upgraded`` names them, or ``apt``, or is for all."""
    used = dict.fromkeys(item.root_source for item in loaded.variants.values())
    return [name for name in used if upgraded == ALL or {"apt", name} & {*upgraded}]


def sources_to_move(findings: AptFindings, old: Collection[str], upgraded: Collection[str] = ALL) -> set[str]:
    """Return the sources with an update that the moment of the lock, one of ``old``, has not brought already.

    An image that is held back is as old as before, and has updates each week. Where others on its source are built with
    the moment and have none, it would have them built in vain each week, so it waits for them, or to be built itself.
    Whoever names the source or ``apt`` in ``upgraded`` wants another try of it.
    """
    built = {findings.source_of[name] for name in findings.current if name in findings.source_of}
    settled = {name for name in built if name in old and not {"apt", name} & {*upgraded}}
    return findings.sources_with_updates(findings.current) | (findings.sources_with_updates() - settled)


def _brought(findings: AptFindings, moving: Collection[str]) -> dict[str, tuple[AptUpdate, ...]]:
    """Return the updates that the lock brings: those of sources that move, and of variants with days of their own."""
    by_day = findings.updates.keys() - findings.source_of.keys()
    return {
        name: updates
        for name, updates in findings.updates.items()
        if name in by_day or findings.source_of[name] in moving
    }


def sources_with_moments(loaded: Loaded) -> list[str]:
    """Return the sources that generated Dockerfiles are built on, perhaps with others in between: they have moments."""
    generated = (item.root_source for item in loaded.variants.values() if item.build is None)
    return list(dict.fromkeys(generated))


def next_moment(old: str | None, start: str, is_built: bool) -> str:
    """Return the moment that takes the place of ``old``, for an update that was found today.

    It is the start of the day, so that two runs of a day write the same. If that is there already, it stays until it is
    built (``is_built``); an update that is found after that needs a later one.
    """
    if old is None or old < start:
        return start
    return _later(old) if is_built else old


def _later(moment: str) -> str:
    """Return the next second. A moment that no calendar has, of a lock that was edited by hand, stays."""
    try:
        return (datetime.strptime(moment, MOMENT) + timedelta(seconds=1)).strftime(MOMENT)
    except (ValueError, OverflowError):
        return moment
