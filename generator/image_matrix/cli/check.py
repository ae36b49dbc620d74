"""``check``: checks the matrix, and compares the committed files with the rendered ones."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import click

from image_matrix.cli.against import Since, changes_as_data, compared_with, say_changes
from image_matrix.cli.failures import annotate
from image_matrix.cli.network_files import missing_files
from image_matrix.cli.printing import paint, report, say, warn
from image_matrix.cli.project import (
    Project,
    floating,
    not_lockable,
    not_locked,
    note_floating,
    note_never_refreshed,
    note_overlays,
    open_with_warnings,
    project_on_disk,
    refuse_contradictions,
    refuse_violations,
    template_warnings,
    workflow_settings,
)
from image_matrix.cli.render import compared, edits, line_ends, report_edited, summary
from image_matrix.cli.session import POLICY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.output_tree.tree import Change, Difference
    from image_matrix.project.verdict import Verdict


FEW_LINES, FEW_FILES = 40, 20
"""How much of a difference is printed unless more is asked for."""
READABLE = 400
"""Characters of the longest line that people read; pages have their data in longer ones."""


@click.command()
@click.option(
    "--diff/--no-diff", default=None,
    help="Print all that would change, or only the files.  "
    f"[default: {FEW_FILES} files, {FEW_LINES} lines of those that change]",
)  # fmt: skip
@click.option(
    "--locked", is_flag=True, envvar="IMAGE_MATRIX_LOCKED", help="Fail if anything is not in the lock."
)
@click.option(
    "--against", metavar="REV", envvar="IMAGE_MATRIX_AGAINST",
    help="Print what changes for users since REV; fail if a profile or choice that they may have saved is removed.",
)  # fmt: skip
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="json: print all problems as data, on stdout.",
)  # fmt: skip
@click.pass_obj
def check(session: Session, diff: bool | None, locked: bool, against: str | None, format_: str) -> int:
    """Check the matrix and that every output is up to date."""
    from image_matrix.project.unchanged import inputs_digest

    call = _Call(session, locked, against, inputs_digest(session.root, session.matrix, session.overlays))
    recalled = _recalled(call)
    if recalled is None:
        return _as_json(call) if format_ == "json" else _check(call, diff)
    return _print_good(recalled[0], Since()) if format_ == "json" else _repeat(call, *recalled)


@dataclass(frozen=True, slots=True)
class _Call:
    """What a user asks for."""

    session: Session
    locked: bool
    against: str | None
    inputs: str | None
    """The hash of the inputs before they are read for the check."""

    @property
    def subject(self) -> str | None:
        """What the verdict is kept as; ``None`` if it depends on more than the files."""
        if self.inputs is None or self.against is not None or os.environ.get(POLICY_VARIABLE):
            return None
        return "check-locked" if self.locked else "check"


def _repeat(call: _Call, verdict: Verdict, files: int) -> int:
    """Print what an earlier call has found."""
    warn(call.session, verdict.warnings)
    _report_good(call, verdict)
    say(call.session, summary(0, files))
    return 0


def _check(call: _Call, diff: bool | None) -> int:
    project = open_with_warnings(call.session)
    refuse_contradictions(project)
    refuse_violations(project)
    verdict = _verdict(project, _of_outputs(call.session, project))
    _report_good(call, verdict)
    if call.locked:
        note_never_refreshed(call.session, project.loaded)
    since = _since(call, project)
    refused = [*_missing(call, project), *since.lost]
    report(refused)
    say_changes(call.session, since)
    difference = compared(call.session, project)
    if not refused:
        _keep(call, project, difference, verdict)
    return max(_compare(call.session, difference, diff), 1 if refused else 0)


def _verdict(project: Project, of_outputs: Sequence[Diagnostic]) -> Verdict:
    from image_matrix.project.verdict import Verdict

    return Verdict(project.loaded.warnings, tuple(of_outputs), floating(project))


def _report_good(call: _Call, verdict: Verdict) -> None:
    """Print what does not fail a check, but for the warnings about the matrix."""
    warn(call.session, verdict.of_outputs)
    note_overlays(call.session)
    if not call.locked:
        note_floating(call.session, verdict.floating)


def _recalled(call: _Call) -> tuple[Verdict, int] | None:
    """Return the verdict of an earlier call and the number of outputs, if everything that it read is the same."""
    from image_matrix.project.content_cache import content_cache
    from image_matrix.project.unchanged import recall

    if call.subject is None or call.inputs is None:
        return None
    return recall(content_cache(), call.subject, call.session.root, call.inputs)


def _keep(call: _Call, project: Project, difference: Difference, verdict: Verdict) -> None:
    """Keep a verdict for later calls, unless a file has changed while it was checked."""
    from image_matrix.project.content_cache import content_cache
    from image_matrix.project.included_files import read_to_include
    from image_matrix.project.inputs import files_on_disk
    from image_matrix.project.named_files import named_files
    from image_matrix.project.unchanged import inputs_digest, keep

    session = call.session
    if difference.changes or call.subject is None or call.inputs is None:
        return
    # the hash of the inputs covers no folders of users' Dockerfiles, files that images copy, lists of packages, no
    # public key, and not the day, with which entries of a policy begin and cease to count
    loaded = project.loaded
    if loaded.context_files or loaded.image_files or loaded.documents.listed or loaded.policies:
        return
    if loaded.matrix.release.sign.public_key:
        return
    named = [one.usable(session.root) for one in named_files(loaded, project.inputs.templates)]
    included = read_to_include(session.matrix, project.inputs, files_on_disk(session.root))
    if None in named or included is None:
        return
    included = replace(included, present=tuple(os.path.relpath(file, session.root) for file in named if file))
    if inputs_digest(session.root, session.matrix, session.overlays) == call.inputs:
        keep(content_cache(), call.subject, call.inputs, included, difference.rendered, verdict)


def _of_outputs(session: Session, project: Project) -> list[Diagnostic]:
    """Return the warnings about outputs and what runs need.

    Raises :class:`MatrixError` if a workflow cannot be rendered, or if a file is missing that runs need.
    """
    return [
        *missing_files(session, project),
        *workflow_settings(project),
        *not_lockable(project),
        *template_warnings(project),
    ]


def _missing(call: _Call, project: Project) -> list[Diagnostic]:
    """Return what `--locked` forbids."""
    return not_locked(project) if call.locked else []


def _since(call: _Call, project: Project) -> Since:
    """Compare with the revision of `--against`, if there is one."""
    return Since() if call.against is None else compared_with(call.session, project, call.against)


def _as_json(call: _Call) -> int:
    """Print all problems as JSON; return the same exit code as for text."""
    from image_matrix.diagnostics import MatrixError

    session = call.session
    try:
        project = project_on_disk(session)
        refuse_contradictions(project)
        refuse_violations(project)
        verdict = _verdict(project, _of_outputs(session, project))
        difference = compared(session, project)
    except MatrixError as error:
        _print_json(False, error.diagnostics, None, Since())
        return 2
    since = _since(call, project)
    refused = [*_missing(call, project), *since.lost, *edits(difference)]
    if not refused and not difference.changes:
        _keep(call, project, difference, verdict)
        return _print_good(verdict, since)
    diagnostics = [*verdict.warnings, *verdict.of_outputs, *refused]
    _print_json(False, diagnostics, difference.outputs or difference.changes, since)
    return 1


def _print_good(verdict: Verdict, since: Since) -> int:
    _print_json(True, [*verdict.warnings, *verdict.of_outputs], (), since)
    return 0


def _print_json(
    good: bool, diagnostics: Sequence[Diagnostic], outdated: Sequence[Change] | None, since: Since
) -> None:
    import json

    from image_matrix.diagnostics.report import as_data

    files = outdated if outdated is None else [_outdated(change) for change in outdated]
    data = {"ok": good, "diagnostics": [as_data(item) for item in diagnostics], "outdated": files}
    click.echo(json.dumps(data | changes_as_data(since), indent=2, ensure_ascii=False))


def _outdated(change: Change) -> dict[str, str | bool]:
    return {"path": change.path, "change": change.kind, "edited": change.edited}


def _compare(session: Session, difference: Difference, diff: bool | None) -> int:
    """Print what rendering would change; return the exit code."""
    if not difference.changes:
        say(session, summary(0, len(difference.rendered)))
        return 0
    changes = difference.outputs or difference.changes
    listed = [change for change in changes if not change.only_line_ends]
    most = FEW_FILES if diff is None else len(listed)
    for change in listed[:most]:
        click.echo(f"{change.kind} {change.path}")
    if len(listed) > most:
        click.echo(f"… and {len(listed) - most} more")
    if diff is not False:
        _print_diff(listed, FEW_LINES if diff is None else None)
    if len(listed) < len(changes):
        click.echo(f"{line_ends(len(changes) - len(listed))}; `image-matrix render` repairs that")
    if difference.edited:
        report_edited(difference)
    remedy = f"run `image-matrix render{' --force' if difference.edited else ''}`"
    count = len(difference.outputs) or 1
    message = f"{count} generated file{'s are' if count > 1 else ' is'} out of date"
    say(session, f"{paint('error', 'error')}: {message}", level=-1)
    say(session, f"  {paint('help', 'help')}: {remedy} and commit what it changes", level=-1)
    annotate("out of date", f"{message}; {remedy}")
    return 1


def _print_diff(changes: Sequence[Change], most: int | None) -> None:
    """Print a diff of files: first of what changes, last of pages that say it again.

    With a limit, it prints that number of lines, of files that change and that people can read: of others, the name
    says enough.
    """
    ordered = sorted(changes, key=lambda change: (change.kind != "change", change.path.startswith("docs/")))
    shown = ordered if most is None else [change for change in ordered if change.kind == "change"]
    unread: list[Change] = []

    def diffs() -> Iterator[str]:
        for change in shown:
            diff = [*_diff(change)]
            if most is not None and any(len(line) > READABLE for line in diff):
                unread.append(change)
            else:
                yield from diff

    lines = diffs()
    for line in islice(lines, most):
        click.echo(line, nl=False)
    if next(lines, None) is not None or unread or len(shown) < len(ordered):
        click.echo("… `image-matrix check --diff` prints all")


def _diff(change: Change) -> Iterator[str]:
    """Yield the lines of a unified diff, or one line if the texts are equal."""
    import difflib

    old = (change.before or b"").decode("utf-8", "replace").splitlines(keepends=True)
    new = (change.after.content if change.after else b"").decode("utf-8", "replace").splitlines(keepends=True)
    if old == new:
        yield f"{change.path}: mode or line ends differ\n"
    before = "/dev/null" if change.before is None else f"a/{change.path}"
    after = "/dev/null" if change.after is None else f"b/{change.path}"
    for line in difflib.unified_diff(old, new, before, after):
        yield _painted(line if line.endswith("\n") else f"{line}\n")


def _painted(line: str) -> str:
    role = {"+": "add", "-": "remove"}.get(line[:1], "")
    return paint(line, role) if role and line[:3] not in ("+++", "---") else line
