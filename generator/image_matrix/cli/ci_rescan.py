"""``ci rescan-list``, ``rescan``, ``rescan-report``: the steps of the workflow that scans what is released."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.errors import CallError, naming
from image_matrix.github.files import SUMMARY, append, write_outputs
from image_matrix.json_data import read_json
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.findings.model import ScanResult, ScanTarget
    from image_matrix.findings.remedies import LockProposal
    from image_matrix.findings.rescan import ExpiredException, ReleaseScan
    from image_matrix.publish.scanners import ScanJob

LIST, FINDINGS = "released.json", "findings.json"
LISTED, PART = "rescan-released", "rescan-part-{}"
"""The artifacts with the list, and with the findings of a part: folders for the last job."""
REPORTS, SARIF = "reports", "sarif"
"""Folders with what the scanner wrote."""
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
PULL_REQUESTS = ("image-matrix/lock", "image-matrix/lock-names")
"""Branches of the pull requests that refresh the lock, by schedule and by hand."""


@click.command("rescan-list")
@click.argument("file", type=FILE)
@click.pass_obj
def ci_rescan_list(session: Session, file: Path) -> int:
    """Write what is released to FILE, in parts, and the numbers of the parts as an output."""
    from image_matrix.cli.released_targets import NOTHING, released_targets
    from image_matrix.cli.scan import OFF
    from image_matrix.findings.released import parts_of

    project = open_locked(session)
    off = project.loaded.matrix.release.scan.tool == "none"
    parts = [] if off else parts_of(released_targets(session, project.loaded))
    with naming(file):
        file.write_text(json.dumps([[asdict(one) for one in part] for part in parts]), encoding="utf-8")
    count = sum(len(part) for part in parts)
    sentence = f"{plural(count, 'released image')} to scan, in {plural(len(parts), 'job')}"
    if not count:
        sentence = OFF if off else f"{NOTHING}: there is nothing to scan"
        append(SUMMARY, f"{sentence[0].upper()}{sentence[1:]}.\n")
    click.echo(sentence)
    write_outputs({"parts": json.dumps([*range(1, len(parts) + 1)])})
    return 0


@click.command("rescan")
@click.argument("file", type=FILE)
@click.option("--part", metavar="NUMBER", type=click.IntRange(min=1), required=True)
@click.option(
    "--to", "folder", metavar="DIR", type=FOLDER, required=True, help="Write findings and reports to DIR."
)
@click.pass_obj
def ci_rescan(session: Session, file: Path, part: int, folder: Path) -> int:
    """Scan the images of a part of FILE.

    Findings are no failure here; an image that cannot be scanned is, and a report that the registry refuses.
    """
    from image_matrix.cli.scan_released import scan_each
    from image_matrix.findings.released import results_as_data, target_of

    project = open_locked(session)
    with naming(file):
        parts = read_json(file.read_text(encoding="utf-8"))
    if part > len(parts):
        raise CallError(f"{file} has {plural(len(parts), 'part')}, and no part {part}")
    targets = [target_of(one) for one in parts[part - 1]]
    folder.mkdir(parents=True, exist_ok=True)
    results = scan_each(session, project.loaded, targets, _keeper(session, project, folder))
    (folder / FINDINGS).write_text(json.dumps(results_as_data(results)), encoding="utf-8")
    if (folder / SARIF).is_dir():
        write_outputs({"sarif": str(folder / SARIF)})
    _refuse_failed(results)
    return 0


def _refuse_failed(results: Sequence[ScanResult]) -> None:
    """Raise :class:`EnvironmentFailure` if an image was not scanned, or a report was not kept."""
    from image_matrix.errors import EnvironmentFailure

    counts = {
        "could not be scanned": sum(bool(one.problem) for one in results),
        "have reports that were not kept": sum(bool(one.not_kept) for one in results),
    }
    failed = [f"{plural(count, 'image')} {what}" for what, count in counts.items() if count]
    if failed:
        raise EnvironmentFailure("; ".join(failed), "the errors above say why")


def _keeper(session: Session, project: Project, folder: Path) -> Callable[[ScanTarget, ScanJob], None]:
    """Return what keeps the reports of a scan: in the folder, and at the image if the matrix asks for it."""
    from image_matrix.cli.network_files import registry_of
    from image_matrix.cli.scan import attach
    from image_matrix.findings.report_files import report_name, with_category
    from image_matrix.publish.scan_report import subject_of_reports

    scanning = project.loaded.matrix.release.scan
    registry = registry_of(session, project.loaded) if scanning.attach else None

    def keep(target: ScanTarget, job: ScanJob) -> None:
        for written, ending in ((job.report, "json"), (job.sarif, "sarif")):
            if written.is_file():
                kept = folder / (SARIF if ending == "sarif" else REPORTS) / f"{report_name(target)}.{ending}"
                kept.parent.mkdir(exist_ok=True)
                content = written.read_bytes()
                kept.write_bytes(with_category(content, target) if ending == "sarif" else content)
        if registry:
            attach(session, registry, subject_of_reports(registry, target.image, target.platform), job)

    return keep


@click.command("rescan-report")
@click.argument("folder", type=FOLDER)
@click.pass_obj
def ci_rescan_report(session: Session, folder: Path) -> int:
    """Put the findings below DIR together: in the summary of the run, and in the issue of the repository."""
    from image_matrix.cli.scan_released import as_table, summary_of
    from image_matrix.findings.issue import issue_body

    project = open_locked(session)
    scan = _rescan(session, project, _results(folder))
    append(SUMMARY, issue_body(scan))
    click.echo(as_table(scan.rows, dict(scan.parents)), nl=False)
    click.echo(summary_of(scan.rows, scan.results))
    settings = project.loaded.matrix.workflow.rescan
    if settings is not None and settings.issue:
        say(session, _keep_issue(scan))
        return 0
    return int(scan.has_findings and not project.loaded.matrix.release.scan.sarif)


def _results(folder: Path) -> list[ScanResult]:
    """Return the result of each image of the list; jobs hand on what they scanned, if they come to that.

    Scanners run in those jobs, on images of others. So the list is the first job's alone, and a job speaks for the
    images of its own part.
    """
    from image_matrix.findings.released import complete, target_of

    file = folder / LISTED / LIST
    if not file.is_file():
        raise CallError(
            f"{folder} has no {LISTED}/{LIST}", "this command is a step of the generated workflow"
        )
    parts = read_json(file.read_text(encoding="utf-8"))
    reason = "its job did not come to an end; see its log"
    return [
        result
        for number, part in enumerate(parts, 1)
        for result in complete(map(target_of, part), _read(folder / PART.format(number) / FINDINGS), reason)
    ]


def _read(path: Path) -> list[ScanResult]:
    """Read what a job handed on; nothing of what is no list of results, since a scanner runs in that job."""
    from image_matrix.findings.released import results_of

    if not path.is_file():
        return []
    try:
        return results_of(read_json(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError):
        return []


def _rescan(session: Session, project: Project, results: list[ScanResult]) -> ReleaseScan:
    from datetime import UTC, datetime

    from image_matrix.build.origin import build_origin
    from image_matrix.cli.knowledge import knowledge_of
    from image_matrix.cli.plan import state_of
    from image_matrix.findings.rescan import ReleaseScan
    from image_matrix.findings.rows import finding_rows

    scanning, day = project.loaded.matrix.release.scan, datetime.now(UTC).date().isoformat()
    names = [one.target.variant for one in results]
    known = knowledge_of(project, state_of(project), names, _proposals(session), results)
    origin = build_origin(os.environ)
    return ReleaseScan(
        day,
        origin.run,
        f"{origin.source}/actions/workflows/lock.yaml" if origin.source else "",
        f"{scanning.tool}, from {scanning.severity} on",
        tuple(results),
        tuple(finding_rows(known, results)),
        {name: item.parent for name, item in project.loaded.variants.items()},
        _expired(project, results, day),
    )


def _proposals(session: Session) -> list[LockProposal]:
    """Return the open pull requests that refresh the lock, with what they would bring.

    None, with a note, if it is not known which are open: then the issue names commands in place of them.
    """
    from image_matrix.cli.run_api import run_api
    from image_matrix.errors import Failure
    from image_matrix.github.api import open_pull_requests

    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if not os.environ.get("GITHUB_TOKEN") or not repository:
        return []
    try:
        api = run_api()
        owner = repository.partition("/")[0]
        opened = [one for branch in PULL_REQUESTS for one in open_pull_requests(api, owner, branch)]
    except Failure as failure:
        say(session, f"it is not known which pull requests are open: {failure.message}")
        return []
    return [_proposal(session, one) for one in opened]


def _proposal(session: Session, pull_request: dict[str, Any]) -> LockProposal:
    from image_matrix.cli.caller_git import caller_git
    from image_matrix.cli.prune_revisions import readable_state
    from image_matrix.findings.remedies import LockProposal
    from image_matrix.github.branch_commit import tip
    from image_matrix.inventory.contents import inventories

    commit = tip(caller_git(session), str(pull_request["head"]["ref"]))
    state = readable_state(session, commit) if commit else None
    packages = inventories(state.loaded.matrix, state.loaded.variants, state.pins) if state else {}
    return LockProposal(
        int(pull_request["number"]),
        str(pull_request["html_url"]),
        str(pull_request.get("body") or ""),
        packages,
    )


def _expired(project: Project, results: list[ScanResult], day: str) -> tuple[ExpiredException, ...]:
    """Return the exceptions that have run out, as far as their finding is there."""
    from image_matrix.findings.rescan import ExpiredException

    ids = {name for result in results for one in result.findings for name in (one.id, *one.aliases)}
    places = project.loaded.documents
    return tuple(
        ExpiredException(item, f"{place.file}:{place.line}")
        for at, item in enumerate(project.loaded.matrix.release.scan.ignore)
        if item.until <= day and item.id in ids
        for place in (places.place(("release", "scan", "ignore", at, "until")),)
    )


def _keep_issue(scan: ReleaseScan) -> str:
    """Open, update, reopen or close the issue; return a sentence about it.

    Nothing is opened only because an image could not be scanned: the run is red then.
    """
    from image_matrix.cli.run_api import run_api
    from image_matrix.findings.issue import MARKER, TITLE, issue_body
    from image_matrix.findings.news import new_findings, news
    from image_matrix.github.branch_commit import AUTHOR
    from image_matrix.github.issue import find_issue, open_issue, update_issue

    api = run_api()
    issue = find_issue(api, MARKER, AUTHOR)
    before = str(issue["body"]) if issue else ""
    body = issue_body(scan, before)
    if issue is None:
        return open_issue(api, TITLE, body) if scan.has_findings else "no findings, and no issue is open"
    if scan.is_clean and issue["state"] == "closed":
        return f"no findings, and {issue['html_url']} is closed"
    if not scan.has_findings:
        state = "closed" if scan.is_clean else str(issue["state"])
        return f"{update_issue(api, issue['number'], TITLE, body, state=state)} is {state}"
    new = new_findings(scan.rows, before)
    comment = news(new, scan.parents) if new else ""
    return update_issue(api, issue["number"], TITLE, body, state="open", comment=comment)
