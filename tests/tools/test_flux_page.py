"""What docs/flux.md shows of a check of one's own release is what a reader gets who follows the pages."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from image_matrix.cli import run
from tests.tools.test_catalog_page import examples, replaced, scaffold
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RELEASE = "jupyterhub.yaml"
COMMAND = f"image-matrix profiles merge --helmrelease {RELEASE}"


def page() -> str:
    return (REPOSITORY / "docs/flux.md").read_text(encoding="utf-8")


def release() -> str:
    blocks: list[str] = re.findall(r"^```yaml\n(.*?)^```$", page(), flags=re.MULTILINE | re.DOTALL)
    (text,) = (block for block in blocks if "kind: HelmRelease\n" in block)
    return text


def shown() -> str:
    (text,) = re.findall(rf"^    \$ {COMMAND}\n((?:    .*\n|\n(?=    ))+)", page(), flags=re.MULTILINE)
    return textwrap.dedent(text)


def test_a_profile_list_in_the_release_is_reported_as_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "    singleuser:\n"
    assert release().count(place) == 1
    (tmp_path / RELEASE).write_text(
        release().replace(place, f"{place}      profileList: []\n"), encoding="utf-8"
    )
    matrix = replaced(scaffold(), examples()[0])
    named = matrix.replace("registry: ghcr.io/example/notebooks", "registry: registry.example.org/notebooks")
    assert named != matrix
    (tmp_path / "matrix.yaml").write_text(named, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(COMMAND.split()[1:]) == 0
    printed = capsys.readouterr()
    assert f"{printed.out}{printed.err}".strip() == shown().strip()
