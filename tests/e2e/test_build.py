"""Real builds: the reference chain from matrix.yaml to a JupyterLab that answers, and what a second build does."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import subprocess
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.network import Network
from image_matrix.inventory.by_layer import PackagesByLayer
from image_matrix.planning.attached_packages import packages_attached
from image_matrix.planning.image_contents import packages_by_layer, platform_image
from image_matrix.registry.opening import registry_with
from tests.e2e.place import Quiet, bridge, serving
from tests.e2e.support import HOME, docker, get, new_repository, running

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.verify.engine import Engine
    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e

LABELS = ("python3.13", "python3.11")
CHAIN = [f"{image}:{label}" for image in ("base", "jupyter", "jupyter-scipy") for label in LABELS]
SMALL = """\
version: 1
registry: registry.invalid/small
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8]}
  middle: {from: base, pip: [six==1.17.0]}
  leaf: {from: middle, pip: [tomli==2.3.0]}
"""


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The reference matrix, its jupyter-scipy pushed for both Pythons.

    What this machine cannot reach is left out: kubectl, and the lock's digests of the public base images. The big
    Debian packages of jupyter-scipy would only cost minutes.
    """
    made = new_repository(tmp_path_factory.mktemp("chain"))
    shutil.copy(HOME / "matrix.yaml", made.root)
    with (made.root / "site.yaml").open("a") as overlay:
        overlay.write("images:\n  base: {downloads: null}\n  jupyter-scipy: {apt: null}\n")
    made.run("build", "--push", "--platform", "linux/amd64", "jupyter-scipy")
    return made


def references(repository: Repository) -> dict[str, str]:
    """Return the immutable tag of every variant on amd64, by what ``plan`` says."""
    planned = json.loads(repository.run("plan", "--registry", "--format", "json").stdout)
    return {
        entry["variant"]: f"{repository.registry}/{entry['variant'].partition(':')[0]}:{entry['tag']}"
        for entry in planned["keep"]
        if entry["platform"] == "linux/amd64"
    }


@pytest.mark.parametrize("label", LABELS)
def test_jupyterlab_of_the_reference_chain_answers(chain: Repository, label: str) -> None:
    with running(references(chain)[f"jupyter-scipy:{label}"], "/notebook/team/name") as (port, container):
        response = get(f"http://127.0.0.1:{port}/notebook/team/name/lab", container)
        assert response.status == 200
        assert response.url.endswith("/notebook/team/name/lab")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        program = "import scipy, sys; print(scipy.__version__, 'python%d.%d' % sys.version_info[:2])"
        assert docker("exec", container, "python", "-c", program) == f"1.17.1 {label}"
        assert docker("exec", container, "id", "-u") == "1000"


def test_nothing_changed_builds_nothing(chain: Repository) -> None:
    done = chain.run("build", "--push", "--platform", "linux/amd64", "jupyter-scipy")
    assert done.stdout == "0 built\n"
    assert sorted(references(chain)) == sorted(CHAIN)


@pytest.fixture
def small(tmp_path: Path) -> Repository:
    """Three small images under a registry path of their own."""
    made = new_repository(tmp_path)
    (made.root / "matrix.yaml").write_text(SMALL)
    return made


def test_a_changed_leaf_is_built_alone(small: Repository) -> None:
    small.run("build", "--push")
    small.edit("matrix.yaml", "tomli==2.3.0", "tomli==2.2.1")
    _, row, count = small.run("build", "--push").stdout.splitlines()
    assert row.startswith(f"{small.registry}/leaf:default-")
    assert count.startswith("1 built in ")
    (sized,) = json.loads(small.run("status", "--layers", "--format", "json", "leaf").stdout)
    assert {one["image"] for one in sized["layers"]} == {"base:default", "middle:default", "leaf:default"}
    assert "tomli" in sized["layers"][-1]["step"]
    assert sized["size"] == sum(one["size"] for one in sized["layers"]) > 1_000_000
    call = ("-v", "packages", "tomli", "bash", "--image", "leaf", "--from-image", "--format", "json")
    done = small.run(*call)
    shown = {one["package"]: one for one in json.loads(done.stdout)}
    assert (shown["tomli"]["version"], shown["tomli"]["from"]) == ("2.2.1", "leaf:default")
    assert shown["bash"]["version"][:1].isdigit()
    assert shown["bash"]["from"] != "leaf:default"
    assert "image layer" not in done.stderr
    bill = json.loads(small.run(*call[1:2], *call[4:7], "--format", "cyclonedx").stdout)
    assert bill["components"][0]["type"] == "operating-system"
    assert "pkg:pypi/tomli@2.2.1" in {one["purl"] for one in bill["components"][1:]}
    client = registry_with(Network())
    leaf = platform_image(client, f"{small.registry}/{row.split()[0].rpartition('/')[2]}")
    attached = packages_attached(client, leaf.at)
    assert attached == packages_by_layer(client, leaf, PackagesByLayer(), print)


