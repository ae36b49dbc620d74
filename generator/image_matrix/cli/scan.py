"""``scan``: an image of the registry through the scanner of matrix.yaml."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.failures import annotate
from image_matrix.cli.options import also_staging
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.cli.site_files import http_client, registry_of
from image_matrix.errors import naming
from image_matrix.github.files import OUTPUT, append

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import LegId
    from image_matrix.config.release import Scanning
    from image_matrix.publish.scanners import ScanJob
    from image_matrix.registry.client import Registry


@click.command()
@click.argument("name", metavar="VARIANT")
@click.option(
    "--platform",
    metavar="OS/ARCH",
    help="The platform to scan; by default this machine's, or the image's first.",
)
@also_staging
@click.option(
    "--report", metavar="FILE", default="scan.json", show_default=True, help="The scanner's JSON report."
)
@click.option(
    "--result",
    metavar="FILE",
    help="Workflow: write what was scanned, for `ci attest`; nothing if it is rejected.",
)
@click.option("--sarif", metavar="FILE", help="The findings as SARIF, with `release.scan.sarif`.")
@click.option("--attach", is_flag=True, help="Attach the report to the image, in the registry.")
@click.pass_obj
def scan(
    session: Session,
    name: str,
    platform: str | None,
    staging: bool,
    report: str,
    sarif: str | None,
    attach: bool,
    result: str | None,
) -> int:
    """Scan a variant for known vulnerabilities.

    Exits with 1 if a finding stops a release. On the default branch, it scans only images that were signed as tested.
    """
    from image_matrix.cli.attest import refuse_untested, scan_result
    from image_matrix.cli.plan import state_of
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.planning.registry_locations import existing_images, places, refused
    from image_matrix.publish.scanners import ScanJob, transport
    from image_matrix.registry.answers import CHECK
    from image_matrix.temporary import temporary_folder

    state = state_of(open_locked(session))
    matrix = state.loaded.matrix
    if matrix.release.scan.tool == "none":
        say(session, "scanning is off (`release.scan: none`)")
        return 0
    registry = registry_of(session, state.loaded)
    legs = _legs(state.loaded, name, platform)
    order = places(state, staging=staging).order
    existing = existing_images(order, legs, registry, lambda text: say(session, text))
    missing = [leg for leg in legs if leg not in existing]
    for reason in refused(order, missing, registry).values():
        raise EnvironmentFailure(f"not scanned: {reason}", CHECK)
    for variant, of in missing:
        # its build job has failed already, and a release needs all images: one report is enough
        say(session, f"{variant} is not in the registry for {of}: not scanned")
    refuse_untested(session, state, existing, staging=staging)
    code, passed = 0, []
    for leg in existing:
        with temporary_folder() as folder:
            job = ScanJob(folder / "image", folder / "report.json", folder)
            destination = f"{transport(matrix.release.scan)}:{job.image}"
            fetch(existing[leg], leg[1], destination, matrix.network.trusted_hosts)
            rejected = _scan(session, state.loaded, leg[0], job)
            code = max(code, rejected)
            if not rejected:
                passed.append(scan_result(leg[0], existing[leg], job.report))
            _keep(job.report, report)
            if sarif and _keep(job.sarif, sarif):
                append(OUTPUT, f"sarif={sarif}\n")
            if attach:
                _attach(session, registry, _of_platform(registry, existing[leg], leg[1]), job)
    if result:
        with naming(Path(result)):
            Path(result).write_text(json.dumps(passed), encoding="utf-8")
    return code


def _legs(loaded: Loaded, name: str, platform: str | None) -> list[LegId]:
    """Return the variants that are named, each for one platform; raises :class:`CallError` for what there is not."""
    from image_matrix.cli.variant_images import platform_of
    from image_matrix.config.variant_selectors import select, select_for

    if platform is None:
        return [(one, platform_of(loaded.variants[one], None)) for one in select(loaded.variants, (name,))]
    return [(one, platform) for one in select_for(loaded.variants, (name,), platform)]


def _keep(written: Path, target: str) -> bool:
    """Copy a report to where the caller asks for it, if the scanner has written it; return whether it has."""
    if not written.is_file():
        return False
    with naming(Path(target)):
        Path(target).write_bytes(written.read_bytes())
    return True


def _of_platform(registry: Registry, image: str, platform: str) -> str:
    """Return the image of one platform by digest: an index, as provenance makes it, is not what is released."""
    from image_matrix.registry.answers import manifest_or_none

    manifest = manifest_or_none(image, registry.manifest(image))
    digest = manifest.platforms.get(platform) if manifest else None
    return f"{image.partition('@')[0]}@{digest}" if digest else image


def _attach(session: Session, registry: Registry, image: str, job: ScanJob) -> None:
    """Attach the report to an image; one that the scanner did not write cannot be."""
    from image_matrix.publish.scan_report import attach_report

    if not job.report.is_file():
        say(session, "the scanner wrote no report: nothing is attached")
        return
    digest = attach_report(registry, image, job)
    say(session, f"the report is attached to {image} as {digest}")


def fetch(reference: str, platform: str, destination: str, trusted: tuple[str, ...] = ()) -> None:
    """Fetch one platform of ``repository@digest`` to ``transport:path``; raises :class:`EnvironmentFailure`.

    ``trusted`` are hosts as in ``network.trusted_hosts``.
    """
    import shutil

    from image_matrix.errors import EnvironmentFailure
    from image_matrix.program import advice, run_patiently
    from image_matrix.registry.client import is_unverified
    from image_matrix.registry.reference import parse_reference
    from image_matrix.stderr import failed

    if not shutil.which("skopeo"):
        raise EnvironmentFailure(
            "`skopeo` is not on PATH", "install the package skopeo; GitHub's runners have it"
        )
    system, _, arch = platform.partition("/")
    host = parse_reference(reference).host
    options = [f"--override-os={system}", f"--override-arch={arch}", "copy", "--quiet"]
    tls = ["--src-tls-verify=false"] if is_unverified(host, trusted) else []
    command = ["skopeo", *options, *tls, f"docker://{reference}", destination]
    answer = run_patiently(command)
    if answer.returncode:
        raise EnvironmentFailure(
            failed(f"{reference} could not be fetched", answer.stderr),
            advice(answer.stderr, "check the network, the login and the free disk space"),
        )


def _scan(session: Session, loaded: Loaded, variant: str, job: ScanJob) -> int:
    from datetime import UTC, datetime

    from image_matrix.errors import EnvironmentFailure
    from image_matrix.publish.scanners import ignore_file, means_findings, variables_of

    matrix = loaded.matrix
    scanning = matrix.release.scan
    today = datetime.now(UTC).date().isoformat()
    (job.folder / "ignore.yaml").write_text(ignore_file(scanning, today), encoding="utf-8")
    with _program(session, loaded) as program:
        variables = variables_of(scanning, program, os.environ)
        code = _reported(scanning, job, lambda words: _run(session, [program, *words[1:]], variables))
    if code == 0:
        say(session, f"{variant}: no findings that stop a release")
        return 0
    if not means_findings(scanning, code):
        raise EnvironmentFailure(f"the scanner failed (exit code {code})", "see its output above")
    _report_findings(scanning, variant, job)
    return 1


def _reported(scanning: Scanning, job: ScanJob, run: Callable[[list[str]], int]) -> int:
    """Scan, and make SARIF of the report; return the exit code of what failed first."""
    from image_matrix.publish.scanners import command, means_findings, sarif_command

    code, convert = run(command(scanning, job)), sarif_command(scanning, job)
    if convert is None or (code and not means_findings(scanning, code)):
        return code
    return run(convert) or code


def _run(session: Session, words: list[str], variables: Mapping[str, str]) -> int:
    """Run the scanner and return its exit code; raises :class:`EnvironmentFailure` if it does not start."""
    import subprocess

    from image_matrix.errors import EnvironmentFailure

    try:
        return subprocess.run(words, check=False, env=dict(variables), cwd=session.root).returncode
    except OSError as error:
        raise EnvironmentFailure(
            f"the scanner `{words[0]}` does not run: {error.strerror}", "see `release.scan`"
        ) from error


@contextmanager
def _program(session: Session, loaded: Loaded) -> Iterator[str]:
    """Yield the scanner's program. A pinned one is unpacked from its verified release into a temporary folder."""
    import time

    from image_matrix.config.mirrors import mirrored
    from image_matrix.pinned.actions import tool
    from image_matrix.pinned.tools import cached_release, native_arch, unpack
    from image_matrix.temporary import temporary_folder

    matrix = loaded.matrix
    scanning, mirrors = matrix.release.scan, matrix.network.mirrors.downloads
    if scanning.tool not in ("trivy", "grype"):
        yield "docker" if scanning.tool == "image" else scanning.command[0]
        return
    pinned, http = tool(scanning.tool, native_arch(), matrix.workflow.pins), http_client(session, loaded)
    say(session, f"{scanning.tool} {pinned.version}", level=1)

    def fetch(url: str) -> list[bytes]:
        return http.whole(mirrored(url, mirrors), time.sleep)

    with ExitStack() as stack:
        # prefer the cache to the system's temporary folder, where programs may be forbidden to run
        cache = _cache() or stack.enter_context(temporary_folder())
        release = cached_release(pinned, cache, fetch)
        yield str(unpack(pinned, release, stack.enter_context(temporary_folder(cache))))


