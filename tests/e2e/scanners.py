"""The scanners themselves, at the versions that are there: Trivy from PyPI, Grype from its Go module."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.e2e.flaw_databases import grype_database, trivy_database
from tests.e2e.programs import built
from tests.environments import InstallError, python_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.e2e.flaw_databases import Flaw

PROGRAMS = ("trivy-older", "trivy", "grype")
"""Names of scanners for parameters of tests. Trivy's pin is between the two versions that PyPI has."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """A program that scans, and a folder for its database."""

    tool: Literal["trivy", "grype"]
    program: Path
    version: str
    cache: Path

    def know(self, flaws: Sequence[Flaw], day: str) -> None:
        """Replace the database by one with these flaws, of this day."""
        if self.tool == "trivy":
            trivy_database(self.cache, flaws, day)
        else:
            grype_database(self.program, self.cache, flaws, day)

    @property
    def offline(self) -> dict[str, str]:
        """What a closed network says in `release.scan.env`."""
        if self.tool == "trivy":
            return {"TRIVY_SKIP_DB_UPDATE": "true", "TRIVY_CACHE_DIR": str(self.cache)}
        return {"GRYPE_DB_AUTO_UPDATE": "false", "GRYPE_DB_CACHE_DIR": str(self.cache)}

    def named(self, flaw: Flaw) -> str:
        """Return what this scanner calls a flaw."""
        return flaw.ghsa if self.tool == "grype" and flaw.ghsa else flaw.id


def scanner(name: str, cache: Path) -> Scanner:
    """Return one of :data:`PROGRAMS`; skip the test where it is not there, with the reason."""
    if name == "grype":
        program = built("grype", "grype")
        environment = {**os.environ, "GRYPE_CHECK_FOR_APP_UPDATE": "false"}
        words = subprocess.run(
            [program, "version"], env=environment, capture_output=True, text=True, check=True
        ).stdout
        version = next(line.split()[-1] for line in words.splitlines() if line.startswith("Version:"))
        return Scanner("grype", program, version, cache)
    try:
        program = python_of(name).with_name("trivy")
    except InstallError as error:
        pytest.skip(f"Trivy is not there: {error}")
    words = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return Scanner("trivy", program, words.split()[1], cache)


def released(scanner: Scanner) -> bytes:
    """Return an archive with the program in it, as its releases are; not compressed, since it has 170 MB."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = archive.gettarinfo(os.path.realpath(scanner.program), scanner.tool)
        entry.mode = 0o755
        with scanner.program.open("rb") as content:
            archive.addfile(entry, content)
    return target.getvalue()


def report_of(scanner: Scanner, report: dict[str, Any]) -> set[tuple[str, str]]:
    """Return finding and package of everything in a scanner's own report."""
    if scanner.tool == "grype":
        return {(one["vulnerability"]["id"], one["artifact"]["name"]) for one in report["matches"]}
    return {
        (one["VulnerabilityID"], one["PkgName"])
        for result in report["Results"]
        for one in result.get("Vulnerabilities") or ()
    }
