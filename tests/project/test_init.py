"""``image-matrix init``: what it makes works, and what was there before stays as it was."""

from __future__ import annotations

import compileall
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from image_matrix.cli import run
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.output_tree.manifest import MANIFEST
from image_matrix.project.init import Repository, RepositorySettings, create, new_repository
from image_matrix.project.inputs import builtin_templates, template_files
from image_matrix.project.origin import Unknown
from tests.full_disk import small_disk
from tests.git_commands import git

GENERATOR = f"image-matrix[locked] @ git+https://git.example.org/team/image-matrix@{'0123456789' * 4}"
INIT = ("init", "--generator", GENERATOR)


@pytest.fixture(scope="module")
def repository() -> Repository:
    return new_repository(RepositorySettings(GENERATOR))


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_a_new_repository_is_up_to_date(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "notebooks"
    assert run([*INIT, str(folder)]) == 0
    assert run(["-C", str(folder), "check"]) == 0
    assert run(["-C", str(folder), "render"]) == 0
    assert "all up to date" in capfd.readouterr().err
    assert {"matrix.yaml", "README.md", ".gitattributes", ".hadolint.yaml", ".pre-commit-config.yaml"} <= set(
        contents(folder)
    )
    assert (folder / "images/jupyter-data/python3.13/Dockerfile").is_file()


def test_a_relative_folder_is_below_the_one_of_the_call(tmp_path: Path) -> None:
    assert run(["-q", "-C", str(tmp_path), *INIT, "notebooks"]) == 0
    assert (tmp_path / "notebooks" / "matrix.yaml").is_file()


@pytest.mark.slow
def test_an_image_more_takes_four_lines(tmp_path: Path, repository: Repository) -> None:
    create(tmp_path, repository)
    matrix = tmp_path / "matrix.yaml"
    with matrix.open("a") as stream:
        stream.write(
            "  jupyter-dask:\n    description: Dask\n    from: jupyter-data\n    pip: [dask==2026.8.0]\n"
        )
    assert run(["-C", str(tmp_path), "-q", "check", "--no-diff"]) == 1
    assert run(["-C", str(tmp_path), "-q", "render"]) == 0
    assert "dask==2026.8.0" in (tmp_path / "images/jupyter-dask/python3.13/Dockerfile").read_text()


def test_the_schema_that_the_editor_reads_is_beside_the_matrix(
    tmp_path: Path, repository: Repository
) -> None:
    create(tmp_path, repository)
    first = (tmp_path / "matrix.yaml").read_text().splitlines()[0]
    assert (tmp_path / first.partition("$schema=")[2]).is_file()


def test_files_of_a_team_are_kept(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "README.md").write_text("ours\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "ours.md").write_text("ours\n")
    _, kept = create(tmp_path, repository)
    assert kept == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "ours\n"
    assert run(["-C", str(tmp_path), "-q", "check"]) == 0


def test_every_generated_file_is_marked_for_reviews(tmp_path: Path, repository: Repository) -> None:
    create(tmp_path, repository)
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    asked = [*git, "check-attr", "linguist-generated", *repository.rendered, MANIFEST]
    answers = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line for line in answers if not line.endswith(": set")] == []


def test_templates_that_are_left_as_they_are_may_be_removed(tmp_path: Path, repository: Repository) -> None:
    create(tmp_path, repository)
    shutil.rmtree(tmp_path / "templates")
    assert run(["-q", "-C", str(tmp_path), "check"]) == 0


def test_compiled_python_beside_templates_is_no_template(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    shutil.copytree(builtin_templates(), folder)
    before = template_files(folder)
    assert any(path.endswith(".py") for path in before)
    assert compileall.compile_dir(folder, quiet=1, force=True)
    assert list(folder.rglob("__pycache__/*.pyc"))
    assert template_files(folder) == before


def next_lines(text: str) -> list[str]:
    """The commands that are named as the next ones."""
    return [line.strip() for line in text.partition("next:\n")[2].splitlines()]


@pytest.mark.slow
def test_what_is_next_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([*INIT, "notebooks"]) == 0
    lines = next_lines(capfd.readouterr().err)
    assert lines[:2] == ["cd notebooks", "git init --initial-branch main"]
    assert lines[2].startswith("# set `registry:` in matrix.yaml")
    assert lines[3:5] == ["image-matrix lock", "image-matrix render"]
    assert run([*INIT, "new folder/ü"]) == 0
    assert next_lines(capfd.readouterr().err)[0] == "cd 'new folder/ü'"
    (tmp_path / "outer").mkdir()
    assert run(["-C", "outer", *INIT, "sub"]) == 0
    assert next_lines(capfd.readouterr().err)[0] == "cd outer/sub"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    git(tmp_path / "here", "init", "-q")
    git(tmp_path / "here", "remote", "add", "origin", "git@github.com:Team/Notebooks.git")
    assert run([*INIT, "."]) == 0
    lines = next_lines(capfd.readouterr().err)
    assert (lines[0], lines[-1]) == ("image-matrix lock", "git push --set-upstream origin HEAD")


def test_the_registry_is_that_of_the_repository_on_github(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "git@github.com:Team/Notebooks.git")
    assert run(["-q", *INIT, str(tmp_path)]) == 0
    text = (tmp_path / "matrix.yaml").read_text()
    assert 'registry: "ghcr.io/team/notebooks" #' in text
    assert 'labels: {org.opencontainers.image.source: "https://github.com/Team/Notebooks"}' in text
    assert "Team/Notebooks/blob/HEAD/docs/images.md#jupyter" in (tmp_path / "docs/images.md").read_text()
    assert run(["-q", "-C", str(tmp_path), "check"]) == 0


def test_a_repository_on_gitlab_gets_its_registry_and_no_workflow(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "git@gitlab.com:Team/sub/notebooks.git")
    assert run(["init", str(tmp_path)]) == 0
    err = capfd.readouterr().err
    assert "note: https://gitlab.com/Team/sub/notebooks.git is not on GitHub" in err
    assert next_lines(err)[-1] == "git push --set-upstream origin HEAD"
    assert 'registry: "registry.gitlab.com/team/sub/notebooks"' in (tmp_path / "matrix.yaml").read_text()
    assert "image.source" not in (tmp_path / "matrix.yaml").read_text()
    assert not (tmp_path / ".github").exists()


def test_the_folder_may_have_the_copy_that_the_jobs_install(tmp_path: Path) -> None:
    (tmp_path / "vendor/image-matrix").mkdir(parents=True)
    (tmp_path / "vendor/image-matrix/pyproject.toml").touch()
    assert run(["-q", "init", "--generator", "./vendor/image-matrix[locked]", str(tmp_path)]) == 0
    assert run(["-q", "-C", str(tmp_path), "check"]) == 0


@pytest.mark.slow
def test_jobs_install_what_init_was_told(tmp_path: Path) -> None:
    assert run(["-q", *INIT, str(tmp_path / "a")]) == 0
    workflow = (tmp_path / "a/.github/workflows/images.yaml").read_text()
    assert f'GENERATOR: "{GENERATOR}"' in workflow
    assert run(["-q", "init", "--no-workflow", str(tmp_path / "b")]) == 0
    assert not (tmp_path / "b/.github").exists()
    assert run(["-q", "-C", str(tmp_path / "b"), "check"]) == 0


@pytest.mark.parametrize("wrong", ["image-matrix", "image-matrix>=1", f"{GENERATOR}\n", "numpy==1", "../im"])
def test_a_generator_that_cannot_be_one(
    wrong: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "--generator", wrong, str(tmp_path / "a")]) == 2
    assert "is not a valid generator; name a commit" in " ".join(capfd.readouterr().err.split())
    assert not (tmp_path / "a").exists()


def test_what_cannot_be_found_out_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("image_matrix.project.origin.generator_for", lambda *_: Unknown("nobody knows"))
    assert run(["init", str(tmp_path / "a")]) == 2
    said = capfd.readouterr().err
    assert "it is unknown what the jobs on GitHub install: nobody knows" in said
    assert "--generator" in said
    assert "--no-workflow" in said
    assert not (tmp_path / "a").exists()


def test_what_commands_leave_behind_is_ignored_by_git(tmp_path: Path, repository: Repository) -> None:
    create(tmp_path, repository)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "all")
    for name in ("scan.json", ".image-matrix-4711", "images/.image-matrix-4711", ".netrc"):
        (tmp_path / name).write_text("x")
    assert git(tmp_path, "status", "--porcelain") == ""
    assert ".image-matrix.json" in git(tmp_path, "ls-files").splitlines()


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `init` says where it writes nothing."""
    assert run([*arguments]) == 1
    return capfd.readouterr().err


@pytest.mark.slow
def test_a_folder_below_a_matrix_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrix.yaml").write_text("version: 1\n")
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    for folder in (".", "new", "new/er"):
        assert "`image-matrix -C .. list`" in refused(capfd, *INIT, folder)
    assert contents(tmp_path) == {"matrix.yaml": b"version: 1\n"}
    monkeypatch.chdir(tmp_path)
    assert "`image-matrix list`" in refused(capfd, *INIT, "docs")
    assert run(["-q", *INIT, "--inside", "docs"]) == 0
    (tmp_path / "other" / ".git").mkdir(parents=True)
    assert run(["-q", *INIT, "other"]) == 0


def test_a_folder_beside_a_matrix_is_not_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    clone = tmp_path / "clone"
    (clone / "images").mkdir(parents=True)
    (clone / "matrix.yaml").write_text("version: 1\n")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(clone)
    assert run(["-q", *INIT, "../empty"]) == 0
    assert run(["-q", "-C", "..", *INIT, "second"]) == 0
    monkeypatch.chdir(clone / "images")
    assert run(["-q", *INIT, "../../third"]) == 0
    assert "`image-matrix -C .. list`" in refused(capfd, *INIT, "../new")
    monkeypatch.chdir(clone)
    assert run(["-C", "..", "check"]) == 2
    assert "init DIR" in capfd.readouterr().err, "the matrix below is not one above"


def test_a_folder_with_a_matrix_of_another_name_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrix.yml").write_text("version: 1\n")
    assert "`image-matrix --matrix matrix.yml check`" in refused(capfd, *INIT, str(tmp_path))
    assert contents(tmp_path) == {"matrix.yml": b"version: 1\n"}


@pytest.mark.slow
def test_a_folder_of_another_project_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "setup.py").write_text("ours\n")
    said = refused(capfd, *INIT, str(tmp_path))
    assert "setup.py, src" in said
    assert "init --inside" in said
    assert contents(tmp_path) == {"setup.py": b"ours\n"}
    assert run(["-q", *INIT, "--inside", str(tmp_path)]) == 0
    assert (tmp_path / "setup.py").read_text() == "ours\n"


def test_a_folder_that_github_does_not_look_into_is_noted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "-q")
    assert run([*INIT, str(tmp_path / "sub")]) == 0
    assert "GitHub only runs workflows at the top of a repository" in " ".join(capfd.readouterr().err.split())


def test_without_a_matrix_help_names_the_one_that_may_be_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    assert run(["list"]) == 2
    assert "`image-matrix init DIR`" in capfd.readouterr().err
    (tmp_path / "matrix.yaml").write_text("version: 1\n")
    assert run(["list"]) == 2
    assert "`image-matrix -C ..`" in capfd.readouterr().err
    (tmp_path / "docs" / "matrix.yml").write_text("version: 1\n")
    assert run(["list"]) == 2
    assert "`image-matrix --matrix matrix.yml`" in capfd.readouterr().err


def test_a_second_time_changes_nothing(tmp_path: Path, repository: Repository) -> None:
    create(tmp_path, repository)
    before = contents(tmp_path)
    create(tmp_path, repository)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "path",
    [
        "matrix.yaml",
        "matrix.lock.yaml",
        "templates/dockerfiles/jupyter.Dockerfile.j2",
        "templates/rootfs/base/etc/cont-init.d/99-ours",
        "images/base/python3.13/Dockerfile",
        "docs/images.md",
        "images",
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_is_written(
    path: str, tmp_path: Path, repository: Repository
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("ours\n")
    with pytest.raises(Failure, match=path if path != "images" else "images/base"):
        create(tmp_path, repository)
    assert contents(tmp_path) == {path: b"ours\n"}


def test_a_link_is_not_written_through(tmp_path: Path, repository: Repository) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("ours\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "matrix.yaml").symlink_to(elsewhere)
    with pytest.raises(Failure):
        create(root, repository)
    assert elsewhere.read_text() == "ours\n"


def test_a_refusal_is_an_answer_not_a_crash(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "matrix.yaml").write_text("version: 1\n")
    assert run([*INIT, str(tmp_path)]) == 1
    said = capfd.readouterr().err
    assert "matrix.yaml" in said
    assert "help:" in said


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("ours\n")
    assert run([*INIT, str(tmp_path / "file")]) == 2
    assert "is not a folder" in capfd.readouterr().err


def test_a_folder_that_cannot_be_made_is_the_environments_failure(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*INIT, "/proc/notebooks"]) == 3
    said = capfd.readouterr().err
    assert (
        "error: /proc/notebooks: no such file or directory\n  help: check the path; nothing was written\n"
        in said
    )


def test_on_a_disk_without_room_nothing_is_left(tmp_path: Path, repository: Repository) -> None:
    with small_disk(tmp_path / "disk", 256) as disk:
        with pytest.raises(EnvironmentFailure, match="no space left on device"):
            create(disk / "notebooks", repository)
        assert list(disk.iterdir()) == []


def test_the_readme_leads_to_the_preset_of_renovate(tmp_path: Path) -> None:
    assert run([*INIT, str(tmp_path / "new")]) == 0
    text = (tmp_path / "new" / "README.md").read_text(encoding="utf-8")
    (preset,) = re.findall(r'"github>OWNER/NAME//([\w/-]+)"', text)
    assert (Path(__file__).parent.parent.parent / f"{preset}.json").is_file()


def test_the_questions_of_the_readme_are_answered(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Those that ask a registry or an engine are only read."""
    assert run([*INIT, str(tmp_path)]) == 0
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-qm", "one")
    text = (tmp_path / "README.md").read_text(encoding="utf-8").partition("## Ask\n")[2].partition("\n## ")[0]
    lines = [line.split() for line in re.findall(r"^    image-matrix (.+?) +# ", text, re.MULTILINE)]
    assert len(lines) == 7
    for line in lines:
        capfd.readouterr()
        asks_nobody = line[0] in ("packages", "diff", "plan")
        assert run(["-C", str(tmp_path), *line, *([] if asks_nobody else ["--help"])]) == 0
        assert capfd.readouterr().out


def test_the_default_branch_is_that_of_the_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--initial-branch=trunk")
    assert run(["-q", *INIT, str(tmp_path)]) == 0
    assert '\n  default_branch: "trunk"\n' in (tmp_path / "matrix.yaml").read_text()
    assert 'branches: ["trunk"]' in (tmp_path / ".github/workflows/images.yaml").read_text()


def test_a_generator_that_is_not_there_is_noted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    vendored = ("init", "--generator", "./vendor/image-matrix[locked]")
    assert run([*vendored, str(tmp_path / "new")]) == 0
    assert "note: the jobs on GitHub install ./vendor/image-matrix, which is not in" in capfd.readouterr().err
    (tmp_path / "other/vendor/image-matrix").mkdir(parents=True)
    assert run([*vendored, str(tmp_path / "other")]) == 0
    assert "note: the jobs" not in capfd.readouterr().err


def test_a_placeholder_is_no_generator(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    generator = f"image-matrix[locked] @ git+https://github.com/OWNER/NAME@{'0123456789' * 4}"
    assert run(["init", "--generator", generator, str(tmp_path / "new")]) == 2
    assert "OWNER/NAME stands for the repository" in " ".join(capfd.readouterr().err.split())
    assert not (tmp_path / "new").exists()
