from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import image_matrix
from image_matrix.cli import run
from tests.full_disk import fill, small_disk

from .conftest import Repository

if TYPE_CHECKING:
    from image_matrix.output_tree.atomic import Staged

BASE = "images/base/python3.13/Dockerfile"


def test_render_then_check_is_clean(repository: Repository) -> None:
    assert repository("render").code == 0
    assert {BASE, "images/base/python3.11/Dockerfile", "images/jupyter/python3.13/Dockerfile"} <= set(
        repository.files()
    )
    checked = repository("check")
    assert (checked.code, checked.out) == (0, "")
    assert checked.err.endswith("files, all up to date\n")


def test_render_twice_writes_nothing(repository: Repository) -> None:
    repository("render")
    before = {path: path.stat().st_mtime_ns for path in repository.root.rglob("*")}
    again = repository("render")
    assert (again.code, again.err.splitlines()[-1].split(", ")[1]) == (0, "all up to date")
    assert before == {path: path.stat().st_mtime_ns for path in repository.root.rglob("*")}


def test_check_prints_what_would_change_and_touches_nothing(repository: Repository) -> None:
    repository("render")
    before = repository.files()
    repository.replace("apt: [git]", "apt: [git, nano]")
    checked = repository("check")
    assert checked.code == 1
    assert f"--- a/{BASE}\n+++ b/{BASE}\n" in checked.out
    assert checked.out.index(f"change {BASE}\n") < checked.out.index("--- ")
    assert any(line.startswith("+") and "nano" in line for line in checked.out.splitlines())
    assert "run `image-matrix render`" in checked.err
    assert {**before, "matrix.yaml": b""} == {**repository.files(), "matrix.yaml": b""}
    listed = repository("check", "--no-diff").out.splitlines()
    assert f"change {BASE}" in listed
    assert repository("-q", "check").code == 1


def test_check_names_a_few_new_files_unless_more_is_asked_for(repository: Repository) -> None:
    shown = repository("check").out.splitlines()
    assert [line.split()[0] for line in shown[:20]] == ["add"] * 20
    assert shown[20].startswith("… and ")
    assert shown[21:] == ["… `image-matrix check --diff` prints all"]
    every = repository("check", "--diff").out.splitlines()
    assert len(every) > 500
    assert "--- /dev/null" in every
    assert not any(line.startswith("… ") for line in every)


def test_check_prints_a_few_lines_of_the_files_that_change(repository: Repository) -> None:
    repository("render")
    names = " ".join(f"package-{number}" for number in range(40))
    repository.replace("apt: [git]", f"apt: [git, {names.replace(' ', ', ')}]")
    repository.replace('axes: {python: ["3.13"]}', 'axes: {python: ["3.11"]}')
    files = repository("check", "--no-diff").out.splitlines()
    assert {line.split()[0] for line in files} == {"add", "change", "remove"}
    difference = repository("check").out.splitlines()[len(files) :]
    assert (len(difference), difference[-1]) == (41, "… `image-matrix check --diff` prints all")
    assert difference[0].startswith("--- a/images/")
    assert not any("/dev/null" in line for line in difference)


def test_check_names_a_page_with_data_and_prints_it_if_asked(repository: Repository) -> None:
    repository("render")
    repository.replace("description: JupyterLab", "description: Lab")
    shown = repository("check").out.splitlines()
    assert "change docs/catalog.html" in shown
    assert shown[-1] == "… `image-matrix check --diff` prints all"
    assert max(len(line) for line in shown) <= 400
    assert "+++ b/docs/catalog.html" in repository("check", "--diff").out.splitlines()