def test_a_build_that_was_killed_is_built_by_the_next(small: Repository) -> None:
    for _ in range(3):
        process = small.start("build", "--push")
        time.sleep(random.uniform(0.2, 5))  # noqa: S311 - a random moment is the point
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    small.run("build", "--push")
    assert small.run("build", "--push").stdout == "0 built\n"


def test_a_build_that_is_terminated_leaves_nothing(
    small: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    process = small.start("build", "--force")
    deadline = time.monotonic() + 60
    while not list(folder.glob("*/docker-bake.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    assert process.wait(30) == 130
    assert list(folder.iterdir()) == []


def test_two_builders_that_race_for_one_key_do_no_harm(small: Repository) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: small.run("build", "--push"), range(2)))
    assert small.run("build", "--push").stdout == "0 built\n"


def test_a_step_that_fails_is_named(small: Repository) -> None:
    small.edit("matrix.yaml", "tomli==2.3.0", "tomli==0.0.0")
    done = small.run("build", check=False)
    assert done.returncode == 1
    assert "error: leaf:default (linux/amd64) cannot be built: " in done.stderr
    assert "help: images/leaf/default/Dockerfile:" in done.stderr


def test_a_step_of_a_parent_is_the_parents(small: Repository) -> None:
    small.edit("matrix.yaml", "kind: base,", "kind: base, apt: [no-such-package],")
    done = small.run("-q", "build", check=False)
    assert done.returncode == 1
    assert "cannot be built: E: Unable to locate package no-such-package\n" in done.stderr
    assert "error: base:default (linux/amd64) cannot" in done.stderr
    assert "help: images/base/default/Dockerfile:" in done.stderr
    assert " | >>>     no-such-package\n" in done.stderr, "-q leaves the failed step's log"


def test_a_registry_that_is_not_there_is_no_fault_of_the_matrix(small: Repository) -> None:
    small.edit("site.yaml", f"registry: {small.registry}", "registry: localhost:1/nobody")
    for options in ((), ("--no-registry",)):
        done = small.run("build", "--push", *options, check=False)
        assert done.returncode == 3
        assert "connection refused" in done.stderr


def test_only_the_image_of_todays_key_is_verified(small: Repository) -> None:
    small.run("build", "leaf")
    small.edit("matrix.yaml", "tomli==2.3.0", "tomli==2.2.1")
    done = small.run("verify", "leaf", check=False)
    assert done.returncode == 3
    assert f"leaf:default: pulling {small.registry}/leaf:default-" in done.stderr


def test_mirrors_and_certificates_leave_nothing_in_an_image(small: Repository) -> None:
    small.run("build", "leaf")
    image = f"{small.registry}/leaf:default"
    assert "CERTIFICATE" not in docker("history", "--no-trunc", image)
    script = "ls -A /run/secrets /tmp 2>/dev/null; env"
    found = docker("run", "--rm", "--user", "0", "--entrypoint", "bash", image, "-c", script)
    assert "site" not in found
    assert "SSL_CERT_FILE" not in found


PRIVATE = """\
  private:
    from: base
    pip: {{packages: [site-only==1.0], extra_index_urls: ["{address}/simple"]}}
    downloads: [tool]
downloads: {{tool: {{version: "1", url: {address}/tool, to: /usr/local/bin/tool}}}}
"""


def wheel(path: Path) -> None:
    """A package that is nowhere else."""
    name = "site_only-1.0.dist-info"
    files = {
        "site_only.py": "WORD = 'found'\n",
        f"{name}/METADATA": "Metadata-Version: 2.1\nName: site-only\nVersion: 1.0\n",
        f"{name}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{name}/RECORD"))
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as packed:
        for file, text in {**files, f"{name}/RECORD": record}.items():
            packed.writestr(file, text)


class AsksForALogin(Quiet):
    """Files for `me` with `s3cret`."""

    def do_GET(self) -> None:  # noqa: N802 - the base class' name
        if self.headers.get("Authorization") == f"Basic {base64.b64encode(b'me:s3cret').decode()}":
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="site"')
        self.end_headers()


