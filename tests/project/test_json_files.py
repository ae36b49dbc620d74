"""Files that programs in images read as JSON are read where they come from: from ``files``, and from templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.output_tree.files import File
from image_matrix.project.inputs import read_inputs
from image_matrix.project.json_files import faulty_json, faulty_templates
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "/etc/jupyter/jupyter_server_config.json"
MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base, files: {/etc/jupyter/jupyter_server_config.d: conf, /opt/x: conf}}
  lab: {from: base, files: {/etc/jupyter/jupyter_server_config.d: conf}}
"""


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"{}", None),
        (b"", None),  # Jupyter passes over a file of no bytes
        (b'{\r\n  "a": 1,\r\n}\r\n', (2, 9, '  "a": 1,')),
        ('{"é": "ü" 1}'.encode(), (1, 11, '{"é": "ü" 1}')),
        (b'{\n"\xc3\xa9": "\xfc"}', (2, 7, '"é": "\ufffd"}')),
    ],
)
def test_a_mistake_is_at_its_character(content: bytes, place: tuple[int, int, str] | None) -> None:
    places = [item.place for item in faulty_json(CONFIG, "conf/a.json", content)]
    assert [(one.line, one.column, one.source) for one in places] == ([place] if place else [])


def test_a_kernel_is_not_there_if_its_file_is_empty() -> None:
    (found,) = faulty_json("/usr/share/jupyter/kernels/r/kernel.json", "kernels/r.json", b"")
    assert (found.code, found.place.line, found.place.column) == ("IM512", 1, 1)
    assert "is empty" in found.message


def test_a_folder_is_read_once_for_all_images_without_what_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    (tmp_path / "conf").mkdir()
    for name in ("bad.json", "bad.json.bak", "bad.txt"):
        (tmp_path / "conf" / name).write_text("{")
    (tmp_path / "conf" / "link.json").symlink_to("bad.json")
    with pytest.raises(MatrixError) as error:
        load_inputs(read_inputs(tmp_path))
    assert [(item.code, item.place.file) for item in error.value.diagnostics] == [("IM512", "conf/bad.json")]
    (tmp_path / "conf" / "bad.json").write_text("{}")
    assert load_inputs(read_inputs(tmp_path)).warnings == ()


def test_a_link_in_place_of_a_file_is_one_error(tmp_path: Path) -> None:
    copied = "files: {/etc/jupyter/jupyter_config.json: link.json}"
    (tmp_path / "matrix.yaml").write_text(
        MATRIX.partition("  base:")[0] + f"  base: {{from: debian, {copied}}}\n"
    )
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "link.json").symlink_to("bad.json")
    with pytest.raises(MatrixError) as error:
        load_inputs(read_inputs(tmp_path))
    assert [(item.code, item.place.file) for item in error.value.diagnostics] == [("IM509", "matrix.yaml")]


def test_of_templates_what_is_copied_is_read() -> None:
    bad = File(b"{")
    files = {
        "rootfs/lab/etc/jupyter/jupyter_config.json": bad,
        "rootfs/lab/etc/jupyter/.wh.jupyter_config.json": File(b""),
        "rootfs/lab/etc/jupyter/jupyter_lab_config.json": File(b"other.json", symlink=True),
        "dockerfiles/etc/jupyter/jupyter_config.json": bad,
    }
    assert [item.place.file for item in faulty_templates(files)] == [
        "templates/rootfs/lab/etc/jupyter/jupyter_config.json"
    ]