def test_many_warnings_are_counted_where_the_matrix_is_not_in_question(repository: Repository) -> None:
    """Four fetches without a checksum are five lines each, before every list and plan."""
    (repository.root / "own").mkdir()
    fetches = "".join(f"ADD https://example.org/{name} /\n" for name in "abcd")
    (repository.root / "own" / "Dockerfile").write_text(f"FROM ghcr.io/team/notebooks/base\n{fetches}")
    repository.replace("  jupyter:\n", "  own: {from: base, context: own}\n  jupyter:\n")
    assert repository("render").err.count("IM411") == 4
    assert repository("check").err.count("IM411") == 4
    for command in (("list",), ("plan", "--since", "HEAD"), ("packages",), ("graph",)):
        err = repository(*command).err
        assert "note: 4 warnings about the matrix; `image-matrix check` prints them" in err
        assert "IM411" not in err


def test_a_folder_in_the_way_is_named_and_nothing_is_written(repository: Repository) -> None:
    (repository.root / BASE).mkdir(parents=True)
    before = repository.files()
    shown = repository("render")
    assert (shown.code, shown.out) == (3, "")
    assert f"error: {BASE} is a folder where a file belongs\n" in shown.err
    assert "help: move it away; nothing was written\n" in shown.err
    assert repository.files() == before
    (repository.root / BASE).rmdir()
    assert repository("render").code == 0


def test_an_image_that_is_gone_is_removed(repository: Repository) -> None:
    repository("render")
    mine = repository.root / "images" / "jupyter" / "NOTES"
    mine.write_text("mine", encoding="utf-8")
    text = repository.matrix.read_text(encoding="utf-8")
    repository.matrix.write_text(
        text[: text.index("  jupyter:")].replace("bundles:\n  full: {pip: [scipy==1.17.1]}\n", "")
    )
    assert "remove images/jupyter/python3.13/Dockerfile" in repository("check", "--no-diff").out
    shown = repository("render")
    assert shown.code == 0
    assert "remove images/jupyter/python3.13/Dockerfile" in shown.err
    listed = [line.partition(" ")[0] for line in shown.err.splitlines()]
    changed, removed = listed.count("change"), listed.count("remove")
    total = len(json.loads((repository.root / ".image-matrix.json").read_text())["files"])
    assert shown.err.endswith(f"\n{changed} of {total} files changed, {removed} removed\n")
    left = [path for path in repository.files() if path.startswith("images/jupyter/")]
    assert left == ["images/jupyter/NOTES"]


def test_check_says_of_an_edited_file_that_rendering_would_lose_the_edit(repository: Repository) -> None:
    repository("render")
    (repository.root / BASE).write_text("FROM scratch\n", encoding="utf-8")
    checked = repository("check")
    assert checked.code == 1
    assert f"{BASE}: error[IM504]" in checked.err
    assert "run `image-matrix render --force` and commit" in checked.err
    repository("render", "--force")
    assert repository("check").code == 0


@pytest.mark.parametrize("gone", [False, True])
def test_an_edited_file_is_kept_until_forced(repository: Repository, gone: bool) -> None:
    repository("render")
    edited = repository.root / BASE
    edited.write_text("FROM scratch\n", encoding="utf-8")
    if gone:
        repository.replace('python: ["3.13", "3.11"]', 'python: ["3.11"]')
        repository.replace('axes: {python: ["3.13"]}', 'axes: {python: ["3.11"]}')
    else:
        repository.replace("apt: [git]", "apt: [git, nano]")
    refused = repository("render")
    assert refused.code == 1
    what = "remove" if gone else "overwrite"
    assert (
        f"{BASE}: error[IM504]: this file was edited by hand, or was not generated; `render` would {what} it\n"
        in refused.err
    )
    assert "render --force" in refused.err
    assert edited.read_text(encoding="utf-8") == "FROM scratch\n"
    assert repository("check").code == 1
    assert repository("render", "--force").code == 0
    assert edited.exists() is not gone
    assert repository("check").code == 0


