"""Scripts that go into images, or run in them: shellcheck-clean, with a first line and a sentence on what they do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
ROOTFS = HOME / "templates/rootfs"
FILES = sorted(path for path in ROOTFS.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
"""Without the bytecode that tests of these programs leave beside them."""


def shell_of(path: Path) -> str | None:
    """The shell that runs the script at PATH; None when it is no shell script."""
    first = path.read_text().splitlines()[0]
    if first.startswith("# shellcheck shell="):
        return first.partition("=")[2]
    words = first.removeprefix("#!").split() if first.startswith("#!") else [""]
    shell = Path(words[-1]).name
    return shell if shell in {"sh", "bash"} else None


IN_IMAGES = sorted((HOME / "generator/image_matrix/build/in_image").glob("*.sh"))
SHELL = [path for path in (*FILES, *IN_IMAGES) if shell_of(path)]


@pytest.mark.parametrize("path", SHELL, ids=lambda path: str(path.relative_to(HOME)))
def test_shellcheck_has_nothing_to_say(path: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [str(shellcheck), f"--shell={shell_of(path)}", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", SHELL, ids=lambda path: str(path.relative_to(HOME)))
def test_a_script_says_first_what_it_does(path: Path) -> None:
    assert path.read_text().splitlines()[1].startswith("# ")


def test_the_tree_can_be_copied_as_paths_and_bytes() -> None:
    assert FILES
    assert not [path for path in ROOTFS.rglob("*") if path.is_symlink()]
    assert not [path for path in ROOTFS.rglob("*") if path.is_dir() and not any(path.iterdir())]
