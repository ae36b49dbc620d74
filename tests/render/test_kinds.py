"""What the templates of kinds say about the images that are made with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


EVERY_FIELD = frozenset(
    {
        "apt",
        "apt.files",
        "apt.repositories",
        "pip",
        "conda",
        "cran",
        "npm",
        "extensions",
        "downloads",
        "env",
        "files",
        "scripts",
        "secrets",
        "path",
        "locale",
        "labels",
    }
)


def traits_of(root: Path, texts: dict[str, str]) -> dict[str, Kind]:
    folder = root / "templates/dockerfiles"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.Dockerfile.j2").write_text(text, encoding="utf-8")
    return read_templates(root).kind_traits


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("RUN apt-get install {{ packages.apt | join(' ') | sh }}", {"apt"}),
        ("{% for name in packages %}{% endfor %}", {"apt", "pip", "conda", "cran", "npm"}),
        ("{# packages.apt #}{% for name in downloads %}{% endfor %}", {"downloads"}),
        ("{% for name in variant.apt_files %}{% endfor %}", {"apt.files"}),
        ("{% for name in variant.env %}{% endfor %}", {"env"}),
        ("LABEL {{ labels.a | env }}", {"labels"}),
        ("ENV LANG={{ variant.locale | word }}", {"locale"}),
        ('{% include "bare.Dockerfile.j2" %}{{ extensions }}', {"extensions"}),
        ('{% include "steps/" ~ variant.image %}', EVERY_FIELD),
        ('{% extends "skeleton.Dockerfile.j2" %}', EVERY_FIELD),
    ],
)
def test_fields_that_no_template_of_a_kind_reads(tmp_path: Path, text: str, reads: frozenset[str]) -> None:
    traits = traits_of(tmp_path, {**TEMPLATES, "mine": text})
    assert traits["mine"].ignores == EVERY_FIELD - reads
    assert traits["bare"].ignores == EVERY_FIELD


def test_a_template_or_one_that_it_extends_says_what_its_images_promise(tmp_path: Path) -> None:
    traits = traits_of(tmp_path, TEMPLATES)
    assert traits["worker"] == traits["worker-with-more"] == Kind("service", False, EVERY_FIELD)
    assert traits["bare"] == Kind(None, False, EVERY_FIELD)
    assert traits["batch"] == Kind("none")
    assert traits["marimo"] == traits["jupyter"] == traits["base"] == Kind("notebook")
