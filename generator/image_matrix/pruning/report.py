"""Says what a prune keeps, deletes and cannot explain: for a terminal, for programs, for the summary of a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from image_matrix.pruning.freed import freed_bytes
from image_matrix.text import listed, plural, size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from image_matrix.json_data import Json
    from image_matrix.pruning.freed import FreedBytes
    from image_matrix.pruning.model import Decision, Kind, RepositoryPlan

_NAMES: dict[Kind, str] = {
    "old key": "image of an old key",
    "candidate": "old candidate",
    "staging": "image of pull requests",
    "cache": "cache",
    "signature": "signature or attestation",
    "earlier build": "earlier build",
    "left over": "rest of an earlier prune",
    "part": "part",
}
_PLURALS: dict[Kind, str] = {
    "old key": "images of old keys",
    "staging": "images of pull requests",
    "signature": "signatures or attestations",
    "left over": "rests of an earlier prune",
}
SHOWN = 5
"""Names of what nobody can explain that are shown."""


def text(plans: Iterable[RepositoryPlan], *, every: bool = False) -> str:
    """Return a few lines for each repository that has something; with ``every``, a line for each manifest."""
    plans = [*plans]
    return "".join(
        _lines(plan, plans, every=every) for plan in plans if plan.keep or plan.delete or plan.unexplained
    )


def _lines(plan: RepositoryPlan, plans: Sequence[RepositoryPlan], *, every: bool) -> str:
    lines = [plan.repository]
    if plan.delete:
        lines.append(f"  deletes  {kinds(plan)}")
    lines += [f"    {name_of(one)}: {one.reason}" for one in plan.delete if every]
    if plan.delete:
        lines.append(f"  frees    {freed_words(freed_bytes([plan], plans))}")
    lines.append(f"  keeps    {plural(len(plan.keep), 'manifest')}")
    lines += [f"    {name_of(one)}: {one.reason}" for one in plan.keep if every]
    if plan.unexplained:
        names = listed((one.name for one in plan.unexplained), SHOWN)
        lines.append(f"  leaves   {len(plan.unexplained)} that nothing explains: {names}")
    lines += [f"    {name_of(one)}: {one.reason}" for one in plan.unexplained if every]
    lines += [f"  lacks    {digest}, which a release names" for digest in plan.missing]
    return "".join(f"{line}\n" for line in lines)


def kinds(plan: RepositoryPlan) -> str:
    """Return what goes in words: ``4 images of old keys, 1 cache, with 8 parts``."""
    counts = Counter(one.kind for one in plan.delete)
    words = [_counted(count, kind) for kind, count in sorted(counts.items())]
    parts = sum(len(one.parts) for one in plan.delete)
    return ", ".join(words) + (f", with {plural(parts, 'part')}" if parts else "")


def _counted(count: int, kind: Kind) -> str:
    return f"{count} {_PLURALS[kind]}" if count > 1 and kind in _PLURALS else plural(count, _NAMES[kind])


def name_of(one: Decision) -> str:
    """Return the tags of a manifest, or its digest."""
    return listed(one.tags, 2) if one.tags else one.digest


def freed_words(freed: FreedBytes) -> str:
    """Return how much becomes free in words: ``at most 4.1 GB`` where not everything was read that stays."""
    bounds = {
        (True, True): "",
        (True, False): "at least ",
        (False, True): "at most ",
        (False, False): "about ",
    }
    return f"{bounds[freed.is_at_least, freed.is_at_most]}{size_text(freed.count)}"


def total(plans: Sequence[RepositoryPlan]) -> int:
    """Return how many manifests go."""
    return sum(plan.count for plan in plans)


def as_json(plans: Sequence[RepositoryPlan]) -> dict[str, Json]:
    """Return the plans for programs."""
    return {
        "version": 1,
        "freed": _freed(freed_bytes(plans)),
        "repositories": {
            plan.repository: {
                "delete": [
                    {**_entry(one), "kind": one.kind, "parts": list(one.parts)} for one in plan.delete
                ],
                "keep": [_entry(one) for one in plan.keep],
                "unexplained": [_entry(one) for one in plan.unexplained],
                "missing": list(plan.missing),
                "freed": _freed(freed_bytes([plan], plans)),
            }
            for plan in plans
        },
    }


def _freed(freed: FreedBytes) -> dict[str, Json]:
    return {"bytes": freed.count, "exact": freed.is_exact}


def _entry(one: Decision) -> dict[str, Json]:
    return {"digest": one.digest, "tags": list(one.tags), "reason": one.reason}


def _frees(plan: RepositoryPlan, plans: Sequence[RepositoryPlan]) -> str:
    return freed_words(freed_bytes([plan], plans)) if plan.delete else "–"


def markdown(plans: Iterable[RepositoryPlan], sentence: str, notes: Iterable[str] = ()) -> str:
    """Return the summary of a run; the notes are Markdown."""
    plans = [*plans]
    rows = [
        f"| `{plan.repository}` | {kinds(plan) or '–'} | {_frees(plan, plans)} "
        f"| {len(plan.keep)} | {len(plan.unexplained)} |"
        for plan in plans
        if plan.delete or plan.unexplained
    ]
    titles = ["| repository | deletes | frees | keeps | unexplained |", "| --- | --- | --- | --- | --- |"]
    head = titles if rows else []
    items = [f"- {one}" for one in notes]
    return "\n".join(["## Prune", "", sentence, "", *items, *([""] if items else []), *head, *rows, ""])
