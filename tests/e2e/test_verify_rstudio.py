"""RStudio's services with a stand-in for the program itself, which cannot be had from any package registry.

Everything around it is real: nginx, s6, the start scripts, jupyter-server-proxy under a hub. RStudio is not run.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest

from generator.verify.contract import PREFIX
from generator.verify.model import Subject
from generator.verify.run import verify
from tests.e2e.support import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.verify.engine import Engine
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

STEPS = """\
FROM {image}
USER 0
RUN rm -r /etc/services.d /usr/local/lib/image-matrix/code-server
COPY --chmod=0755 rootfs/ /
COPY --chmod=0755 rserver.py /usr/lib/rstudio-server/bin/rserver
USER 1000
"""


@pytest.fixture
def image(site: Site, engine: Engine, tmp_path: Path) -> Iterator[str]:
    """code-server's image has nginx and the hub's packages, as RStudio's has; its IDE is exchanged."""
    good = site.image("codeserver:python3.13")
    shutil.copytree(HOME / "templates/rootfs/rstudio", tmp_path / "rootfs")
    shutil.copy(HOME / "tests/e2e/rserver.py", tmp_path)
    (tmp_path / "Dockerfile").write_text(STEPS.format(image=good))
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
    assert [result for result in report.results if result.status != "passed"] == []
    assert {"http", "inside-prefix", "culling", "hub-ide", "hub-login"} <= {
        one.name for one in report.results
    }