def test_line_ends_are_said_once_and_repaired(repository: Repository) -> None:
    repository("render")
    before = repository.files()
    generated = [path for path in before if path != "matrix.yaml"]
    for path in generated:
        (repository.root / path).write_bytes(before[path].replace(b"\n", b"\r\n"))
    checked = repository("check")
    count = len(generated) - 1  # the manifest only follows
    said = f"{count} files: only line ends differ (CRLF in place of LF)"
    assert (checked.code, checked.out) == (1, f"{said}; `image-matrix render` repairs that\n")
    assert "IM504" not in checked.err
    assert "run `image-matrix render` and commit" in checked.err
    outdated = json.loads(repository("check", "--format", "json").out)["outdated"]
    assert [item["edited"] for item in outdated] == [False] * count
    rendered = repository("render")
    assert rendered.code == 0
    assert f"change {said}\n{count} of " in rendered.err
    assert repository.files() == before


def test_an_edit_with_other_line_ends_is_still_an_edit(repository: Repository) -> None:
    repository("render")
    repository.replace("apt: [git]", "apt: [git, nano]")
    file = repository.root / BASE
    old = file.read_bytes().replace(b"\n", b"\r\n")
    file.write_bytes(old)
    assert "IM504" not in repository("check").err
    file.write_bytes(old + b"RUN mine\r\n")
    assert f"{BASE}: error[IM504]" in repository("check").err
    assert repository("render").code == 1
    assert file.read_bytes() == old + b"RUN mine\r\n"


def test_a_lost_mode_is_a_change(repository: Repository) -> None:
    repository("render")
    script = repository.root / "images/rootfs/base/init"
    script.chmod(0o644)
    assert repository("check").code == 1
    assert repository("render").code == 0
    assert os.access(script, os.X_OK)


def test_own_templates_come_first(repository: Repository) -> None:
    own = repository.root / "templates" / "dockerfiles"
    own.mkdir(parents=True)
    head = '{% extends "skeleton.Dockerfile.j2" %}\n'
    text = head + "{% block extra %}\n\nRUN echo {{ variant.label | sh }}\n{% endblock %}"
    (own / "mine.Dockerfile.j2").write_text(text, encoding="utf-8")
    repository.replace("    description: JupyterLab\n", "    description: JupyterLab\n    kind: mine\n")
    assert repository("render").code == 0
    assert "\nRUN echo python3.13\n" in (repository.root / "images/jupyter/python3.13/Dockerfile").read_text()


