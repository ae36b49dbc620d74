"""Images of others: an own Dockerfile's user, entry point and command, with contracts and with packages on top."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import CA_BUNDLE, Repository, docker, new_repository

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

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


NOTEBOOK = """\
FROM {source}
ARG BASH_ENV=/run/secrets/site.sh
SHELL ["/bin/bash", "-euc"]
RUN --mount=type=secret,id=site,target=/run/secrets/site.sh \\
    --mount=type=secret,id=ca-bundle,target=/run/secrets/ca-bundle.crt \\
    apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/* \\
    && useradd --create-home --uid 1000 --gid 100 jovyan && python3 -m venv /opt/conda \\
    && /opt/conda/bin/pip install --no-cache-dir packaging==24.2 && chown -R 1000:100 /opt/conda \\
    && printf '#!/bin/sh\\nexec "$@"\\n' > /usr/local/bin/start && chmod 755 /usr/local/bin/start \\
    && echo mine > /home/jovyan/work.txt
ENV PATH=/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NB_USER=jovyan
USER 1000
WORKDIR /home/jovyan
ENTRYPOINT ["/usr/local/bin/start"]
CMD ["sleep", "86400"]
"""
ADDED = """\
version: 1
registry: {registry}
workflow: none
sources: {{theirs: {{image: "{source}", provides: {{python: "3.13"}}}}}}
images:
  ours:
    from: theirs
    apt: [hello]
    pip: [validate-pyproject==0.24.1]
    tests: {{imports: [validate_pyproject], files: [~/work.txt], commands: {{hello: world}}}}
  more: {{from: ours, env: {{MODE: full}}}}
"""
THERE = r"""
test "$(cat /home/jovyan/work.txt)" = mine
python - <<'PYTHON'
import sys
from importlib.metadata import version
import validate_pyproject
assert sys.executable == "/opt/conda/bin/python", sys.executable
assert version("packaging") == "24.2", version("packaging")
PYTHON
! command -v uv
"""
LEFT = r"""
find / -xdev \( -path /proc -o -path /sys \) -prune -o -user 0 -path '/opt/conda/*' -print | grep . && exit 1
find /root /tmp /home -mindepth 1 -newer /opt/conda/pyvenv.cfg ! -path "/home/jovyan*" | grep . && exit 1
echo nothing left
"""


def configuration(image: str) -> dict[str, Any]:
    (described,) = json.loads(docker("image", "inspect", image))
    config: dict[str, Any] = described["Config"]
    return {name: config.get(name) for name in ("User", "WorkingDir", "Entrypoint", "Cmd", "Env", "Shell")}


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "floating"])
def test_packages_are_added_to_a_finished_notebook_image(locked: bool, tmp_path: Path, registry: str) -> None:
    source = f"{registry}/e2e/notebook-{uuid.uuid4().hex[:8]}:1"
    (tmp_path / "Dockerfile").write_text(NOTEBOOK.format(source=f"{registry}/library/debian:trixie-slim"))
    ca = ("--secret", f"id=ca-bundle,src={CA_BUNDLE}") if CA_BUNDLE.exists() else ()
    (tmp_path / "site.sh").write_text("export PIP_CERT=/run/secrets/ca-bundle.crt\n" if ca else "")
    secrets = (*ca, "--secret", f"id=site,src={tmp_path / 'site.sh'}")
    docker("buildx", "build", "--push", "--tag", source, *secrets, str(tmp_path))
    made = new_repository(tmp_path / "child")
    (made.root / "matrix.yaml").write_text(ADDED.format(registry=made.registry, source=source))
    if locked:
        made.run("lock")
        made.run("render")
        made.run("check", "--locked")
    made.run("build", "--no-registry")
    for name in ("ours", "more"):
        image = f"{made.registry}/{name}:default"
        after, before = configuration(image), configuration(source)
        assert {**after, "Env": None} == {**before, "Env": None}
        assert [item for item in after["Env"] if item != "MODE=full"] == before["Env"]
        docker("run", "--rm", "--entrypoint", "bash", image, "-euc", THERE)
        out = docker("run", "--rm", "--user", "0", "--entrypoint", "bash", image, "-uc", LEFT, check=False)
        assert out == "nothing left"
    report = reports(made.run("verify", "ours", "--format", "json", check=False))
    assert of_status(report["ours"], "failed") == []
    assert "version python" in of_status(report["ours"], "passed")


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