def test_places_that_ask_for_a_login(engine: Engine, tmp_path: Path) -> None:
    wheel(tmp_path / "files/simple/site-only/site_only-1.0-py3-none-any.whl")
    (tmp_path / "files/tool").write_text("#!/bin/sh\necho tool\n")
    repository = new_repository(tmp_path / "work")
    with serving(tmp_path / "files", bridge(engine), AsksForALogin) as address:
        (repository.root / "matrix.yaml").write_text(SMALL + PRIVATE.format(address=address))
        refused = repository.run("build", "private", check=False)
        assert refused.returncode in (1, 3), refused.stderr
        netrc = repository.root / "netrc"
        netrc.write_text(f"machine {bridge(engine)} login me password s3cret\n")
        repository.edit("site.yaml", "network:\n", "network:\n  netrc: netrc\n")
        locked = repository.run("lock")
        assert "s3cret" not in (repository.root / "matrix.lock.yaml").read_text() + locked.stderr
        built = repository.run("build", "private")
    image = f"{repository.registry}/private:default"
    assert (
        docker("run", "--rm", "--entrypoint", "sh", image, "-c", "tool; python -c 'import site_only'")
        == "tool"
    )
    assert "s3cret" not in built.stderr + docker("history", "--no-trunc", image)
    search = ("--entrypoint=grep", image, "-rls", "--exclude-dir=proc", "--exclude-dir=sys", "s3cret", "/")
    assert docker("run", "--rm", "--user=0", *search, check=False) == ""


CONDA = """\
  first: {{from: base, conda: [one=1]}}
  second: {{from: first, conda: [two=2]}}
downloads: {{micromamba: {{version: "1", url: "{address}/micromamba"}}}}
"""
MICROMAMBA = """\
#!/bin/sh
# Stands in for micromamba, whose channels cannot be reached: a package is a program that says its name, in folders and
# files that only their owner may change, and a line in the environment's history, which it must have.
set -eu
mkdir -p "${CONDA_PKGS_DIRS:-$MAMBA_ROOT_PREFIX/pkgs}/cache"
for package; do
    case $package in
    -* | /* | http* | base | install) continue ;;
    esac
    echo "$package" >>"$MAMBA_ROOT_PREFIX/conda-meta/history"
    umask 0022
    mkdir -p "$MAMBA_ROOT_PREFIX/bin" "$MAMBA_ROOT_PREFIX/share/${package%=*}"
    rm -f "$MAMBA_ROOT_PREFIX/bin/${package%=*}"
    printf '#!/bin/sh\\necho %s\\n' "$package" >"$MAMBA_ROOT_PREFIX/bin/${package%=*}"
    chmod 0755 "$MAMBA_ROOT_PREFIX/bin/${package%=*}"
done
"""
AS_A_USER = """\
set -eu
micromamba install --yes --name base three=3
micromamba install --yes --name base one=1.1
bash -lc 'one; two; three'
command -v python
find /opt/conda ! -writable ! -type l
cat /opt/conda/conda-meta/history
"""


def test_conda_packages_are_found_and_any_user_of_group_0_adds_more(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/micromamba").write_text(MICROMAMBA)
    repository = new_repository(tmp_path / "work")
    with serving(tmp_path / "files", bridge(engine)) as address:
        (repository.root / "matrix.yaml").write_text(SMALL + CONDA.format(address=address))
        repository.run("build", "second")
    image = f"{repository.registry}/second:default"
    said = docker("run", "--rm", "--user=1000650000:0", image, "sh", "-c", AS_A_USER)
    assert said.split() == [
        "one=1.1",
        "two=2",
        "three=3",
        "/opt/venv/bin/python",
        "one=1",
        "two=2",
        "three=3",
        "one=1.1",
    ]
    path = docker("run", "--rm", "--entrypoint=printenv", image, "PATH")
    assert path.startswith("/opt/venv/bin:")
    assert path.endswith("/bin:/opt/conda/bin")
    assert path.count("conda") == 1


def test_the_committed_bake_file_is_one_that_buildx_understands() -> None:
    command = ["docker", "buildx", "bake", "--file", "images/docker-bake.json", "--print", "jupyter-scipy"]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    targets = json.loads(done.stdout)["target"]
    assert sorted(targets) == sorted(name.replace(":", "_").replace(".", "-") for name in CHAIN)