def _cache() -> Path | None:
    """Return the folder for scanners: the runner's temporary folder, or the user's cache."""
    from image_matrix.user_cache import user_cache

    runner = os.environ.get("RUNNER_TEMP")
    return Path(runner) / "image-matrix" if runner else user_cache("tools")


def _report_findings(scanning: Scanning, variant: str, job: ScanJob) -> None:
    """Print the findings that stop the release, and add them to the run's summary."""
    from image_matrix.github.files import SUMMARY
    from image_matrix.publish.scanners import findings, summary

    rows = findings(scanning, _report(scanning, job))
    append(SUMMARY, summary(variant, rows))
    for severity, flaw, package in rows:
        click.echo(f"{severity:<8} {flaw:<20} {package}")
    count = (
        f"{len(rows)} finding{'' if len(rows) == 1 else 's'}" if rows else "the scanner rejected the image"
    )
    click.echo(f"{variant}: {count}; this run releases nothing")
    annotate(f"scan of {variant}", f"{count}; fix them, or add them to `release.scan.ignore` with a date")


def _report(scanning: Scanning, job: ScanJob) -> dict[str, Any]:
    """Read the report of a known scanner; raises :class:`EnvironmentFailure` if it is not JSON."""
    from image_matrix.errors import EnvironmentFailure

    if scanning.tool not in ("trivy", "grype") or not job.report.is_file():
        return {}
    try:
        report: dict[str, Any] = json.loads(job.report.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EnvironmentFailure(
            f"the report of {scanning.tool} is not JSON: {error}", "see its output above"
        ) from error
    return report
