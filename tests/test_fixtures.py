"""Every folder below fixtures/bad and fixtures/good is a test: a repository, and what is said about it.

IMAGE_MATRIX_UPDATE=1 writes the expected files anew; read the difference before committing it.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.tags import tags_of
from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics.catalogue import RULES
from image_matrix.diagnostics.report import terminal
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

FIXTURES = Path(__file__).parent / "fixtures"
BAD = sorted(path for path in (FIXTURES / "bad").iterdir() if path.is_dir())
GOOD = sorted(path for path in (FIXTURES / "good").iterdir() if path.is_dir())
UPDATE = os.environ.get("IMAGE_MATRIX_UPDATE") == "1"
NOT_FROM_A_MATRIX = {"IM502", "IM504", "IM506", "IM510"}
"""No matrix of today makes two outputs clash (tests/render/test_outputs.py); the others need a tree (tests/cli)."""


def expect(file: Path, text: str) -> None:
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def overlays(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("overlay*.yaml"))


def said(folder: Path) -> str:
    """What a user is told about a repository, errors or, where it renders, warnings."""
    try:
        inputs = read_inputs(folder, overlays=tuple(overlays(folder)))
        loaded = load_inputs(inputs)
        render_all(loaded, Pins(), inputs.templates)
    except MatrixError as error:
        return terminal(error.diagnostics)
    return terminal(loaded.warnings)


@pytest.mark.parametrize("case", BAD, ids=lambda path: path.name)
def test_what_is_wrong_is_said(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    expect(case / "expected.txt", said(Path()))


def test_every_rule_has_a_case() -> None:
    texts = [(case / "expected.txt").read_text(encoding="utf-8") for case in BAD]
    shown = {code for text in texts for code in re.findall(r"\[(IM\d+)\]", text)}
    of_the_core = {code for code in RULES if code < "IM6"}  # what a lock can get wrong is in tests/lock
    assert shown | NOT_FROM_A_MATRIX >= of_the_core
    assert shown <= set(RULES)


@pytest.mark.parametrize("case", BAD, ids=lambda path: path.name)
def test_a_message_has_no_python_in_it(case: Path) -> None:
    text = (case / "expected.txt").read_text(encoding="utf-8")
    assert not re.search(r"Traceback|<class|object at 0x|\bNone\b|\bTrue\b|this is a bug", text)


@pytest.mark.parametrize("case", GOOD, ids=lambda path: path.name)
def test_what_is_right_loads(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    inputs = read_inputs(Path(), overlays=tuple(overlays(case)))
    loaded = load_inputs(inputs)
    assert loaded.warnings == ()
    expect(case / "expected.json", json.dumps(facts(loaded), indent=2, ensure_ascii=False) + "\n")


def facts(loaded: Loaded) -> dict[str, object]:
    variants = loaded.variants.values()
    tags, usual = tags_of(variants), tags_of(replace(item, tags=()) for item in variants)
    return {
        item.id: {
            "built_on": item.parent or loaded.matrix.sources[item.source or ""],
            **({"build": asdict(item.build)} if item.build else {}),
            "platforms": item.platforms,
            "packages": item.packages,
            "env": item.env,
            "labels": item.labels,
            **({"files": item.files} if item.files else {}),
            **({"scripts": item.scripts} if item.scripts else {}),
            **(
                {"apt_repositories": [asdict(one) for one in item.apt_repositories]}
                if item.apt_repositories
                else {}
            ),
            **({"apt_files": item.apt_files} if item.apt_files else {}),
            **({"index_url": item.index_url} if item.index_url else {}),
            **({"cran_snapshot": item.cran_snapshot} if item.cran_snapshot else {}),
            **({"path": item.path} if item.path else {}),
            **({"secrets": item.secrets} if item.secrets else {}),
            **({"extra_index_urls": item.extra_index_urls} if item.extra_index_urls else {}),
            **({"description": item.description} if item.description else {}),
            **({"tests": item.tests} if item.tests else {}),
            **({"tags": tags[item.id]} if tags[item.id] != usual[item.id] else {}),
            **({"repository": item.repository} if item.repository != item.image else {}),
            **({} if item.publish else {"publish": False}),
        }
        for item in loaded.variants.values()
    }
