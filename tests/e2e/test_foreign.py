"""Images of others: an own Dockerfile's user, entry point and command, with contracts and with packages on top."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import Repository, new_repository

if TYPE_CHECKING:
    import subprocess

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("engine")]

APT = """\
RUN --mount=type=secret,id=site,target=/run/secrets/site.sh \\
    apt-get update && apt-get install --yes --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*
"""
JOVYAN = """\
{{% set contract = "none" %}}
FROM {{{{ source | word }}}}
{apt}RUN useradd --create-home --uid 1000 --gid 100 jovyan
USER 1000
ENTRYPOINT ["tini", "-g", "--"]
CMD ["python3", "-m", "http.server", "8888"]
EXPOSE 8888
"""
WORKER = """\
FROM {{ source | word }}
RUN useradd --uid 1001 --gid 0 worker
USER 1001
CMD ["sleep", "infinity"]
"""
MATRIX = """\
version: 1
registry: {registry}
workflow: none
sources: {{debian: "docker.io/library/debian:trixie-slim"}}
images:
  jovyan: {{from: debian, kind: jovyan, tests: {{imports: [http.server], files: [/usr/bin/tini, ~/.bashrc]}}}}
  serving:
    from: jovyan
    kind: label
    contract: service
    provides: {{python: "3.13"}}
    tests: {{http: {{etc/hostname: ""}}}}
  worker:
    from: debian
    kind: worker
    tests: {{commands: {{cat /etc/debian_version: "13", id -u: "1001"}}, files: [/bin/sh]}}
"""
TIGHT = """\
images:
  jovyan: {contract: notebook}
  worker: {contract: notebook}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, registry: str) -> Repository:  # noqa: ARG001 - skips
    made = new_repository(tmp_path_factory.mktemp("foreign"))
    kinds = made.root / "templates/dockerfiles"
    (kinds / "jovyan.Dockerfile.j2").write_text(JOVYAN.format(apt=APT.format(packages="python3 tini")))
    (kinds / "label.Dockerfile.j2").write_text("FROM {{ parent | word }}\nWORKDIR /\n")
    (kinds / "worker.Dockerfile.j2").write_text(WORKER)
    (made.root / "matrix.yaml").write_text(MATRIX.format(registry=made.registry))
    (made.root / "tight.yaml").write_text(TIGHT)
    made.run("build", "--no-registry")
    return made


def reports(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.stdout, done.stderr
    return {report["id"].partition(":")[0]: report for report in json.loads(done.stdout)}


def of_status(report: dict[str, Any], status: str) -> list[str]:
    return [result["name"] for result in report["results"] if result["status"] == status]


def test_what_is_not_promised_is_left_out(repository: Repository) -> None:
    done = repository.run("verify", "--format", "json", check=False)
    report = reports(done)
    assert [of_status(one, "failed") for one in report.values()] == [[], [], []], done.stdout
    assert of_status(report["jovyan"], "passed") == [
        "start", "file /usr/bin/tini", "file ~/.bashrc", "import http.server",
    ]  # fmt: skip
    assert {"start", "answers", "http etc/hostname", "version python", "running", "sigterm"} <= {
        *of_status(report["serving"], "passed")
    }
    assert of_status(report["worker"], "passed") == [
        "start", "command cat /etc/debian_version", "command id -u", "file /bin/sh",
    ]  # fmt: skip
    assert {"any-uid", "command", "sigterm"} <= {*report["worker"]["left_out"]}
    assert done.returncode == 0


def test_as_notebooks_they_fail(repository: Repository) -> None:
    overlay = ("--overlay", str(repository.root / "tight.yaml"))
    done = repository.run(*overlay, "verify", "jovyan", "worker", "--format", "json", check=False)
    report = reports(done)
    assert done.returncode == 1
    assert {"gid", "sigterm", "any-uid", "command", "bad-prefix"} <= {*of_status(report["jovyan"], "failed")}
    assert of_status(report["worker"], "passed") == []
    assert "no /usr/bin/python3" in report["worker"]["results"][0]["detail"]
