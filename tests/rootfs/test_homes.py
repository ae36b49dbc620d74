"""Homes as they are: on slow file servers, with owners of their own, large, full, and starts that are ended halfway."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.full_disk import fill, small_disk
from tests.network_home import network_home

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "templates/rootfs/base/usr/local/lib/image-matrix/home_sync.py"
FOLDERS = SCRIPT.parents[4] / "etc/cont-init.d/21-home-folders"
RECORD = ".local/state/image-matrix/home.json"
COUNT = 40


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "template"
    for number in range(COUNT):
        path = folder / f"folder{number % 4}" / f"file{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"old {number} " + "x" * 3000)
    (folder / "link").symlink_to("folder0/file0")
    return folder


def command(template: Path, home: Path) -> list[str]:
    return [sys.executable, "-I", str(SCRIPT), str(template), str(home)]


def start(template: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(template, home), capture_output=True, text=True, check=False)


def contents(home: Path) -> dict[str, str]:
    """Every file of the template that the home has."""
    return {str(path.relative_to(home)): path.read_text() for path in home.glob("folder*/file*")}


def expected(template: Path) -> dict[str, str]:
    return {str(path.relative_to(template)): path.read_text() for path in template.glob("folder*/file*")}


def halves(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.name.startswith(".image-matrix-partial-")]


@pytest.mark.parametrize(
    "options",
    [
        ("--owner", "65534:100", "--refuse", "chmod,chown,link,setxattr,getxattr"),
        ("--latency", "1"),
    ],
    ids=["all-squash", "slow"],
)
def test_a_home_on_a_file_server_follows_the_template(
    template: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """One that gives all files an owner of its own refuses chmod(2) to everybody else."""
    with network_home(tmp_path, *options) as home:
        done = start(template, home.path)
        assert (done.returncode, "warning" in done.stderr) == (0, False), done.stderr
        assert contents(home.path) == expected(template)
        assert (home.path / "link").readlink() == Path("folder0/file0")
        (template / "folder1/file1").write_text("new")
        assert "1 paths" in start(template, home.path).stderr
        assert (home.path / "folder1/file1").read_text() == "new"
        assert start(template, home.path).stderr == ""


def test_where_links_are_refused_the_rest_arrives(template: Path, tmp_path: Path) -> None:
    """As on a share of Windows."""
    with network_home(tmp_path, "--refuse", "symlink,link") as home:
        done = start(template, home.path)
        assert done.returncode == 0
        assert done.stderr.count("warning") == 1
        assert f"{home.path}/link can't be brought up to the image's template" in done.stderr
        assert contents(home.path) == expected(template)


def test_root_where_root_is_nobody_reads_what_to_do(template: Path, tmp_path: Path) -> None:
    with network_home(tmp_path, "--squash-root") as home:
        done = start(template, home.path)
    assert done.returncode == 77
    assert "root_squash" in done.stderr
    assert "start the container as user 1000" in done.stderr


def requests(template: Path, folder: Path, files: int) -> dict[str, int]:
    """What the second start, and one with a changed template, ask of a home with so many files of its user."""
    served = folder / "served"
    for number in range(files):
        for place in (served, served / "folder1", served / f"data{number % 7}" / "deep"):
            place.mkdir(parents=True, exist_ok=True)
            (place / f"mine{number}").touch()
    start(template, served)
    with network_home(folder) as home:
        assert start(template, home.path).stderr == ""
    second = dict(home.counts)
    (template / "folder1/file1").write_text(f"changed with {files}")
    with network_home(folder) as home:
        start(template, home.path)
    return {**second, **{f"{name} of a change": count for name, count in home.counts.items()}}


def test_a_large_home_is_not_walked(template: Path, tmp_path: Path) -> None:
    """The requests are the same, however many files it has; only a changed template lists folders, and those it has."""
    few = requests(template, tmp_path / "few", 3)
    many = requests(template, tmp_path / "many", 700)
    assert few.pop("readdir of a change") <= many.pop("readdir of a change") < 40
    noise = ("forget", "batch_forget", "destroy", "statfs", "interrupt")
    assert {name: count for name, count in many.items() if not name.startswith(noise)} == {
        name: count for name, count in few.items() if not name.startswith(noise)
    }
    assert (many["opendir"], many["readdir"]) == (1, 1), "whether there is anything in it"


@pytest.mark.parametrize("change", [1, 2, 9, 40, 75])
def test_a_start_that_is_ended_leaves_no_half_file_and_the_next_one_completes_it(
    template: Path, tmp_path: Path, change: int
) -> None:
    """Ended by SIGTERM while the file system is at work on one of its changes, on a home with an older template."""
    served = tmp_path / "served"
    served.mkdir()
    start(template, served)
    old = contents(served)
    (served / "folder0/file4").write_text("edited")
    for path in template.glob("folder*/file*"):
        path.write_text(path.read_text().replace("old", "new"))
    new = {**expected(template), "folder0/file4": "edited"}
    with (
        network_home(tmp_path, "--hold", str(change)) as home,
        subprocess.Popen(command(template, home.path), stderr=subprocess.PIPE) as process,
    ):
        home.held()
        process.terminate()
        assert process.wait(20) == -15
    assert all(text in (old[name], new[name]) for name, text in contents(served).items())
    record = json.loads((served / RECORD).read_text())
    assert record["written"]
    done = start(template, served)
    assert "warning" not in done.stderr
    assert contents(served) == new
    for half in halves(served):
        os.utime(half, (0, 0))
    start(template, served)
    assert halves(served) == []


@pytest.fixture
def little(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 512) as disk:
        yield disk


def test_a_disk_that_fills_up_keeps_what_is_there(template: Path, little: Path) -> None:
    start(template, little)
    before = contents(little)
    for path in template.glob("folder*/file*"):
        path.write_text("y" * 40_000)
    fill(little, 64)
    done = start(template, little)
    assert done.returncode == 0
    assert "warning: the home volume" in done.stderr
    now = contents(little)
    assert now.keys() == before.keys()
    assert all(text in (before[name], "y" * 40_000) for name, text in now.items())
    assert halves(little) == []
    (little / "filling").unlink()
    for path in template.glob("folder*/file*"):
        path.write_text("z" * 400)
    start(template, little)
    assert set(contents(little).values()) == {"z" * 400}


@pytest.mark.parametrize("used", [True, False], ids=["used", "new"])
def test_a_full_home_is_entered_where_there_is_something_to_clean_up(
    template: Path, little: Path, used: bool
) -> None:
    """One that another image has filled has no record of ours."""
    if used:
        (little / "mine").write_text("x")
        fill(little, 0)
    for path in template.glob("folder*/file*"):
        path.write_text("y" * 40_000)
    done = start(template, little)
    assert done.returncode == (0 if used else 73)
    assert "is full: make it larger or delete files in it" in done.stderr.splitlines()[-1]


def test_a_home_without_inodes_says_that(template: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4096, "nr_inodes=20") as disk:
        done = start(template, disk)
    assert done.returncode == 73
    assert "has no inodes left for more files" in done.stderr


def test_a_home_that_is_a_file(template: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x")
    done = start(template, tmp_path / "home")
    assert done.returncode == 73
    assert "is no folder: mount a volume there" in done.stderr


@pytest.mark.parametrize("home", ["", "home", "./home"])
def test_a_home_that_is_no_absolute_path(template: Path, tmp_path: Path, home: str) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(template), home],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 78
    assert "HOME is " in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["template"]


def folders(home: Path, run: Path, **variables: str) -> tuple[dict[str, str], str]:
    """Run the script that looks at folders of programs; what it sets, and what it says."""
    (run / "container_environment").mkdir(parents=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "IMAGE_MATRIX_RUN": str(run), **variables}
    done = subprocess.run(["sh", str(FOLDERS)], capture_output=True, text=True, check=True, env=environment)
    return {path.name: path.read_text() for path in (run / "container_environment").iterdir()}, done.stderr


def test_programs_get_other_folders_where_those_of_the_home_cannot_be_written(tmp_path: Path) -> None:
    home, run = tmp_path / "home", tmp_path / "run"
    home.mkdir()
    (home / ".jupyter").write_text("a file")
    (home / ".local").symlink_to("/nowhere")
    found, said = folders(home, run)
    assert found == {
        "XDG_DATA_HOME": f"{run}/user/home-.local-share",
        "JUPYTER_PATH": f"{home}/.local/share/jupyter",
        "JUPYTER_CONFIG_DIR": f"{run}/user/home-.jupyter",
        "JUPYTER_CONFIG_PATH": f"{home}/.jupyter",
    }
    assert (run / "user/home-.jupyter").is_dir()
    assert f"{home}/.local is a link to nowhere" in said
    assert re.search(r"what programs keep in \S+/\.jupyter is lost at the next start: \S+ is no folder", said)


def test_programs_keep_the_folders_of_a_good_home_and_what_the_platform_says(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert folders(home, tmp_path / "first") == ({}, "")
    (home / ".jupyter").write_text("a file")
    assert folders(home, tmp_path / "second", JUPYTER_CONFIG_DIR="/elsewhere") == ({}, "")
