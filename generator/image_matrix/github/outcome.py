"""Says what came of a run: which images were built, which failed, and how long it took."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from image_matrix.dag import upwards
from image_matrix.text import fitting, listed, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.github.api import Api

OUTCOME = "<!-- image-matrix outcome -->"
"""The start of the outcome in the comment; everything after it is replaced."""
ROOM = 4_500
"""The maximum length of the table in characters: the plan is in the same comment."""
NAMED = 4
WORDS = ("failed", "not built", "done")
"""What can come of a variant, the worst first."""
FAILED = ("failure", "timed_out", "startup_failure", "cancelled")
"""Conclusions of jobs without a result. One over its time limit is cancelled, and the run goes on.

Source: docs.github.com/actions/reference/workflows-and-actions/workflow-syntax, ``jobs.<job_id>.timeout-minutes``.
"""
_NAMES = (
    re.compile(r"(?P<kind>Build|Scan) (?P<variant>\S+) \((?P<arch>[^(),]+)\)"),
    re.compile(r"(?P<kind>Scan) (?P<image>\S+) \((?P<label>[^(),]+), (?P<arch>[^(),]+), [^()]+\)"),
    re.compile(r"(?P<kind>Fork) (?P<variant>\S+)(?P<arch>)"),
    re.compile(r"(?P<image>\S+) \((?P<arch>[^(),]+)\) \((?P<label>[^(),]+)\)"),
)
"""Names of jobs in templates/workflows. GitHub adds the values of a leg to a name that does not have them."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A job of the run that is about one variant."""

    kind: str
    """``Build``, ``Scan`` or ``Fork``."""
    variant: str
    arch: str
    conclusion: str
    minutes: float
    address: str


def jobs_of_run(api: Api, run: str) -> list[dict[str, Any]]:
    """Return the jobs of a run, of each the latest attempt; docs.github.com/rest/actions/workflow-jobs."""
    jobs: list[dict[str, Any]] = []
    while True:
        page = len(jobs) // 100 + 1
        answer = api.call("GET", f"/actions/runs/{run}/jobs?filter=latest&per_page=100&page={page}")
        jobs += answer["jobs"]
        if len(answer["jobs"]) < 100:
            return jobs


def legs_of(jobs: Iterable[Mapping[str, Any]]) -> list[Leg]:
    """Return the jobs that are about a variant and have run; a skipped one had nothing to do."""
    return [leg for job in jobs if (leg := _leg(job)) and leg.conclusion not in ("", "skipped")]


def _leg(job: Mapping[str, Any]) -> Leg | None:
    match = next((match for name in _NAMES if (match := name.fullmatch(job["name"]))), None)
    if match is None:
        return None
    parts = match.groupdict()
    variant = parts.get("variant") or f"{parts['image']}:{parts['label']}"
    kind, conclusion = parts.get("kind") or "Build", job.get("conclusion") or ""
    return Leg(kind, variant, parts["arch"], conclusion, _minutes(job), str(job.get("html_url") or ""))


def _minutes(job: Mapping[str, Any]) -> float:
    started, ended = job.get("started_at"), job.get("completed_at")
    if not started or not ended:
        return 0.0
    spent = datetime.fromisoformat(ended) - datetime.fromisoformat(started)
    return max(0.0, spent.total_seconds() / 60)


def outcome(legs: Sequence[Leg], parents: Mapping[str, Sequence[str]]) -> str:
    """Return what came of the variants, in Markdown; empty if the run built and scanned nothing.

    ``parents`` are those of each variant: what stands on a failed one was not built.
    """
    if not legs:
        return ""
    names = dict.fromkeys((*(leg.variant for leg in legs), *parents))
    causes = _causes(legs, parents)
    rows = [row for name in names if (row := _row(name, legs, _failed_above(causes, _above(name, parents))))]
    rows.sort(key=lambda row: WORDS.index(row.word))
    counts = Counter(row.word for row in rows)
    words = ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])
    minutes = plural(round(sum(leg.minutes for leg in legs)), "minute")
    head = f"**Images: {words}.** {minutes} of runners."
    return "\n".join(["### What came of it", "", head, "", *_table([row.text for row in rows]), ""])


@dataclass(frozen=True, slots=True)
class _Row:
    word: str
    """One of ``WORDS``."""
    text: str


def _causes(legs: Sequence[Leg], parents: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return the variants, with the architecture, whose build failed by itself."""
    failed = {(leg.variant, leg.arch) for leg in legs if leg.kind == "Build" and leg.conclusion in FAILED}
    return [
        (variant, arch)
        for variant, arch in sorted(failed)
        if not any((one, arch) in failed for one in _above(variant, parents))
    ]


def _failed_above(causes: Iterable[tuple[str, str]], above: Collection[str]) -> dict[str, list[str]]:
    """Return the causes among the ancestors of a variant, by architecture."""
    result: dict[str, list[str]] = {}
    for variant, arch in causes:
        if variant in above:
            result.setdefault(arch, []).append(variant)
    return result


def _above(name: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    return {*upwards(name, lambda one: parents.get(one, ()))} - {name}


def _row(name: str, legs: Sequence[Leg], blocked: Mapping[str, Sequence[str]]) -> _Row | None:
    """Return the row of a variant; ``None`` if the run has nothing to do with it."""
    ours = [leg for leg in legs if leg.variant == name]
    started = [leg for leg in ours if leg.arch not in blocked]  # a job without its parent ends at once
    broken = [leg for leg in started if leg.conclusion in FAILED]
    done = {leg.kind: leg for leg in started if leg.conclusion == "success"}
    phrases = [
        *(f"**[{_what(leg)} {_broken(leg)}]({leg.address})**" for leg in broken),
        *(f"not built for {arch}: {_names(failed)} failed" for arch, failed in blocked.items()),
        *(["built, tested"] if {"Build", "Fork"} & done.keys() else []),
        *(["scanned"] if "Scan" in done else []),
    ]
    if not phrases:
        return None
    minutes = f"{sum(leg.minutes for leg in ours):.0f}" if ours else ""
    word = "failed" if broken else "not built" if blocked else "done"
    return _Row(word, f"| `{name}` | {'; '.join(phrases)} | {minutes} |")


def _what(leg: Leg) -> str:
    action = "scan" if leg.kind == "Scan" else "build or test"
    return f"{action} for {leg.arch}" if leg.arch else action


def _broken(leg: Leg) -> str:
    return "was cancelled, for example by its time limit" if leg.conclusion == "cancelled" else "failed"


def _names(variants: Iterable[str]) -> str:
    return listed((f"`{name}`" for name in variants), NAMED)


def _table(rows: Sequence[str]) -> list[str]:
    """Return as many rows as there is room for, those that failed first."""
    kept = fitting(rows, ROOM)
    more = ["", f"… and {len(rows) - len(kept)} more"] if len(kept) < len(rows) else []
    return ["| image | result | minutes |", "| --- | --- | --- |", *kept, *more]
