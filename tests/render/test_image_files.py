"""Dockerfiles copy the files of the project and run its scripts: with a kind, and on somebody else's image."""

from __future__ import annotations

import json
from pathlib import Path

from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all, render_builds
from image_matrix.render.bake import BAKE_FILE

FIXTURE = Path(__file__).parent.parent / "fixtures/good/files-and-scripts"


def rendered() -> dict[str, str]:
    inputs = read_inputs(FIXTURE)
    files = render_builds(load_inputs(inputs), Pins(), inputs.templates)
    return {path: file.content.decode() for path, file in files.items()}


def test_files_come_before_scripts_and_scripts_in_their_order() -> None:
    text = rendered()["images/base/default/Dockerfile"]
    steps = [
        'COPY --from=files.invalid/project ["files/motd", "/etc/motd"]',
        "source=/scripts/first.sh,",
        "source=/scripts/second,",
        "USER 1000",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


def test_an_image_without_a_kind_runs_scripts_as_root() -> None:
    files = rendered()
    text = files["images/plain/student/Dockerfile"]
    assert 'COPY --from=files.invalid/project ["files/conf", "/etc/conf"]' in text
    assert text.index("USER 0") < text.index("source=/scripts/second,") < text.index("USER ${NB_UID")
    assert "scripts" not in files["images/plain/teacher/Dockerfile"]


def test_scripts_have_the_secrets_of_their_image_alone() -> None:
    files = rendered()
    text = files["images/plain/student/Dockerfile"]
    assert "--mount=type=secret,id=R_TOKEN,env=R_TOKEN \\\n" in text
    assert "R_TOKEN" not in files["images/base/default/Dockerfile"]
    target = json.loads(files[BAKE_FILE])["target"]["plain_student"]
    assert target["secret"] == ["id=R_TOKEN,env=R_TOKEN", "id=OTHER_TOKEN,env=OTHER_TOKEN"]


def test_folders_go_in_front_of_path_and_those_of_the_image_first() -> None:
    files = rendered()
    assert 'ENV PATH="/opt/base/bin:/opt/greeting/bin":${PATH}\n' in files["images/base/default/Dockerfile"]
    assert 'ENV PATH="/opt/teacher/bin":${PATH}\n' in files["images/plain/teacher/Dockerfile"]
    assert "/opt/base/bin" not in files["images/included/default/Dockerfile"]


def test_a_variable_has_the_architecture_of_each_platform() -> None:
    text = rendered()["images/plain/teacher/Dockerfile"]
    assert (
        "ARG TARGETARCH\n"
        "ARG TARGETMACHINE=${TARGETARCH}\n"
        "ARG TARGETMACHINE=${TARGETMACHINE/arm64/aarch64}\n"
        "ARG TARGETMACHINE=${TARGETMACHINE/amd64/x86_64}\n"
        'ENV LIB="/usr/lib/${TARGETMACHINE}-linux-gnu" \\\n'
        '    ARCHITECTURE="${TARGETARCH}" \\\n'
        '    TEXT="{arch} \\$5"\n'
    ) in text


def test_the_pages_list_files_and_scripts() -> None:
    inputs = read_inputs(FIXTURE)
    files = render_all(load_inputs(inputs), Pins(), inputs.templates)
    page = files["docs/images.md"].content.decode()
    assert "**Files** (student): `/etc/conf`, `/etc/mode`\n" in page
    assert "**Scripts**: `scripts/first.sh`, `scripts/second`\n" in page
    assert "[Dockerfile](../images/plain/teacher/Dockerfile)\n" in page
    catalog = files["docs/catalog.html"].content.decode()
    assert "Adds 1 file, 2 scripts" in catalog


def test_no_file_of_the_project_is_rendered_again() -> None:
    files = rendered()
    assert not [path for path in files if path.endswith(("motd", "first.sh", "a.conf"))]
    targets = json.loads(files[BAKE_FILE])["target"]
    assert targets["plain_student"]["contexts"] == {"files.invalid/project": "."}
    assert targets["included_default"]["contexts"]["files.invalid/project"] == "."
