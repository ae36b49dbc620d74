"""What is kept of a matrix is what would be computed, and nothing is believed that is damaged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from image_matrix import validate
from image_matrix.cli import run
from image_matrix.config import shape_errors
from image_matrix.config.model import Kind
from image_matrix.dag import build_order
from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics import catalogue as rules
from image_matrix.project import cached
from image_matrix.project.cached import cached_order
from image_matrix.project.content_cache import ContentCache
from image_matrix.project.load import load

ROOT = Path(__file__).parent.parent.parent
MATRIX = (ROOT / "tests/config/every_field.yaml").read_text(encoding="utf-8")
TEMPLATES = {"base", "jupyter", "codeserver", "rstudio", "web"}


def loads(text: str, cache: ContentCache) -> None:
    load({"matrix.yaml": text}, TEMPLATES, {"web"}, cache)


def test_an_unchanged_matrix_is_not_validated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ContentCache(tmp_path)
    loads(MATRIX, cache)
    monkeypatch.setattr(shape_errors, "check_shape", lambda _: pytest.fail("validated again"))
    loads(MATRIX, cache)
    loads(f"# another comment\n{MATRIX}", cache)


def test_a_sound_matrix_is_not_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ContentCache(tmp_path)
    loads(SMALL, cache)
    monkeypatch.setattr(validate, "check_meaning", lambda *_: pytest.fail("checked again"))
    loads(f"# another comment\n{SMALL}", cache)
    with pytest.raises(pytest.fail.Exception):
        load({"matrix.yaml": SMALL}, TEMPLATES - {"web"}, cache=cache)
    with pytest.raises(pytest.fail.Exception):
        load({"matrix.yaml": SMALL}, TEMPLATES, {"web"}, cache, traits={"base": Kind(lays_out=False)})
    with pytest.raises(pytest.fail.Exception):
        loads(SMALL.replace("trixie", "bookworm"), cache)


def test_an_error_and_a_warning_are_said_every_time(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    for _ in range(2):
        with pytest.raises(MatrixError) as raised:
            loads(SMALL.replace("from: debian", "from: ubuntu"), cache)
        assert "IM201" in [item.code for item in raised.value.diagnostics]
        unused = SMALL.replace("debian:", "unused: docker.io/library/debian:bookworm-slim, debian:", 1)
        warned = load({"matrix.yaml": unused}, TEMPLATES, {"web"}, cache).warnings
        assert len(warned) == 1
    assert not (tmp_path / "meaning").exists()


def test_what_is_wrong_is_said_every_time(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    for text in (f"{MATRIX}surplus: 1\n", f"{MATRIX}surplus: 1\n", f"{MATRIX}surplus: 2\n"):
        with pytest.raises(MatrixError) as raised:
            loads(text, cache)
        assert [item.code for item in raised.value.diagnostics] == ["IM101"]
    assert not (tmp_path / "shape").exists()


@pytest.mark.parametrize("content", [b"", b'"vali', b'"wrong"', b"[]", b"\xff"])
def test_a_damaged_verdict_is_none(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ContentCache(tmp_path)
    loads(MATRIX, cache)
    (verdict,) = (tmp_path / "shape").iterdir()
    verdict.write_bytes(content)
    finding = rules.UNKNOWN_KEY.at((), key="x", where="the matrix", advice="")
    monkeypatch.setattr(shape_errors, "check_shape", lambda _: [finding])
    with pytest.raises(MatrixError):
        loads(MATRIX, cache)


PARENTS = {"lab": "base", "base": None, "geo": "lab", "a": "b", "b": "a", "on-a": "a"}


def test_the_order_that_is_kept_is_the_one_that_was_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ContentCache(tmp_path)
    order = cached_order(PARENTS, cache)
    assert order == build_order(PARENTS)
    monkeypatch.setattr(cached, "build_order", lambda _: pytest.fail("computed again"))
    kept = cached_order(PARENTS, cache)
    assert kept == order
    assert [*kept.layers] == [*order.layers]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"[1, 2, 3, 4]", b"[[], [], [], [[]]]x", b'[[["x", 0]], [["x", 0]], ["x"], []]', b"null",
     b'[[["lab", 0]], [["lab", 0]], [], []]', b'[[["lab", 0]], [], ["lab"], []]', b'[[], [], [], [["x"]]]',
     b'[[[["lab"], 0]], [], [], []]'],
)  # fmt: skip
def test_a_damaged_order_is_computed_again(content: bytes, tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    cached_order(PARENTS, cache)
    (order,) = tmp_path.rglob("*.json")
    order.write_bytes(content)
    assert cached_order(PARENTS, cache) == build_order(PARENTS)


SMALL = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian}
"""


def imported_by_a_check(root: Path) -> set[str]:
    """Return the modules that a process has imported which checked a rendered project."""
    script = "import sys; from image_matrix.cli import run; print(run(sys.argv[1:]), *sys.modules)"
    command = [sys.executable, "-c", script, "-q", "-C", str(root), "check"]
    code, *modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert code == "0"
    return {*modules}


@pytest.mark.slow
def test_what_a_check_does_not_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "matrix.yaml").write_text(SMALL, encoding="utf-8")
    assert run(["-q", "-C", str(tmp_path), "render"]) == 0
    shutil.rmtree(tmp_path / "cache")
    assert imported_by_a_check(tmp_path) >= {"jsonschema", "networkx"}
    # nothing has changed: nothing is parsed, checked or rendered
    again = imported_by_a_check(tmp_path)
    assert not again & {"jinja2", "jsonschema", "networkx", "packaging", "yaml"}
    assert not again & {"image_matrix.config.model", "image_matrix.validate", "image_matrix.render"}
    # another comment: the same data
    (tmp_path / "matrix.yaml").write_text(f"{SMALL}# a comment\n", encoding="utf-8")
    assert not imported_by_a_check(tmp_path) & {"jsonschema", "networkx"}
