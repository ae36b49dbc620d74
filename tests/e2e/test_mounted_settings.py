"""Certificates and mirrors that are mounted: programs reach a private server from wherever users work.

The containers are as strict platforms start them: a read-only root, a foreign user id, no capabilities.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.place import bridge
from tests.e2e.private_place import GREETING, WHEEL, private_place
from tests.e2e.support import HOME, docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine
    from tests.e2e.conftest import Site
    from tests.e2e.private_place import PrivatePlace

pytestmark = pytest.mark.e2e

STRICT = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=12345:0", "--tmpfs=/tmp",
          "--tmpfs=/home/jovyan:mode=0770,uid=12345")  # fmt: skip
UNTIL_SERVED = (
    "curl --silent --retry 60 --retry-delay 1 --retry-all-errors --output /dev/null http://127.0.0.1:8888/"
)


@pytest.fixture(scope="module")
def private(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePlace]:
    with private_place(tmp_path_factory.mktemp("private"), bridge(engine)) as place:
        yield place


@contextmanager
def started(image: str, folder: Path, *options: str) -> Iterator[str]:
    """Start an image with what is in a folder's ``ca`` and ``config`` mounted; the name of its container."""
    mounts = (
        f"--volume={folder}/ca:/etc/image-matrix/ca:ro",
        f"--volume={folder}/config:/etc/image-matrix/config:ro",
    )
    name = f"image-matrix-mounted-{uuid.uuid4().hex[:8]}"
    docker(
        "run",
        "--detach",
        f"--name={name}",
        *STRICT,
        *mounts,
        "--env=IMAGE_MATRIX_LOGIN=none",
        *options,
        image,
    )
    try:
        docker("exec", name, "sh", "-c", UNTIL_SERVED)
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


def within(container: str, *command: str, text: str | None = None) -> str:
    """Run a command in a container that must not fail; what it printed."""
    done = subprocess.run(
        ["docker", "exec", "--interactive", container, *command],
        input=text or "",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_jupyterlab(site: Site, private: PrivatePlace) -> None:
    text = f"{private.url}/text"
    proxy = "--env=HTTP_PROXY=http://proxy.example.org:3128"
    with started(
        site.image("jupyter:python3.13"), private.folder, f"--env=PIP_INDEX_URL={private.index}", proxy
    ) as container:
        in_shell = ("bash", "--login", "-c")
        assert within(container, *in_shell, f"curl --silent --show-error {text}") == GREETING
        assert within(container, *in_shell, f"wget --quiet --output-document=- {text}") == GREETING
        fetch = f"import urllib.request as r; print(r.urlopen('{text}').read().decode(), end='')"
        assert within(container, *in_shell, f'python -c "{fetch}"') == GREETING
        assert WHEEL in within(container, *in_shell, "pip download --no-cache-dir --dest /tmp/pip tiny")
        assert within(
            container, *in_shell, "uv pip install --no-cache --target /tmp/uv tiny && ls /tmp/uv/tiny.py"
        )
        assert WHEEL in within(
            container, "with-contenv", "pip", "download", "--no-cache-dir", "--dest=/tmp/exec", "tiny"
        )
        assert within(container, "bash", "-i", "-c", "echo $http_proxy") == "http://proxy.example.org:3128\n"
        session = (HOME / "tests/e2e/jupyter_session.py").read_text()
        seen = within(container, "with-contenv", "env", "-u", "HTTP_PROXY", "python", "-", text, text=session)
        assert seen.splitlines() == [f"<{GREETING}>"] * 2
        assert "warning" not in docker("logs", container)


def test_code_server(site: Site, private: PrivatePlace) -> None:
    """Its extensions and terminals inherit the environment of its process, in which its Node.js reaches the server."""
    ask = f"require('https').get('{private.url}/text', a => a.pipe(process.stdout))"
    script = f"{ask}.on('error', e => console.log(e.code))"
    node = f"""\
pid=$(cat /run/s6/code-server.pid /tmp/.s6/code-server.pid 2>/dev/null)
xargs -0 env -i </proc/$pid/environ >/tmp/environment
NODE_EXTRA_CA_CERTS=$(sed -n s/^NODE_EXTRA_CA_CERTS=//p /tmp/environment) /opt/code-server/lib/node -e "{script}"
grep ^PIP_INDEX_URL= /tmp/environment
"""
    with started(
        site.image("codeserver:python3.13"), private.folder, f"--env=PIP_INDEX_URL={private.index}"
    ) as container:
        assert within(container, "sh", "-c", node) == f"{GREETING}PIP_INDEX_URL={private.index}\n"
        without = f'/opt/code-server/lib/node -e "{script}"'
        assert within(container, "sh", "-c", without).strip() == "UNABLE_TO_VERIFY_LEAF_SIGNATURE"


def test_files_of_pip_uv_and_npm(site: Site, private: PrivatePlace, tmp_path: Path) -> None:
    """They are found without a shell as well; what can't be read is named in the log, and the container starts."""
    config = tmp_path / "config"
    config.mkdir()
    shutil.copytree(private.folder / "ca", tmp_path / "ca")
    (config / "pip.conf").write_text(f"[global]\nindex-url = {private.index}\n")
    (config / "uv.toml").write_text(f'[[index]]\nurl = "{private.index}"\ndefault = true\n')
    (config / "npmrc").write_text("registry=https://npm.example.org/\n")
    (config / "Rprofile").write_text("")
    (config / "Rprofile").chmod(0)
    (tmp_path / "ca/broken.pem").write_text("no certificate")
    with started(site.image("jupyter:python3.13"), tmp_path) as container:
        assert private.index in within(container, "pip", "config", "list")
        assert (
            within(
                container, "with-contenv", "uv", "pip", "install", "--no-cache", "--target=/tmp/uv", "tiny"
            )
            == ""
        )
        assert "tiny.py" in within(container, "ls", "/tmp/uv")  # noqa: S108 - in the container
        assert within(container, "with-contenv", "printenv", "NPM_CONFIG_GLOBALCONFIG").endswith("/npmrc\n")
        done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
    said = [
        line for line in done.stderr.splitlines() if "warning" in line and "IMAGE_MATRIX_LOGIN" not in line
    ]
    assert said == [
        "image-matrix: warning: certificates: /etc/image-matrix/ca/broken.pem has no certificate in PEM form",
        "image-matrix: warning: settings: user 12345 can't read /etc/image-matrix/config/Rprofile: give it mode 0444",
    ]
