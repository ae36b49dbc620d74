"""Writes the comment on a pull request and the summary of a run: the plan, and what happens next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.workflow import staging_of
from image_matrix.github.staged import run_section
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from image_matrix.config.model import Matrix
    from image_matrix.github.event import Event
    from image_matrix.github.run_plan import RunPlan
    from image_matrix.github.staged import StagedImage

LIMIT = 60_000
"""The maximum length in characters; GitHub's limit for a comment is 65,536."""
MARKER = "<!-- image-matrix -->"
"""The start of our comment."""
CUT = "… (the log of the run has the rest)"
"""The end of a text that is cut."""
LOCKS = "This run locks and renders, and commits that to the branch:"
"""What a run says that does so for the author."""
ITEMS = 5
"""The maximum number of items in a warning."""


def comment(
    report: str, event: Event, run: RunPlan, matrix: Matrix, images: Iterable[StagedImage] = ()
) -> str:
    """Return the report with what this run and the merge will do, and how to run the images that it stages."""
    warnings = [
        warning
        for warning in (*map(_warning, run.warnings), _outdated(run, matrix), _unlocked(run), *_refused(run))
        if warning
    ]
    stopped = run.outdated or run.unlocked or run.lost or run.loosened
    commands = "" if stopped or run.read_only else run_section(images)
    shown = _cut_report(report, LIMIT - len(commands))
    return "\n".join([MARKER, *warnings, shown, _outcome(event, run, matrix), commands])


def failure_comment(problem: str, output: str) -> str:
    """Return the comment for a run without a plan: the problem in a sentence, and the output of the program."""
    return _with_output(f"**{problem}** Nothing is built until this is fixed:", output)


def moved_comment(output: str) -> str:
    """Return the comment for a run that locks what moved without its lock, and the output of the program."""
    return _with_output(f"**A pin moved without its lock, so nothing is built.** {LOCKS}", output)


def _with_output(sentence: str, output: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", output)), 0)
    head = f"{MARKER}\n### Images\n\n{sentence}"
    return f"{head}\n\n{fence}text\n{_cut(output).rstrip()}\n{fence}\n"


def _cut(text: str, limit: int = LIMIT) -> str:
    """Truncate a text at the end of a line."""
    if len(text) <= limit:
        return text
    end = text.rfind("\n", 0, limit)
    return f"{text[: end if end > 0 else limit]}\n\n{CUT}\n"


def _cut_report(report: str, limit: int) -> str:
    """Truncate a report; end the block of code and the folds that it cuts, so that what follows is outside of them."""
    kept, cut, _ = _cut(report, limit).partition(f"\n{CUT}\n")
    fences = re.findall(r"^`{3,}", kept, re.MULTILINE)
    code = f"{fences[-1]}\n" if len(fences) % 2 else ""
    folds = kept.count("\n<details>") - kept.count("\n</details>")
    ends = "\n</details>\n" * folds
    return f"{kept}{code}{ends}{cut}"


def _warning(sentence: str) -> str:
    return f"> [!WARNING]\n> {sentence}\n"


def _outdated(run: RunPlan, matrix: Matrix) -> str:
    if not run.outdated:
        return ""
    advice = "Run `image-matrix render` and commit its changes:"
    if run.commits:
        advice = "This run commits them to the branch:"
    elif matrix.workflow.commit_generated and changes_workflows(run.outdated):
        advice = f"GitHub's token may not change workflows, so this run commits nothing. {advice}"
    count = f"{len(run.outdated)} generated files are" if len(run.outdated) > 1 else "A generated file is"
    files = listed((f"`{path}`" for path in run.outdated), ITEMS)
    return f"> [!WARNING]\n> **{count} out of date, so nothing is built.** {advice} {files}\n"


def changes_workflows(paths: Iterable[str]) -> bool:
    """Say whether a commit of these files needs a token that may change workflows, which GitHub's token may not."""
    return any(path.startswith(".github/workflows/") for path in paths)


def _unlocked(run: RunPlan) -> str:
    if not run.unlocked:
        return ""
    advice = (
        LOCKS if run.commits else "Run `image-matrix lock && image-matrix render`, and commit the changes:"
    )
    problems = listed(run.unlocked, ITEMS)
    return f"> [!WARNING]\n> **The lock is not complete, so nothing is built.** {advice} {problems}\n"


def _refused(run: RunPlan) -> Iterator[str]:
    """Yield what a check against the base refuses."""
    if run.lost:
        yield _problems("This removes choices that users have saved, so nothing is built.", run.lost)
    if run.loosened:
        yield _problems("This loosens the policy, so nothing is built.", run.loosened)


def _problems(head: str, problems: Sequence[str]) -> str:
    more = [f"> - and {len(problems) - ITEMS} more"] if len(problems) > ITEMS else []
    return "\n".join(
        ["> [!WARNING]", f"> **{head}**", ">", *(f"> - {problem}" for problem in problems[:ITEMS]), *more, ""]
    )


def _outcome(event: Event, run: RunPlan, matrix: Matrix) -> str:
    """Return what happens now and after the merge; nothing if the run is of the default branch, or a tag."""
    if not event.proposes(matrix.workflow.default_branch):
        return ""
    merged = _merged(run, matrix, event.target)
    if run.outdated or run.unlocked or run.lost or run.loosened:
        return merged
    if run.read_only and run.fork:
        return (
            "This pull request comes from a fork or from Dependabot and cannot push images: they are built and tested "
            f"for one platform. {_left_out(run)}{merged}"
        )
    if run.plan.build and not run.read_only:
        return (
            f"They are built and tested now, under `{staging_of(matrix.registry, matrix.workflow)}`. {merged}"
        )
    if run.plan.test_only and not run.read_only:
        return f"The existing images are tested now. {merged}"
    return merged


def _left_out(run: RunPlan) -> str:
    """Return a sentence about the chains that a fork has no job for."""
    count = len(run.fork) - run.fork_jobs
    if count <= 0:
        return ""
    limit = f"a fork has {run.fork_jobs} jobs (`workflow.fork_jobs`)"
    return f"{count} of {len(run.fork)} chains of images are left out: {limit}. "


def _merged(run: RunPlan, matrix: Matrix, target: str | None) -> str:
    branch = f"`{matrix.workflow.default_branch}`"
    if target not in (None, matrix.workflow.default_branch):
        return (
            f"It is merged into `{target}`, which releases nothing: {branch} does, when it gets the change."
        )
    if not any(entry.build or entry.differs for entry in run.plan.entries):
        return f"No image changes. After the merge, {branch} releases the existing images."
    return (
        f"After the merge, {branch} builds, tests, scans and signs the images that it does not have. If all of this "
        "succeeds, it moves tags and `deploy/`."
    )
