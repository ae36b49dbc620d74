"""Compiled templates are kept for every text, and a cache that cannot be used is no failure."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.bccache import bc_magic

from image_matrix.render.compiled import CompiledTemplates, compiled_templates
from image_matrix.render.templates import environment


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
    code = compiled.read_bytes()[32:].replace(b"USER 1000", b"USER 4711")
    compiled.write_bytes(hashlib.sha256(code).digest() + code)
    assert render(cache, "USER 1000\n") == "USER 4711\n"


@pytest.mark.slow
def test_a_file_that_was_cut_is_compiled_again(tmp_path: Path) -> None:
    cache = CompiledTemplates(tmp_path)
    render(cache, "USER 1000\n")
    (compiled,) = tmp_path.iterdir()
    whole = compiled.read_bytes()
    for length in range(len(whole)):
        compiled.write_bytes(whole[:length])
        assert render(cache, "USER 1000\n") == "USER 1000\n"
        assert compiled.read_bytes() == whole


@pytest.mark.slow
@given(st.integers(0), st.integers(1, 255))
def test_a_file_with_a_byte_that_was_changed_is_compiled_again(place: int, change: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = CompiledTemplates(Path(folder))
        render(cache, "USER 1000\n")
        (compiled,) = Path(folder).iterdir()
        whole = bytearray(compiled.read_bytes())
        whole[place % len(whole)] ^= change
        compiled.write_bytes(whole)
        assert render(cache, "USER 1000\n") == "USER 1000\n"


@pytest.mark.parametrize("code", [b"", b"j2", b"(lp0\n", b"cos\nsystem\n", b"\x80\x05\xff"])
def test_a_file_that_nobody_can_read_is_compiled_again(tmp_path: Path, code: bytes) -> None:
    """With a digest that is right: Jinja's own header, and then what pickle and marshal refuse."""
    cache = CompiledTemplates(tmp_path)
    render(cache, "USER 1000\n")
    (compiled,) = tmp_path.iterdir()
    for content in (code, bc_magic + code):
        compiled.write_bytes(hashlib.sha256(content).digest() + content)
        assert render(cache, "USER 1000\n") == "USER 1000\n"


def test_what_another_jinja_compiled_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CompiledTemplates(tmp_path)
    render(cache, "USER 1000\n")
    monkeypatch.setattr(jinja2, "__version__", "2.0")
    render(cache, "USER 1000\n")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert render(CompiledTemplates(tmp_path / "file"), "USER 1000\n") == "USER 1000\n"


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = compiled_templates()
    assert cache is not None
    cache.folder.chmod(0o777)
    assert compiled_templates() is None
