"""What a pull request's comment and a run's summary say: the plan's report, and what happens with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.workflow import staging_of
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.model import Matrix
    from image_matrix.github.event import Event
    from image_matrix.github.run_plan import Run

LIMIT = 60_000
"""Characters; GitHub takes 65,536 for a comment."""
MARKER = "<!-- image-matrix -->"
"""Finds our comment again."""
ITEMS = 5
"""Items that a warning names."""


def comment(report: str, event: Event, run: Run, matrix: Matrix) -> str:
    """Return the report with what this run and the merge will do."""
    warnings = [warning for warning in (_outdated(run, matrix), _unlocked(run), _lost(run)) if warning]
    return "\n".join([MARKER, *warnings, _cut(report), _outcome(event, run, matrix), ""])


def failure_comment(problem: str, said: str) -> str:
    """Return what is said where there is no plan: the problem in a sentence, and what the program printed."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", said)), 0)
    head = f"### Images\n\n**{problem}** Nothing is built until this is mended:"
    return f"{MARKER}\n{head}\n\n{fence}text\n{_cut(said).rstrip()}\n{fence}\n"


def _cut(text: str) -> str:
    """Cut at the end of a line what GitHub would not take."""
    if len(text) <= LIMIT:
        return text
    end = text.rfind("\n", 0, LIMIT)
    return f"{text[: end if end > 0 else LIMIT]}\n\n… (the log of the run has all of it)\n"


def _outdated(run: Run, matrix: Matrix) -> str:
    if not run.outdated:
        return ""
    mend = "Run `image-matrix render` and commit what it changes:"
    if run.renders:
        mend = "This run commits them to the branch:"
    elif matrix.workflow.commit_generated and changes_workflows(run.outdated):
        mend = f"GitHub's own token may change no workflow, so this run commits nothing. {mend}"
    count = f"{len(run.outdated)} generated files are" if len(run.outdated) > 1 else "A generated file is"
    files = listed((f"`{path}`" for path in run.outdated), ITEMS)
    return f"> [!WARNING]\n> **{count} out of date, so nothing is built.** {mend} {files}\n"


def changes_workflows(paths: Iterable[str]) -> bool:
    """Say whether a commit of these files needs a token that may change workflows; GitHub's own may not."""
    return any(path.startswith(".github/workflows/") for path in paths)


def _unlocked(run: Run) -> str:
    if not run.unlocked:
        return ""
    head = f"The lock says nothing about {listed(run.unlocked, ITEMS)}, so nothing is built."
    mend = "Run `image-matrix lock` and `image-matrix render`, and commit what they change."
    return f"> [!WARNING]\n> **{head}** {mend}\n"


def _lost(run: Run) -> str:
    if not run.lost:
        return ""
    head = "Users have stored what this removes, so nothing is built."
    more = [f"> - and {len(run.lost) - ITEMS} more"] if len(run.lost) > ITEMS else []
    return "\n".join(
        ["> [!WARNING]", f"> **{head}**", ">", *(f"> - {said}" for said in run.lost[:ITEMS]), *more, ""]
    )


def _outcome(event: Event, run: Run, matrix: Matrix) -> str:
    """Say what happens now and with the merge; a run that no pull request started only does what its plan says."""
    if event.name != "pull_request":
        return ""
    merged = _merged(run, matrix)
    if run.outdated or run.unlocked or run.lost:
        return merged
    if run.read_only and run.fork:
        return (
            "This pull request comes from a fork or from Dependabot and can push nothing: its images are built and "
            f"tested in one job, for one platform. {merged}"
        )
    if run.plan.build and not run.read_only:
        return (
            f"They are built and tested now, under `{staging_of(matrix.registry, matrix.workflow)}`. {merged}"
        )
    return merged


def _merged(run: Run, matrix: Matrix) -> str:
    branch = f"`{matrix.workflow.default_branch}`"
    if not any(entry.build or entry.differs for entry in run.plan.entries):
        return f"No image changes. When this is merged, {branch} releases what is there already."
    return (
        f"When this is merged, {branch} builds, tests, scans and signs what it does not have yet, and moves tags and "
        "`deploy/` only when all of that went well."
    )
