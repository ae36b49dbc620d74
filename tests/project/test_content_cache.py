"""What is kept for a content is found again; a cache that cannot be used is no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.project.content_cache import KEPT, NO_CACHE, ContentCache, content_cache

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_result_belongs_to_its_subject_and_content(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    cache.put("order", "a: b", ["b", "a"])
    assert cache.get("order", "a: b") == ["b", "a"]
    assert cache.get("order", "a: c") is None
    assert cache.get("shape", "a: b") is None


def test_a_damaged_result_counts_as_none(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    cache.put("shape", "a: b", "valid")
    (file,) = tmp_path.rglob("*.json")
    whole = file.read_bytes()
    for content in (*(whole[:size] for size in range(len(whole))), b"\xff\xfe", b"[" * 100_000, b"\0" * 9):
        file.write_bytes(content)
        assert cache.get("shape", "a: b") is None
    cache.put("shape", "a: b", "valid")
    assert file.read_bytes() == whole


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    NO_CACHE.put("shape", "a: b", "valid")
    assert NO_CACHE.get("shape", "a: b") is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ContentCache(tmp_path / "file")
    cache.put("shape", "a: b", "valid")
    assert cache.get("shape", "a: b") is None


def test_the_oldest_make_room(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    for number in range(KEPT + 3):
        cache.put("shape", str(number), number)
    assert len(list(tmp_path.rglob("*"))) == KEPT + 1
    assert cache.get("shape", str(KEPT + 2)) == KEPT + 2


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = content_cache().folder
    assert folder is not None
    assert folder.is_relative_to(tmp_path)
    folder.chmod(0o777)
    assert content_cache() == NO_CACHE