def test_overlays_count_from_the_working_folder(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    (elsewhere / "site.yaml").write_text("images: {base: {apt: [nano]}}\n", encoding="utf-8")
    assert repository("--overlay", "site.yaml", "render").code == 0
    text = (repository.root / BASE).read_text(encoding="utf-8")
    assert "nano" in text
    assert "    git" not in text
    assert repository("check").code == 1
    assert repository("--overlay", "site.yaml", "check").code == 0
    (elsewhere / "two.yaml").write_text("images: {base: {apt: [htop]}}\n", encoding="utf-8")
    assert "htop" in repository("--overlay", "site.yaml", "--overlay", "two.yaml", "check").out


def test_another_matrix(repository: Repository) -> None:
    shutil.move(repository.matrix, repository.root / "other.yaml")
    assert repository("check").code == 2
    assert repository("--matrix", "other.yaml", "render").code == 0


def test_a_file_that_cannot_be_put_in_its_place_is_the_environments_fault(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from image_matrix.output_tree import tree

    def refuse(staged: Staged, _: list[Path]) -> None:
        raise PermissionError(13, "Permission denied", str(staged.target))

    monkeypatch.setattr(tree, "put", refuse)
    failed = repository("render")
    assert failed.code == 3
    assert f"error: {repository.root}/.image-matrix.json: permission denied\n" in failed.err
    assert "bug" not in failed.err


def test_a_disk_without_room_is_said_and_nothing_is_lost(repository: Repository, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2048) as disk:
        root = Repository(disk, repository.capture)
        shutil.copy(repository.matrix, root.matrix)
        assert root("render").code == 0
        root.replace("apt: [git]", "apt: [git, curl]")
        fill(disk, 24)
        before = root.files()
        failed = root("render")
        assert failed.code == 3
        assert (
            "no space left on device\n  help: free some space on this disk; nothing was written\n"
            in failed.err
        )
        assert root.files() == before
        (disk / "filling").unlink()
        assert root("render").code == 0
        assert root("check").code == 0


def test_several_overlays_in_the_environment(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / "my site.yaml", tmp_path / "two.yaml"]
    for file, image in zip(files, ("one", "two"), strict=True):
        file.write_text(f"images: {{{image}: {{from: base}}}}\n", encoding="utf-8")
    parts = ["", *map(str, files), ""]  # empty ones are left out, as in PATH
    monkeypatch.setenv("IMAGE_MATRIX_OVERLAY", os.pathsep.join(parts))
    listed = repository("list").out
    assert "one " in listed
    assert "two " in listed


def test_a_failing_copy_of_a_template_names_the_built_in_one(repository: Repository) -> None:
    folder = repository.root / "templates" / "dockerfiles"
    folder.mkdir(parents=True)
    (folder / "generic.Dockerfile.j2").write_text("{{ gone }}\n", encoding="utf-8")
    failed = repository("render")
    assert failed.code == 2
    assert "templates/dockerfiles/generic.Dockerfile.j2:1:1: error[IM501]" in failed.err
    assert "then uses its built-in template" in failed.err
    (folder / "generic.Dockerfile.j2").unlink()
    (folder / "own.Dockerfile.j2").write_text("{{ gone }}\n", encoding="utf-8")
    repository.replace("from: base\n", "from: base\n    kind: own\n")
    failed = repository("render")
    assert "templates/dockerfiles/own.Dockerfile.j2:1:1: error[IM501]" in failed.err
    assert "built-in template" not in failed.err


@pytest.mark.slow
@pytest.mark.parametrize("spelt", ["./matrix.yaml", "{root}/matrix.yaml", "images/../matrix.yaml"])
def test_a_matrix_has_one_path_however_it_is_spelt(repository: Repository, spelt: str) -> None:
    repository("render")
    git = ["git", "-C", str(repository.root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        subprocess.run([*git, *words], check=True)
    matrix = spelt.format(root=repository.root)
    assert repository("--matrix", matrix, "plan", "--since", "HEAD").out.startswith("nothing")
    assert repository("--matrix", matrix, "check", "--against", "HEAD").err.count("no choice") == 0
    repository.replace("from: debian", "from: debain")
    assert "matrix.yaml:11:11: error[IM201]" in repository("--matrix", matrix, "check").err


@pytest.mark.slow
def test_what_a_branch_with_a_slash_names_is_found(repository: Repository) -> None:
    """As in origin/main: paths in a matrix are relative to its folder."""
    script = repository.root / "setup.sh"
    script.write_text("#!/bin/sh\nset -eu\ntouch /opt/done\n", encoding="utf-8")
    repository.replace("from: debian", "from: debian\n    scripts: [setup.sh]")
    repository("render")
    git = ["git", "-C", str(repository.root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (("init", "-q", "-b", "team/next"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        subprocess.run([*git, *words], check=True)
    assert repository("plan", "--since", "team/next").out.startswith("nothing")
    compared = repository("check", "--against", "team/next")
    assert compared.code == 0
    assert "cannot be compared" not in compared.err


@pytest.mark.parametrize("spelt", ["../other folder/matrix.yaml", "{root}/../other folder/matrix.yaml"])
def test_a_matrix_is_below_the_folder(repository: Repository, spelt: str) -> None:
    inner = repository.root / "inner"
    inner.mkdir()
    (repository.root / "other folder").mkdir()
    shutil.copy(repository.matrix, repository.root / "other folder")
    failed = repository("-C", str(inner), "--matrix", spelt.format(root=inner), "check")
    assert failed.code == 2
    assert "is not below" in failed.err
    assert f"-C '{repository.root}/other folder'" in failed.err


def test_the_remedy_for_a_matrix_elsewhere_works(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder inside, users name the file above as they see it, with or without ``-C``."""
    inner = repository.root / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    for options in ((), ("-C", "..")):
        assert run([*options, "--matrix", "../matrix.yaml", "list"]) == 2
        assert "write `-C ..` alone" in repository.capture.readouterr().err
    assert run(["-C", "..", "list"]) == 0


def test_before_the_first_commit_there_is_nothing_to_compare_with(repository: Repository) -> None:
    subprocess.run(["git", "init", "-q", str(repository.root)], check=True)
    for arguments in (("diff",), ("plan", "--since", "HEAD"), ("check", "--against", "HEAD")):
        failed = repository(*arguments)
        assert (failed.code, "help: commit first" in failed.err) == (2, True), failed.err


def test_git_says_what_is_wrong_to_whoever_asked(repository: Repository) -> None:
    failed = repository("check", "--against", "HEAD")
    assert failed.code == 2
    assert "help: --against needs one to compare with" in failed.err


def test_what_is_wrong_as_data(repository: Repository) -> None:
    repository.replace("from: base", "from: bsae")
    checked = repository("check", "--format", "json")
    assert (checked.code, checked.err) == (2, "")
    assert json.loads(checked.out) == {
        "ok": False,
        "diagnostics": [
            {
                "code": "IM201",
                "name": "unknown-from",
                "severity": "error",
                "file": "matrix.yaml",
                "line": 18,
                "column": 11,
                "width": 4,
                "message": "image `jupyter` is built from `bsae`, which is neither an image nor a source",
                "help": "did you mean `base`?",
            }
        ],
        "outdated": None,
    }


def test_what_is_out_of_date_as_data(repository: Repository) -> None:
    repository("render")
    checked = repository("check", "--format", "json")
    assert (checked.code, checked.err) == (0, "")
    assert json.loads(checked.out) == {"ok": True, "diagnostics": [], "outdated": []}
    (repository.root / BASE).write_text("FROM scratch\n", encoding="utf-8")
    repository.replace("    bundles: [full]\n", "")
    checked = repository("check", "--format", "json", "--locked")
    data = json.loads(checked.out)
    assert (checked.code, checked.err, data["ok"]) == (1, "", False)
    assert {"path": BASE, "change": "change", "edited": True} in data["outdated"]
    codes = [(item["code"], item["severity"], item["line"] is None) for item in data["diagnostics"]]
    assert ("IM206", "warning", False) in codes
    assert ("IM605", "error", False) in codes
    assert codes[-1] == ("IM504", "error", True)


def test_the_documented_data_are_what_is_printed(repository: Repository) -> None:
    repository.replace("from: base", "from: bsae")
    printed = json.loads(repository("check", "--format", "json").out)
    page = (Path(image_matrix.__file__).parents[2] / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert {**printed["diagnostics"][0], "line": 9} == shown["diagnostics"][0]
    assert printed.keys() == shown.keys()


def test_an_overlay_of_the_environment_is_noted(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    overlay = tmp_path / "site.yaml"
    overlay.write_text("registry: localhost:5000/team\n")
    note = f"note: rendered with {overlay}, from IMAGE_MATRIX_OVERLAY\n"
    assert note not in repository("--overlay", str(overlay), "render").err
    monkeypatch.setenv("IMAGE_MATRIX_OVERLAY", str(overlay))
    assert note in repository("render").err
    assert note in repository("check").err
    assert note not in repository("list").err
    monkeypatch.setenv("IMAGE_MATRIX_OVERLAY", "")
    assert "note: rendered" not in repository("render").err


def test_a_template_that_nothing_reads_is_a_warning(repository: Repository) -> None:
    file = repository.root / "templates/rootfs/jupiter/etc/mine"
    file.parent.mkdir(parents=True)
    file.write_text("mine\n")
    for command in ("render", "check"):
        ran = repository(command)
        assert (ran.code, "warning[IM506]" in ran.err) == (0, True)
        assert "did you mean `jupyter`?" in ran.err
    assert "IM506" not in repository("-q", "render").err
    found = json.loads(repository("check", "--format", "json").out)
    assert [item["code"] for item in found["diagnostics"]] == ["IM506"]
