"""What the templates of kinds say about the images that are made with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.model import Kind
from image_matrix.project.inputs import read_templates

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = {
    "worker": '{% set contract = "service" %}\nFROM {{ source | word }}\n',
    "worker-with-more": '{% extends "worker.Dockerfile.j2" %}\n',
    "bare": "FROM {{ source | word }}\n",
    "batch": "{% extends \"skeleton.Dockerfile.j2\" %}\n{%- set contract = 'none' -%}\n",
    "marimo": '{% extends "skeleton.Dockerfile.j2" %}\n',
}


def test_a_template_or_one_that_it_extends_says_what_its_images_promise(tmp_path: Path) -> None:
    folder = tmp_path / "templates/dockerfiles"
    folder.mkdir(parents=True)
    for name, text in TEMPLATES.items():
        (folder / f"{name}.Dockerfile.j2").write_text(text, encoding="utf-8")
    traits = read_templates(tmp_path).kind_traits
    assert traits["worker"] == traits["worker-with-more"] == Kind("service", lays_out=False)
    assert traits["bare"] == Kind(None, lays_out=False)
    assert traits["batch"] == Kind("none")
    assert traits["marimo"] == traits["jupyter"] == traits["base"] == Kind("notebook")
