"""Builds the commands of scanners, and the variables that they get."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.findings.model import from_severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from image_matrix.config.release import Scanning

FINDINGS_EXIT_CODE = 66
"""The exit code that trivy returns for findings; its own failures have another one."""
PASSED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "LANG", "LANGUAGE", "TMPDIR", "CI",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NO_COLOR",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
)  # fmt: skip
"""Variables that every scanner gets: paths, the language, proxies and certificates."""
MOUNT = "/scan"
IGNORE_FILE = "ignore.yaml"
"""Name of the file with the exceptions, in the folder of the image."""


@dataclass(frozen=True, slots=True)
class ScanJob:
    """One image to scan."""

    image: Path
    """The image, in the form that :func:`transport` names."""
    report: Path
    folder: Path
    """The folder of both, and of the ignore file."""
    name: str = "image"
    """What reports call the image: its repository, without tag and digest.

    Code scanning knows an alert by it, so it is the same at each scan.
    """

    @property
    def sarif(self) -> Path:
        """The findings as SARIF."""
        return self.folder / "report.sarif"


def transport(scanning: Scanning) -> str:
    """Return the form that the scanner reads, by skopeo's name: an OCI layout as a folder or as a tar archive.

    Trivy reads a layout's folder, but not its archive (its ``pkg/fanal/image/archive.go`` expects Docker's format).
    """
    return "oci" if scanning.tool == "trivy" else "oci-archive"


def command(scanning: Scanning, job: ScanJob) -> list[str]:
    """Return the scanner's command for one image; it does not run in a shell."""
    match scanning.tool:
        case "trivy":
            return _trivy(scanning, job)
        case "grype":
            sarif = ["--output", f"sarif={job.sarif}"] if scanning.sarif else []
            options = ["--output", f"json={job.report}", *sarif, "--fail-on", scanning.severity.lower()]
            only = ["--only-fixed"] if scanning.fixed_only else []
            config = ["--config", str(job.folder / IGNORE_FILE)]
            return ["grype", f"oci-archive:{job.image}", "--name", job.name, *options, *only, *config]
        case "image":
            inside = [f"{MOUNT}/{path.name}" for path in (job.image, job.report, job.sarif)]
            return [*_container(scanning, job), *_filled(scanning.command, *inside)]
        case _:
            return _filled(scanning.command, str(job.image), str(job.report), str(job.sarif))


def sarif_command(scanning: Scanning, job: ScanJob) -> list[str] | None:
    """Return the command that makes SARIF of the report; ``None`` if the scan itself writes it, or nothing does."""
    if not scanning.sarif or scanning.tool != "trivy":
        return None
    return ["trivy", "convert", "--format=sarif", f"--output={job.sarif}", str(job.report)]


def _container(scanning: Scanning, job: ScanJob) -> list[str]:
    """Return the command that runs the scanner's image, up to the arguments of the scanner.

    Secrets are named without their values: docker takes those from its own environment.
    """
    limits = {
        "--cpus": scanning.resources.cpu,
        "--memory": docker_memory(scanning.resources.memory),
        "--entrypoint": scanning.entrypoint,
    }
    return [
        "docker", "run", "--rm", "--cap-drop=ALL", "--security-opt=no-new-privileges",
        f"--mount=type=bind,source={job.folder},target={MOUNT}",
        *(f"{option}={value}" for option, value in limits.items() if value is not None),
        *(f"--env={name}={value}" for name, value in scanning.env.items()),
        *(f"--env={name}" for name in scanning.secrets),
        scanning.image or "",
    ]  # fmt: skip


def docker_memory(amount: str | None) -> str | None:
    """Return ``4Gi`` as docker writes it, ``4g``: its units are powers of 1024, too."""
    return f"{amount[:-2]}{amount[-2].lower()}" if amount else None


def variables_of(scanning: Scanning, program: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the process that scans: few of this process, and those that the matrix names.

    Variables of a container stand in its command, so that they change nothing for docker itself. Raises
    :class:`EnvironmentFailure` if a secret has no value.
    """
    missing = [name for name in scanning.secrets if not variables.get(name)]
    if missing:
        raise EnvironmentFailure(
            f"the scanner's secret {missing[0]} has no value",
            f"add {missing[0]} to the secrets of the repository, or set the variable where you scan by hand",
        )
    named = {} if scanning.tool == "image" else scanning.env
    secrets = {name: variables[name] for name in scanning.secrets}
    return {**environment(program, variables), **named, **secrets}


def environment(program: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a scanner gets. None of them lets it push, sign or act for the run.

    A scanner's variables start with its name: ``TRIVY_…`` for ``trivy``, ``MY_SCANNER_…`` for ``./my-scanner.sh``.
    """
    name = re.sub(r"\W", "_", PurePath(program).stem).upper()
    prefixes = ("LC_", f"{name}_")
    return {key: value for key, value in variables.items() if key in PASSED or key.startswith(prefixes)}


def _trivy(scanning: Scanning, job: ScanJob) -> list[str]:
    return [
        "trivy", "image", f"--input={job.image}", "--format=json", f"--output={job.report}",
        f"--exit-code={FINDINGS_EXIT_CODE}",
        f"--severity={','.join(from_severity(scanning.severity))}", f"--ignorefile={job.folder / IGNORE_FILE}",
        "--scanners=vuln", "--timeout=30m", "--disable-telemetry", "--skip-version-check", "--no-progress",
        *(["--ignore-unfixed"] if scanning.fixed_only else []),
    ]  # fmt: skip


def _filled(words: Iterable[str], archive: str, report: str, sarif: str) -> list[str]:
    places = {"{archive}": archive, "{report}": report, "{sarif}": sarif}
    return [re.sub(r"\{(?:archive|report|sarif)\}", lambda match: places[match[0]], word) for word in words]


def means_findings(scanning: Scanning, code: int) -> bool:
    """Return whether an exit code means findings rather than a failure of the scanner (grype's 2: its cli.go)."""
    return {"trivy": code == FINDINGS_EXIT_CODE, "grype": code == 2}.get(scanning.tool, code != 0)
