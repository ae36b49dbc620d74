"""``scan``: images of the registry through the scanner of matrix.yaml."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.options import also_staging
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.errors import naming
from image_matrix.github.files import OUTPUT, append
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.cli.project import Project
    from image_matrix.cli.scanner import ScanVerdict
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import LegId
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.planning.plan import State
    from image_matrix.publish.scanners import ScanJob
    from image_matrix.registry.client import Registry

NAMED = 4
"""The maximum number of images that a message names."""
OFF = "scanning is off (`release.scan: none`)"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """What the caller wants of each scan."""

    report: str | None
    """The file for the scanner's report of one image; ``None`` for :func:`report_file`."""
    sarif: str | None
    attach: bool
    result: str | None
    """The file for what was scanned and not rejected."""


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option(
    "--released",
    is_flag=True,
    help="Scan what users have: the images that the release branch and channels name; all, or those of VARIANT.",
)
@click.option(
    "--platform",
    metavar="OS/ARCH",
    help="The platform to scan; by default this machine's, or the image's first. With --released, all.",
)
@also_staging
@click.option(
    "--report",
    metavar="FILE",
    help="The scanner's JSON report of one image.  [default: scan.json; scan-NAME.json each of several]",
)
@click.option(
    "--result",
    metavar="FILE",
    help="Workflow: write what was scanned, for `ci attest`; nothing if it is rejected.",
)
@click.option(
    "--sarif", metavar="FILE", help="The findings of one image as SARIF, with `release.scan.sarif`."
)
@click.option("--attach", is_flag=True, help="Attach the report to the image, in the registry.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="With --released: the output format.",
)
@click.pass_obj
def scan(
    session: Session,
    names: tuple[str, ...],
    released: bool,
    platform: str | None,
    staging: bool,
    report: str | None,
    sarif: str | None,
    attach: bool,
    result: str | None,
    format_: str,
) -> int:
    """Scan variants for known vulnerabilities.

    Exits with 1 if a finding stops a release. Exits with 3 if an image is not in the registry or cannot be scanned, or
    if its report is refused, whatever is found in others. On the default branch, it scans only images that were signed
    as tested. With --released, exceptions that have run out count again, and it says what would mend each finding.
    """
    _refuse_options(names, released=released)
    if released:
        from image_matrix.cli.scan_released import scan_released

        return scan_released(session, names, platform, format_)
    project = open_locked(session)
    if project.loaded.matrix.release.scan.tool == "none":
        say(session, OFF)
        return 0
    legs = _legs(project.loaded, names, platform)
    _refuse_one_file(legs, {"--report": report, "--sarif": sarif})
    return _scan_all(session, project, legs, ReportFiles(report, sarif, attach, result), staging=staging)


def _refuse_options(names: tuple[str, ...], *, released: bool) -> None:
    """Raise :class:`click.UsageError` for options that do not go together."""
    context = click.get_current_context()
    given = [
        option
        for option in ("staging", "report", "result", "sarif", "attach", "format_")
        if context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE
    ]
    if not released and not names:
        raise click.UsageError("name a VARIANT, or scan all that is released: --released")
    if not released and "format_" in given:
        raise click.UsageError("--format needs --released; the report of a scan is in --report FILE")
    if released and set(given) - {"format_"}:
        raise click.UsageError(
            f"--{given[0]} does not go with --released, which prints all findings together"
        )


def _refuse_one_file(legs: Sequence[LegId], files: Mapping[str, str | None]) -> None:
    """Raise :class:`click.UsageError` for one file that reports of several images would overwrite."""
    given = [option for option, file in files.items() if file]
    if given and len(legs) > 1:
        images = listed([variant for variant, _ in legs], NAMED)
        raise click.UsageError(
            f"{given[0]} is one file, and there are {len(legs)} images to scan ({images}): "
            f"scan one VARIANT at a time, or leave {given[0]} out"
        )


def report_file(legs: Sequence[LegId], leg: LegId, image: str) -> str:
    """Return the file for an image's report where the caller names none: each of several has its own."""
    from image_matrix.findings.model import ScanTarget
    from image_matrix.findings.report_files import report_name

    return f"scan-{report_name(ScanTarget(leg[0], image, leg[1]))}.json" if len(legs) > 1 else "scan.json"


def _scan_all(
    session: Session,
    project: Project,
    legs: Sequence[LegId],
    files: ReportFiles,
    *,
    staging: bool,
) -> int:
    """Scan candidates; return 1 if one of them is rejected.

    One that cannot be scanned, or whose report is refused, stops no other. Raises :class:`EnvironmentFailure` for it in
    the end, and for a missing image.
    """
    from image_matrix.cli.attest import refuse_untested, scan_result
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.scanner_program import scanner_program
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.temporary import temporary_folder

    state = state_of(project)
    registry = registry_of(session, state.loaded)
    existing = _existing(session, state, legs, registry, staging=staging)
    refuse_untested(session, state, existing, staging=staging)
    code, passed, failures = 0, list[dict[str, str]](), list[EnvironmentFailure]()
    # nothing is fetched to scan nothing
    with scanner_program(session, state.loaded) if existing else nullcontext("") as program:
        for leg, image in existing.items():
            kept = replace(files, report=files.report or report_file(legs, leg, image))
            try:
                with temporary_folder() as folder:
                    verdict, job = _scan_one(session, project, state, leg, image, program, folder)
                    code = max(code, int(verdict.rejected))
                    if not verdict.rejected:
                        passed.append(scan_result(leg[0], image, job.report))
                    _keep_all(session, registry, image, leg[1], job, kept)
            except EnvironmentFailure as failure:
                failures.append(EnvironmentFailure(f"{leg[0]} {leg[1]}: {failure.message}", failure.help))
    missing = [leg for leg in legs if leg not in existing]
    if files.result:
        _write_result(session, Path(files.result), passed, missing)
    elif missing:
        failures.append(_not_built(missing, staging=staging))
    _raise_last(failures)
    return code


