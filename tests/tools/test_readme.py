"""What README.md shows is what happens, to the letter.

IMAGE_MATRIX_UPDATE=1 rewrites the outputs; read the difference before committing it. What building prints is left as
it is, and what `lock` prints needs the package index.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.lock import text as texts
from image_matrix.lock.fingerprint import inherited_packages, packages_inputs
from image_matrix.output_tree.atomic import write_atomically
from image_matrix.project.inputs import LOCK, builtin_templates, read_inputs, template_files
from image_matrix.project.load import load
from image_matrix.project.text_files import MATRIX
from tests.git_commands import git
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., str]

PAGE = REPOSITORY / "README.md"
MARKDOWN = [
    PAGE,
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
BLOCK = r"(?:    (?!\$ ).*\n|\n(?=    ))*"


def shown(command: str) -> str:
    """Return what stands below a command in the README."""
    found = re.search(
        rf"\n    \$ image-matrix {re.escape(command)}\n({BLOCK})", PAGE.read_text(encoding="utf-8")
    )
    assert found, command
    return textwrap.dedent(found[1]).strip("\n")


def expect(command: str, out: str) -> None:
    """Compare what a command prints with what the README shows."""
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        text, old = PAGE.read_text(encoding="utf-8"), textwrap.indent(shown(command), "    ")
        assert text.count(old) == 1
        PAGE.write_text(text.replace(old, textwrap.indent(out.strip("\n"), "    ")), encoding="utf-8")
    assert out.strip("\n") == shown(command)


def added() -> str:
    """Return the four lines that the README adds."""
    text = PAGE.read_text(encoding="utf-8")
    lines: list[str] = re.findall(
        r"^```yaml\n(  jupyter-geo:\n.*?)^```$", text, flags=re.MULTILINE | re.DOTALL
    )
    assert len(lines) == 1
    assert len(lines[0].splitlines()) == 4
    return lines[0]


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def lock_without_asking(folder: Path, old: str, new: str) -> None:
    """Edit the lock as `lock` would where one package gets another version and nothing else follows, but for hashes."""
    edit(folder / LOCK, old, new)
    inputs = read_inputs(folder)
    loaded, lock = load(inputs.texts, inputs.templates.kinds), texts.read(inputs.lock)
    python = {}
    for name, entry in lock.python.items():
        variant = loaded.variants[name]
        parents = inherited_packages(loaded.variants, lock.python, variant)
        python[name] = replace(entry, inputs=packages_inputs(loaded.matrix, variant, "pip", parents))
    (folder / LOCK).write_text(texts.write(replace(lock, python=python)), encoding="utf-8")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository in a commit of its own, with everything rendered."""
    folder = tmp_path_factory.mktemp("repository")
    for name in (MATRIX, LOCK):
        shutil.copy(REPOSITORY / name, folder)
    for path, file in template_files(builtin_templates()).items():
        write_atomically(folder / "templates" / path, file)
    git(folder, "init", "--quiet")
    assert run(["-q", "-C", str(folder), "render"]) == 0
    commit(folder)
    return folder


@pytest.fixture
def repository(original: Path, tmp_path: Path) -> Path:
    """The same with the four lines of the README, not committed."""
    folder = tmp_path / "repository"
    shutil.copytree(original, folder, symlinks=True)
    edit(folder / MATRIX, "\nimages:\n", f"\nimages:\n{added()}")
    return folder


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Run a command line in a folder and return what it prints, results and notes."""

    def called(folder: Path, command: str, code: int = 0) -> str:
        capfd.readouterr()
        assert run(["-C", str(folder), *command.split()]) == code
        return "".join(capfd.readouterr())

    return called


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["graph", "-q packages scikit-learn", "list --resolved jupyter-pytorch-cuda"]
)
def test_what_there_is(original: Path, call: Call, command: str) -> None:
    expect(command, call(original, command))


@pytest.mark.slow
def test_four_lines_make_an_image(repository: Path, call: Call) -> None:
    expect("render", call(repository, "render"))
    expect("plan --since HEAD", call(repository, "plan --since HEAD"))


def test_a_mistake(repository: Path, call: Call) -> None:
    edit(repository / MATRIX, "from: jupyter\n    pip: [geo", "from: jupiter\n    pips: [geo")
    expect("check", call(repository, "check", 2))


@pytest.mark.slow
def test_an_edit_further_up(repository: Path, call: Call) -> None:
    commit(repository)
    edit(repository / MATRIX, "notebook==7.6.5, ipykernel==7.4.0]", "notebook==7.6.5, ipykernel==7.3.0]")
    expect("-q check", call(repository, "-q check", 2))
    lock_without_asking(repository, "ipykernel==7.4.0", "ipykernel==7.3.0")
    for command in ("why jupyter-geo:python3.13 --since HEAD", "-q diff"):
        expect(command, call(repository, command))


def test_what_lock_prints_names_what_there_is() -> None:
    locked = re.findall(r"^(\S+): (\d+) Python packages$", shown("lock"), flags=re.MULTILINE)
    new = re.findall(r"^pip (\S+): (\d+) packages \(new\)$", shown("lock"), flags=re.MULTILINE)
    assert sorted(locked) == new
    assert len(locked) + len(new) == len(shown("lock").splitlines())


@pytest.mark.network
@pytest.mark.slow
def test_what_lock_prints(repository: Path) -> None:
    """Where PyTorch's index does not answer there are more lines, and an error."""
    command = [sys.executable, "-m", "image_matrix", "-C", str(repository), "lock"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    if "pip jupyter-geo" not in done.stdout:
        pytest.skip("the package index cannot be reached")
    assert set(shown("lock").splitlines()) <= {*done.stderr.splitlines(), *done.stdout.splitlines()}


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What a link may name of a page, as GitHub makes it of headings; its own ones, too."""
    text = prose(page)
    titles = re.findall(r"^#+ (.+)$", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text), flags=re.MULTILINE)
    headings = [re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles]
    repeated = {
        f"{item}-{headings[:at].count(item)}" for at, item in enumerate(headings) if item in headings[:at]
    }
    return {*headings, *repeated, *re.findall(r'<a id="([^"]+)"', text)}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", prose(page))
    assert [link for link, _ in links if not (page.parent / link).exists()] == []
    named = [(page.parent / link if link else page, anchor) for link, anchor in links if anchor]
    assert [item for item in named if item[0].suffix == ".md" and item[1] not in anchors(item[0])] == []
