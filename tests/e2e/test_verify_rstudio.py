"""RStudio's services with a stand-in for the program itself, which cannot be had from any package registry.

Everything around it is real: R, nginx, s6, the start scripts, jupyter-server-proxy under a hub. RStudio is not run.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest

from image_matrix.verify.contract import PREFIX
from image_matrix.verify.engine import Spec
from image_matrix.verify.model import Subject
from image_matrix.verify.probe_client import ask
from image_matrix.verify.run import verify
from image_matrix.verify.scenarios import results, scenarios
from tests.e2e.place import bridge
from tests.e2e.private_place import private_place
from tests.e2e.support import HOME, docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

STEPS = """\
FROM {image}
USER 0
RUN apt-get update && apt-get install --yes --no-install-recommends libpython3.13 r-base-core r-cran-reticulate
{library}
RUN rm -r /etc/services.d /usr/local/lib/image-matrix/code-server
COPY --chmod=0755 rootfs/ /
COPY --chmod=0755 rserver.py /usr/lib/rstudio-server/bin/rserver
COPY --chmod=0755 <<"EOT" /usr/lib/rstudio-server/bin/rsession
#!/bin/sh
[ $# -gt 0 ] || set -- env --null
exec "$@"
EOT
USER 1000
"""
"""What stands in for the program of a session runs another one, or prints its environment."""


PACKAGE = {
    "DESCRIPTION": "Package: tiny\nVersion: 1.0\nTitle: Tiny\nDescription: Tiny.\nAuthor: A\n"
    "Maintainer: A <a@example.org>\nLicense: MIT\n",
    "NAMESPACE": "export(one)\n",
    "R/one.R": "one <- function() 1\n",
}
INSTALL = """\
install.packages("/tmp/tiny", repos = NULL, quiet = TRUE)
cat(find.package("tiny"), tiny::one(), getOption("repos"), getOption("HTTPUserAgent"), sep = "\n")
"""


def library() -> str:
    """The step of the real Dockerfile that makes R's library."""
    text = (HOME / "images/rstudio/python3.13/Dockerfile").read_text()
    return next(line for line in text.splitlines() if line.endswith("/R/site-library"))


@pytest.fixture(scope="module")
def image(site: Site, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """code-server's image has nginx and the hub's packages, as RStudio's has; its IDE is exchanged."""
    tmp_path = tmp_path_factory.mktemp("rstudio")
    good = site.image("codeserver:python3.13")
    shutil.copytree(HOME / "templates/rootfs/rstudio", tmp_path / "rootfs")
    shutil.copy(HOME / "tests/e2e/rserver.py", tmp_path)
    (tmp_path / "Dockerfile").write_text(STEPS.format(image=good, library=library()))
    name = f"image-matrix-rstudio:{uuid.uuid4().hex[:12]}"
    done = subprocess.run(
        ["docker", "build", "--quiet", f"--tag={name}", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    yield name
    engine.call(("rmi", "--force", name), None, 60.0)


def test_what_stands_around_rstudio(engine: Engine, image: str) -> None:
    pages = {"page?a=%2F": f"RStudio /page?a=%2F root={PREFIX}/ user=jovyan"}
    report = verify(engine, Subject("rstudio:stand-in", image, "rstudio", tests={"http": pages}))
    assert [result.name for result in report.results if result.status == "skipped"] == ["websocket"]
    assert [result for result in report.results if result.status == "failed"] == []
    assert {"http", "inside-prefix", "culling", "hub-ide", "hub-login"} <= {
        one.name for one in report.results
    }


def test_websockets_get_through_to_rstudio(engine: Engine, image: str) -> None:
    """Its terminals are at such paths; where none is open, RStudio itself takes no websocket."""
    page = ("get", {"path": f"{PREFIX}/", "prefix": f"{PREFIX}/", "deadline": 30})
    with engine.container(Spec(image, env={"NB_PREFIX": PREFIX})) as container:
        _, answer = ask(container, page, ("upgrade", {"path": f"{PREFIX}/p/1f/terminal/0/"}))
    assert (answer["status"], answer["accepted"]) == (101, True)


@pytest.mark.parametrize("user", ["1000:0", "1000650000:0"])
def test_any_user_of_group_0_installs_r_packages_outside_the_volume(
    engine: Engine, image: str, user: str
) -> None:
    files = "\n".join(
        f"mkdir -p $(dirname /tmp/tiny/{path})\ncat > /tmp/tiny/{path} <<'EOT'\n{text}EOT"
        for path, text in PACKAGE.items()
    )
    command = ("sh", "-c", f"{files}\nexec Rscript -e '{INSTALL}'")
    with engine.container(Spec(image, user=user, command=command)) as container:
        assert container.wait(60.0) == 0, container.log()
        seen = container.log().splitlines()
    at = seen.index("/usr/local/lib/R/site-library/tiny")
    assert seen[at + 1] == "1"
    assert seen[at + 2].endswith("/__linux__/trixie/latest")
    assert seen[at + 3].startswith("R/4")


STRICT = ("--read-only", "--cap-drop=ALL", "--user=12345:0", "--tmpfs=/tmp",
          "--tmpfs=/home/jovyan:mode=0770,uid=12345")  # fmt: skip
PRIVATE_SESSION = """\
cd "$HOME"
/usr/local/lib/image-matrix/rserver 8787 >/dev/null 2>&1 &
curl --silent --retry 30 --retry-delay 1 --retry-connrefused --output /dev/null http://127.0.0.1:8787
env --ignore-environment /usr/local/lib/image-matrix/rsession >session
mkdir library
xargs --null --arg-file=session sh -c 'exec env --ignore-environment "$@" R_LIBS=library Rscript -e "
  install.packages(\\"tiny\\", quiet = TRUE)
  cat(tiny::one(), getOption(\\"mine\\"), getOption(\\"repos\\"), Sys.getenv(\\"http_proxy\\"), sep = \\"|\\")"' sh
"""


def test_a_session_installs_from_a_private_server(engine: Engine, image: str, tmp_path: Path) -> None:
    """R and its packages use the certificate, the mirror and the profile that the place mounts."""
    with private_place(tmp_path, bridge(engine)) as place:
        (tmp_path / "config/Rprofile").write_text("options(mine = 'mounted')\n")
        mirror = f"{place.url}/cran"
        said = docker(
            "run", "--rm", *STRICT, f"--volume={tmp_path}/ca:/etc/image-matrix/ca:ro",
            f"--volume={tmp_path}/config:/etc/image-matrix/config:ro", f"--env=CRAN_REPOSITORY={mirror}",
            "--env=HTTP_PROXY=http://proxy.example.org:3128", image, "sh", "-c", PRIVATE_SESSION,
        )  # fmt: skip
    expected = f"1|mounted|{mirror}/__linux__/trixie/latest|http://proxy.example.org:3128"
    assert said.splitlines()[-1] == expected


def test_verify_sees_what_a_session_does_not_get(engine: Engine, image: str) -> None:
    name = f"image-matrix-rstudio:{uuid.uuid4().hex[:12]}"
    script = "/usr/local/lib/image-matrix/in-session"
    steps = f"FROM {image}\nUSER 0\nRUN sed -i 's/^exec /unset PIP_INDEX_URL NB_UID; exec /' {script}\nUSER 1000\n"
    assert engine.call(("build", "--quiet", f"--tag={name}", "-"), steps, 300.0).code == 0
    try:
        subject = Subject("rstudio:stand-in", name, "rstudio")
        (scenario,) = [one for one in scenarios(subject) if "environment" in one.checks]
        found = {one.name: one for one in results(scenario, engine, subject)}
    finally:
        engine.call(("rmi", "--force", name), None, 60.0)
    mirror, environment = found["closed-network"], found["environment"]
    assert (mirror.status, mirror.detail.partition(":")[0]) == ("failed", "rstudio")
    assert environment.status == "failed"
    assert environment.detail.startswith(
        "rstudio: without NB_UID, PIP_INDEX_URL of the container; rstudio's terminal"
    )


VALUES = {
    "SOME_TOKEN": "hunter2", "MLFLOW_TRACKING_URI": "https://mlflow.example.org/?a=b", "EMPTY": "",
    "QUOTED": "it's \"so\": $HOME `id` \\n \\", "LINES_OF": "two\nlines\n", "WORDS": "ü – 漢 * -n", "R_NOTE": "x",
    "JUPYTERHUB_API_TOKEN": "as kernels have it", "BUILDKIT_HOST": "tcp://buildkit.invalid:1234",
}  # fmt: skip
SESSION = """\
/usr/local/lib/image-matrix/rserver 8787 >/dev/null 2>&1 &
until curl --silent --output /dev/null http://127.0.0.1:8787; do sleep 0.1; done
grep --recursive hunter2 "$IMAGE_MATRIX_RUN" && exit 1
cat >/tmp/print.R <<'EOT'
for (name in commandArgs(TRUE)) cat(name, "=", Sys.getenv(name, NA), "\\001", sep = "")
cat("PYTHON=", reticulate::py_config()$python, "\\001", sep = "")
EOT
session() { env --ignore-environment R_HOME=/usr/lib/R LANG=C PATH=/bin /usr/local/lib/image-matrix/rsession "$@"; }
session Rscript /tmp/print.R "$@"
printf '\\002'
session bash -l -c 'exec env --null'
"""


def test_a_session_and_its_terminal_get_the_environment_but_no_file_has_it(
    engine: Engine, image: str
) -> None:
    """R itself prints what it has, byte by byte; so does a login shell that the session starts."""
    path = "/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    expected = {**VALUES, "NB_USER": "jovyan", "LANG": "C.UTF-8", "PATH": path}
    command = ("sh", "-c", SESSION, "sh", *expected)
    with engine.container(Spec(image, env=VALUES, command=command)) as container:
        assert container.wait(60.0) == 0, container.log()
        of_r, _, of_terminal = container.log(200).partition("\2")
    seen = dict(item.partition("=")[::2] for item in of_r.split("\1"))
    assert {name: seen.get(name) for name in expected} == expected
    assert seen["PYTHON"] == "/opt/venv/bin/python"
    seen = dict(item.partition("=")[::2] for item in of_terminal.split("\0"))
    assert {name: seen.get(name) for name in expected} == expected
