"""``.pre-commit-hooks.yaml``: another repository can use the hooks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from image_matrix.output_tree.manifest import MANIFEST
from image_matrix.project.init import RepositorySettings, create, new_repository
from image_matrix.project.inputs import LOCK
from tests.git_commands import git
from tools.reference import REPOSITORY

HOOKS: list[dict[str, Any]] = yaml.safe_load(
    (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
)
GENERATOR = f"image-matrix[locked] @ git+https://git.example.org/image-matrix@{'0' * 40}"
"""What a repository of others names: it has no package of its own."""
PACKAGED = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "generator", "templates")


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_hooks_run_for_every_input_and_output(hook: dict[str, Any]) -> None:
    repository = new_repository(RepositorySettings(GENERATOR))
    paths = [*repository.rendered, *repository.inputs, MANIFEST, LOCK, "deploy/hub/jupyterhub/values.yaml"]
    paths += ["shared/packages.yaml"]  # which a matrix may include
    left_out = [path for path in paths if not re.search(hook["files"], path)]
    assert left_out == ["matrix.schema.json"]
    assert not re.search(hook["files"], "README.md")


def committed(folder: Path) -> str:
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.mark.slow
@pytest.mark.network
def test_another_repository(tmp_path: Path) -> None:
    """pre-commit installs this repository from a clone, as it does for everybody."""
    hooks, team = tmp_path / "hooks", tmp_path / "team"
    hooks.mkdir()
    for name in PACKAGED:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, hooks / name)
    create(
        team,
        new_repository(RepositorySettings(GENERATOR)),
    )
    shutil.rmtree(team / "templates")  # the installed package has the same
    used = [{"id": hook["id"]} for hook in HOOKS]
    config = {"repos": [{"repo": str(hooks), "rev": committed(hooks), "hooks": used}]}
    (team / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    committed(team)
    program = Path(sys.executable).with_name("pre-commit")
    # what the hooks import is compiled then; pip would compile every module of every library
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PIP_NO_COMPILE": "1"}

    def hooks_say() -> tuple[int, str]:
        call = [str(program), "run", "--all-files", "--color=never"]
        ran = subprocess.run(call, cwd=team, env=environment, check=False, capture_output=True, text=True)
        return ran.returncode, ran.stdout + ran.stderr

    code, said = hooks_say()
    assert code == 0, said
    matrix = team / "matrix.yaml"
    matrix.write_text(
        matrix.read_text(encoding="utf-8").replace("apt: [git", "apt: [tree, git"), encoding="utf-8"
    )
    code, said = hooks_say()
    assert code == 1, said
    assert re.search(r"image-matrix check\.+Failed", said)
    assert re.search(r"image-matrix render\.+Failed", said)
    assert hooks_say()[0] == 0
