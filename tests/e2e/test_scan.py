"""The real Trivy reads what `scan` gives it. Its database cannot be had everywhere: here it looks for secrets."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.scanner import fetch
from image_matrix.config.release import Ignored, Scanning
from image_matrix.publish.scanners import (
    FINDINGS_EXIT_CODE,
    ScanJob,
    command,
    ignore_file,
    means_findings,
    sarif_command,
    transport,
)
from tests.e2e.place import repositories
from tests.e2e.support import REGISTRY, docker
from tests.environments import python_of

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = pytest.mark.e2e

SCANNING = Scanning("trivy", severity="HIGH", ignore=(Ignored("CVE-2026-1", "2099-01-01", "not reachable"),))
SECRET = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "MIIEpAIBAAKCAQEA1234567890abcdef" * 4
    + "\n-----END RSA PRIVATE KEY-----\n"
)


@pytest.fixture(scope="module")
def leaky(engine: Engine, registry: str, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: ARG001 - both needed
    """An image with a private key in it, in the registry, by digest."""
    folder = tmp_path_factory.mktemp("leaky")
    (folder / "key.pem").write_text(SECRET)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY key.pem /root/key.pem\n")
    repository = f"{repositories(REGISTRY)}/leaky"
    name = f"{repository}:latest"
    docker("buildx", "build", "--quiet", "--provenance=false", "--push", "--tag", name, str(folder))
    digest = json.loads(docker("buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", name))[
        "digest"
    ]
    return f"{repository}@{digest}"


def test_trivy_reads_the_image_and_the_ignore_file(leaky: str, tmp_path: Path) -> None:
    job = ScanJob(tmp_path / "image", tmp_path / "report.json", tmp_path)
    fetch(leaky, "linux/amd64", f"{transport(SCANNING)}:{job.image}")
    (tmp_path / "ignore.yaml").write_text(ignore_file(SCANNING, "2026-01-01"))
    program = python_of("trivy").with_name("trivy")
    words = [
        "--scanners=secret" if word == "--scanners=vuln" else word for word in command(SCANNING, job)[1:]
    ]
    done = subprocess.run([program, *words, f"--cache-dir={tmp_path}/cache"], capture_output=True, text=True)
    assert done.returncode == FINDINGS_EXIT_CODE, done.stderr
    assert means_findings(SCANNING, done.returncode)
    report = json.loads(job.report.read_text())
    convert = sarif_command(replace(SCANNING, sarif=True), job)
    assert convert is not None
    subprocess.run([program, *convert[1:]], check=True)
    results = json.loads(job.sarif.read_text())["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["private-key"]
    assert [one["RuleID"] for result in report["Results"] for one in result["Secrets"]] == ["private-key"]
