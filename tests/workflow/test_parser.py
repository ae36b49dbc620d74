"""What GitHub's own parser says of our workflows, on every shape of matrix: nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.render.workflow import OPTIONAL
from tests.environments import node_folder
from tests.workflow.matrices import SHAPES, by_layer, rendered, wide

if TYPE_CHECKING:
    from collections.abc import Iterable


def node_version() -> int:
    """The first number of Node's version; 0 where it is missing."""
    if not shutil.which("node") or not shutil.which("npm"):
        return 0
    text = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(text.removeprefix("v").partition(".")[0])


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(node_version() < 20, reason="GitHub's parser needs Node 20 and npm"),
]
ALL = {**SHAPES, "600 images": by_layer(wide(599))}


def parsed(names: Iterable[Path]) -> list[dict[str, Any]]:
    """Return jobs and errors of each workflow."""
    folder = node_folder("github-parser")
    command = ["node", "--no-warnings", "--import", "./hooks.mjs", "parse.mjs", *map(str, names)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_workflow_is_understood(tmp_path: Path) -> None:
    names: list[Path] = []
    for shape, value in ALL.items():
        for path, file in rendered(value).items():
            if "/workflows/" in path:
                target = tmp_path / shape.replace(" ", "-") / Path(path).name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(file.content)
                names.append(target)
    answers = parsed(names)
    sections = [value["workflow"] for value in ALL.values() if value.get("workflow") != "none"]
    optional = {name: sum(name in section for section in sections) for name in OPTIONAL}
    assert len(answers) == len(ALL) * 2 + sum(optional.values())
    assert all(optional.values())
    jobs = {"images.yaml": 2, "lock.yaml": 3, "prune.yaml": 1, "rescan.yaml": 3}
    assert [item for item in answers if item["errors"] or item["jobs"] < jobs[Path(item["name"]).name]] == []


def test_the_parser_finds_something(tmp_path: Path) -> None:
    content = rendered(SHAPES["one image"])[".github/workflows/images.yaml"].content.decode()
    for right, wrong in (
        ("runs-on", "run-on"),
        ("needs: [plan]", "needs: [plam]"),
        ("!cancelled()", "!canceled()"),
    ):
        assert right in content
        (tmp_path / "broken.yaml").write_text(content.replace(right, wrong))
        (answer,) = parsed([tmp_path / "broken.yaml"])
        assert answer["errors"], wrong
