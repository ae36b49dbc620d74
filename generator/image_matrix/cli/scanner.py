"""Runs the scanner of matrix.yaml on an image of the registry."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.findings.model import ScanLimits
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.release import Scanning
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.findings.model import ScanFinding
    from image_matrix.json_data import Json
    from image_matrix.publish.scanners import ScanJob


@dataclass(frozen=True, slots=True)
class ScanVerdict:
    """What a scanner says of an image."""

    rejected: bool
    findings: tuple[ScanFinding, ...] = ()
    """What its report names; none for reports that are not read."""
    limits: ScanLimits = field(default_factory=ScanLimits)


def scan_image(
    session: Session, loaded: Loaded, program: str, image: str, platform: str, folder: Path
) -> tuple[ScanVerdict, ScanJob]:
    """Fetch one platform of ``repository@digest`` into a folder and scan it; raises :class:`EnvironmentFailure`."""
    from image_matrix.publish.scanners import ScanJob, transport

    job = ScanJob(folder / "image", folder / "report.json", folder, image.partition("@")[0])
    destination = f"{transport(loaded.matrix.release.scan)}:{job.image}"
    fetch(image, platform, destination, loaded.matrix.network.trusted_hosts)
    return judge(session, loaded, program, job), job


def judge(session: Session, loaded: Loaded, program: str, job: ScanJob) -> ScanVerdict:
    """Scan what was fetched, with the exceptions that count today; raises :class:`EnvironmentFailure`."""
    from datetime import UTC, datetime

    from image_matrix.findings.limits import scan_limits
    from image_matrix.publish.scanner_files import ignore_file
    from image_matrix.publish.scanners import IGNORE_FILE, command, means_findings, variables_of

    scanning = loaded.matrix.release.scan
    today = datetime.now(UTC).date().isoformat()
    (job.folder / IGNORE_FILE).write_text(ignore_file(scanning, today), encoding="utf-8")
    variables = variables_of(scanning, program, os.environ)

    def run(words: Sequence[str]) -> int:
        return _run(session, [program, *words[1:]], variables)

    code = run(command(scanning, job))
    if code and not means_findings(scanning, code):
        raise _failed(code)
    report = _report(scanning, job)
    _convert(scanning, job, run)
    version = _version(session, program, scanning.tool, variables)
    limits = scan_limits(scanning.tool, report, version, today)
    return ScanVerdict(code != 0, _findings(scanning, report) if code else (), limits)


def _failed(code: int) -> EnvironmentFailure:
    from image_matrix.errors import EnvironmentFailure

    return EnvironmentFailure(f"the scanner failed (exit code {code})", "see its output above")


def _findings(scanning: Scanning, report: Json) -> tuple[ScanFinding, ...]:
    """Return what counts of a report; raises :class:`EnvironmentFailure` if it has another form."""
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.findings.reports import findings

    try:
        return tuple(findings(scanning, report))
    except ValueError as error:
        raise EnvironmentFailure(
            f"the report of {scanning.tool} cannot be read: {error}", "see its output above"
        ) from error


def fetch(reference: str, platform: str, destination: str, trusted: tuple[str, ...] = ()) -> None:
    """Fetch one platform of ``repository@digest`` to ``transport:path``; raises :class:`EnvironmentFailure`.

    ``trusted`` are hosts as in ``network.trusted_hosts``.
    """
    import shutil

    from image_matrix.errors import EnvironmentFailure
    from image_matrix.program import advice, run_patiently
    from image_matrix.registry.addresses import is_unverified
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


def _convert(scanning: Scanning, job: ScanJob, run: Callable[[list[str]], int]) -> None:
    """Make SARIF of the report, where the scan itself does not write it; raises :class:`EnvironmentFailure`."""
    from image_matrix.publish.scanners import sarif_command

    convert = sarif_command(scanning, job)
    if convert and (code := run(convert)):
        raise _failed(code)
    if scanning.tool == "grype" and job.sarif.is_file():
        _name(job.sarif, job)


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


def _version(session: Session, program: str, tool: str, variables: Mapping[str, str]) -> Json:
    """Return what Trivy says of itself and its database; nothing of other scanners, whose reports say it.

    A database on a server (``TRIVY_SERVER``) is not the one that it says something of.
    """
    import subprocess

    if tool != "trivy" or variables.get("TRIVY_SERVER"):
        return None
    words = [program, "version", "--format=json"]
    done = subprocess.run(words, check=False, env=dict(variables), cwd=session.root, capture_output=True)
    try:
        return read_json(done.stdout)
    except ValueError:
        return None


def _report(scanning: Scanning, job: ScanJob) -> Json:
    """Read the report of a known scanner; raises :class:`EnvironmentFailure` if it is not JSON."""
    from image_matrix.errors import EnvironmentFailure

    if scanning.tool not in ("trivy", "grype") or not job.report.is_file():
        return {}
    _name(job.report, job)
    try:
        return read_json(job.report.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EnvironmentFailure(
            f"the report of {scanning.tool} is not JSON: {error}", "see its output above"
        ) from error


def _name(file: Path, job: ScanJob) -> None:
    """Write the image's name into a report, in place of the path that the scanner read."""
    from image_matrix.publish.scanner_files import named

    content = file.read_text(encoding="utf-8", errors="surrogateescape")
    file.write_text(named(content, job), encoding="utf-8", errors="surrogateescape")
