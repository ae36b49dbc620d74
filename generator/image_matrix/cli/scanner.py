"""Runs the scanner of matrix.yaml on an image of the registry."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.cli.printing import say
from image_matrix.cli.site_files import http_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.release import Scanning
    from image_matrix.findings.model import ScanFinding
    from image_matrix.publish.scanners import ScanJob


@dataclass(frozen=True, slots=True)
class ScanVerdict:
    """What a scanner says of an image."""

    rejected: bool
    findings: tuple[ScanFinding, ...] = ()
    """What its report names; none for reports that are not read."""


def scan_image(
    session: Session, loaded: Loaded, program: str, image: str, platform: str, folder: Path
) -> tuple[ScanVerdict, ScanJob]:
    """Fetch one platform of ``repository@digest`` into a folder and scan it; raises :class:`EnvironmentFailure`."""
    from image_matrix.publish.scanners import ScanJob, transport

    job = ScanJob(folder / "image", folder / "report.json", folder)
    destination = f"{transport(loaded.matrix.release.scan)}:{job.image}"
    fetch(image, platform, destination, loaded.matrix.network.trusted_hosts)
    return judge(session, loaded, program, job), job


def judge(session: Session, loaded: Loaded, program: str, job: ScanJob) -> ScanVerdict:
    """Scan what was fetched, with the exceptions that count today; raises :class:`EnvironmentFailure`."""
    from datetime import UTC, datetime

    from image_matrix.errors import EnvironmentFailure
    from image_matrix.findings.reports import findings
    from image_matrix.publish.scanners import ignore_file, means_findings, variables_of

    scanning = loaded.matrix.release.scan
    today = datetime.now(UTC).date().isoformat()
    (job.folder / "ignore.yaml").write_text(ignore_file(scanning, today), encoding="utf-8")
    variables = variables_of(scanning, program, os.environ)
    code = _reported(scanning, job, lambda words: _run(session, [program, *words[1:]], variables))
    if code == 0:
        return ScanVerdict(rejected=False)
    if not means_findings(scanning, code):
        raise EnvironmentFailure(f"the scanner failed (exit code {code})", "see its output above")
    report = _report(scanning, job)
    try:
        return ScanVerdict(rejected=True, findings=tuple(findings(scanning, report)))
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
def scanner_program(session: Session, loaded: Loaded) -> Iterator[str]:
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