def _scan_one(
    session: Session, project: Project, state: State, leg: LegId, image: str, program: str, folder: Path
) -> tuple[ScanVerdict, ScanJob]:
    """Scan an image, and print what comes of it."""
    from image_matrix.cli.scan_verdict import report_verdict
    from image_matrix.cli.scanner import scan_image

    verdict, job = scan_image(session, state.loaded, program, image, leg[1], folder)
    report_verdict(session, project, state, leg, image, verdict)
    return verdict, job


def _raise_last(failures: Sequence[EnvironmentFailure]) -> None:
    """Print the failures of several images; the last is raised, to end the command."""
    from image_matrix.cli.failures import report_failure

    for failure in failures[:-1]:
        report_failure(failure)
    if failures:
        raise failures[-1]


def _write_result(
    session: Session, file: Path, passed: Sequence[Mapping[str, str]], missing: Sequence[LegId]
) -> None:
    with naming(file):
        file.write_text(json.dumps(passed), encoding="utf-8")
    for variant, of in missing:
        # its build job has failed already, and a release needs all images: one report is enough
        say(session, f"{variant} is not in the registry for {of}: not scanned")


def _not_built(missing: Sequence[LegId], *, staging: bool) -> EnvironmentFailure:
    """Return the failure for images that the registry does not have: nobody knows what would be found in them."""
    from image_matrix.errors import EnvironmentFailure

    names = listed((f"{variant} for {platform}" for variant, platform in missing), NAMED)
    it, them = ("it", "it") if len(missing) == 1 else ("one of them", "them")
    variants = " ".join(dict.fromkeys(variant for variant, _ in missing))
    build = f"`image-matrix build --push{' --staging' if staging else ''} {variants}`"
    advice = f"{build} builds and pushes {them}; `image-matrix status` has what is in the registry"
    return EnvironmentFailure(f"not scanned, as the registry does not have {it}: {names}", advice)


def _existing(
    session: Session,
    state: State,
    legs: Sequence[LegId],
    registry: Registry,
    *,
    staging: bool,
) -> Mapping[LegId, str]:
    """Return the images that the registry has of variants, as ``repository@digest``.

    Raises :class:`EnvironmentFailure` where it refuses to say whether it has one.
    """
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.planning.registry_locations import existing_images, refused, registry_locations
    from image_matrix.registry.answers import CHECK

    order = registry_locations(state, staging=staging).order
    existing = existing_images(order, legs, registry, lambda text: say(session, text))
    missing = [leg for leg in legs if leg not in existing]
    for reason in refused(order, missing, registry).values():
        raise EnvironmentFailure(f"not scanned: {reason}", CHECK)
    return existing


def _legs(loaded: Loaded, names: tuple[str, ...], platform: str | None) -> list[LegId]:
    """Return the variants that are named, each for one platform; raises :class:`CallError` for what there is not."""
    from image_matrix.cli.variant_images import platform_of
    from image_matrix.config.variant_selectors import select, select_for

    if platform is None:
        return [(one, platform_of(loaded.variants[one], None)) for one in select(loaded.variants, names)]
    return [(one, platform) for one in select_for(loaded.variants, names, platform)]


def _keep_all(
    session: Session, registry: Registry, image: str, platform: str, job: ScanJob, files: ReportFiles
) -> None:
    """Copy and attach what the scanner has written, as far as the caller asks for it."""
    from image_matrix.publish.scan_report import subject_of_reports

    _keep(job.report, files.report or "")
    if files.sarif and _keep(job.sarif, files.sarif):
        append(OUTPUT, f"sarif={files.sarif}\n")
    if files.attach:
        attach(session, registry, subject_of_reports(registry, image, platform), job)


def _keep(written: Path, target: str) -> bool:
    """Copy a report to where the caller asks for it, if the scanner has written it; return whether it has."""
    if not written.is_file():
        return False
    with naming(Path(target)):
        Path(target).write_bytes(written.read_bytes())
    return True


def attach(session: Session, registry: Registry, image: str, job: ScanJob) -> None:
    """Attach the report to an image; one that the scanner did not write cannot be."""
    from datetime import UTC, datetime

    from image_matrix.publish.scan_report import attach_report

    if not job.report.is_file():
        say(session, "the scanner wrote no report: nothing is attached")
        return
    digest = attach_report(registry, image, job, datetime.now(UTC))
    say(session, f"the report is attached to {image} as {digest}")
