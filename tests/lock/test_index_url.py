"""An index in place of the default one: where it can stand, what the lock takes from it, and what Dockerfiles say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lock.site import Repository

INDEX = "https://wheels.invalid/cpu"
FOREIGN = f"""\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {{python: "docker.io/library/python:3.13-slim"}}
images:
  api:
    from: python
    pip: {{packages: [flask==3.1.2], index_url: "{INDEX}", extra_index_urls: ["https://more.invalid/simple"]}}
"""


@pytest.mark.slow
def test_packages_come_from_the_index_that_an_image_names(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.site.package("beta", "1.0", index="cpu")
    repository.site.package("zeta", "9.0", index="cpu")
    repository.change(
        "    pip: [beta==1.0]", f'    pip: {{packages: [beta==1.0, zeta], index_url: "{INDEX}"}}'
    )
    repository.change("pip: [delta]", "pip: {packages: [delta], index_url: null}")
    repository.change("bundles: [science]", "pip: {packages: [zeta]}")
    assert repository.run("lock") == 0
    assert repository.packages("lab:python3.13") == (f"beta==1.0 @ {INDEX}", f"zeta==9.0 @ {INDEX}")
    assert repository.packages("leaf:python3.13") == ("alpha==2.0", "delta==1.0")
    first = repository.lock
    assert repository.run("lock") == 0
    assert repository.lock == first
    assert repository.run("render") == 0
    text = (repository.folder / "images/lab/python3.13/Dockerfile").read_text(encoding="utf-8")
    assert f"    --default-index '{INDEX}' \\\n" in text or f"    --default-index {INDEX} \\\n" in text
    assert repository.run("check", "--locked") == 0
    capsys.readouterr()
    repository.change(f'index_url: "{INDEX}"', 'index_url: "https://files.invalid/other"')
    assert repository.run("check", "--locked", "--no-diff") != 0
    assert f"the lock has Python packages from {INDEX}" in capsys.readouterr().err


def test_a_locked_image_without_a_kind_asks_its_indexes(tmp_path: Path) -> None:
    templates = read_templates(tmp_path)
    loaded = load({"matrix.yaml": FOREIGN}, templates.kinds, traits=templates.kind_traits)
    locked = Pins(requirements={"api:default": {"amd64": "flask==3.1.2 \\\n    --hash=sha256:00\n"}})
    for pins in (Pins(), locked):
        text = render_all(loaded, pins, templates)["images/api/default/Dockerfile"].content.decode()
        assert f'"${{default_index}}" {INDEX}' in text.replace("'", "")
        assert '"${index}" https://more.invalid/simple' in text.replace("'", "")
