"""Compiled templates are kept for every text, and a cache that cannot be used is no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.render.compiled import CompiledTemplates, compiled_templates
from image_matrix.render.templates import environment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def render(cache: CompiledTemplates, text: str) -> str:
    return environment({"x.Dockerfile.j2": text}, cache).get_template("x.Dockerfile.j2").render()


def test_two_repositories_with_other_templates_keep_both(tmp_path: Path) -> None:
    cache = CompiledTemplates(tmp_path)
    texts = ["USER 1000\n", "USER 2000\n"]
    assert [render(cache, text) for text in texts] == texts
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert [render(cache, text) for text in texts] == texts
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept
    assert len(kept) == 2


def test_what_was_compiled_is_used(tmp_path: Path) -> None:
    cache = CompiledTemplates(tmp_path)
    render(cache, "USER 1000\n")
    (compiled,) = tmp_path.iterdir()
    compiled.write_bytes(compiled.read_bytes().replace(b"USER 1000", b"USER 4711"))
    assert render(cache, "USER 1000\n") == "USER 4711\n"


def test_a_damaged_file_is_compiled_anew(tmp_path: Path) -> None:
    cache = CompiledTemplates(tmp_path)
    render(cache, "USER 1000\n")
    (compiled,) = tmp_path.iterdir()
    whole = compiled.read_bytes()
    compiled.write_bytes(whole[: len(whole) // 2])
    assert render(cache, "USER 1000\n") == "USER 1000\n"
    assert compiled.read_bytes() == whole


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert render(CompiledTemplates(tmp_path / "file"), "USER 1000\n") == "USER 1000\n"


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = compiled_templates()
    assert cache is not None
    cache.folder.chmod(0o777)
    assert compiled_templates() is None
