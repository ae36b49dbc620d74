"""A matrix whose shape was right is not validated again; anything else is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics import catalogue as rules
from image_matrix.project import load as loading
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
    monkeypatch.setattr(loading, "check_shape", lambda _: pytest.fail("validated again"))
    loads(MATRIX, cache)
    loads(f"# another comment\n{MATRIX}", cache)


def test_what_is_wrong_is_said_every_time(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    for text in (f"{MATRIX}surplus: 1\n", f"{MATRIX}surplus: 1\n", f"{MATRIX}surplus: 2\n"):
        with pytest.raises(MatrixError) as raised:
            loads(text, cache)
        assert [item.code for item in raised.value.diagnostics] == ["IM101"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b'"vali', b'"wrong"', b"[]", b"\xff"])
def test_a_damaged_verdict_is_none(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ContentCache(tmp_path)
    loads(MATRIX, cache)
    (verdict,) = tmp_path.rglob("*.json")
    verdict.write_bytes(content)
    finding = rules.UNKNOWN_KEY.at((), key="x", where="the matrix", suggestion="")
    monkeypatch.setattr(loading, "check_shape", lambda _: [finding])
    with pytest.raises(MatrixError):
        loads(MATRIX, cache)


def test_the_second_check_imports_no_validator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    script = (
        "import sys; from image_matrix.cli import run; run(['-C', sys.argv[1], 'check', '--no-diff']);"
        "print(*sys.modules.keys() & {'jsonschema'})"
    )
    command = [sys.executable, "-c", script, str(ROOT)]
    shown = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert "jsonschema" in shown[0]
    assert shown[1].split() == []
