"""``image-matrix lock`` with the real uv, against a package index, a registry and a download site on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.lock import text as texts
from image_matrix.lock.apt_answers import AptAnswers, written
from image_matrix.lock.apt_updates import AptFindings, AptUpdate
from image_matrix.lock.read import pins
from image_matrix.lock.unsolvable import plainly
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from tests.full_disk import largest_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lock.site import Repository

pytestmark = pytest.mark.slow


def test_everything_gets_locked(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert repository.run("check", "--locked", "--no-diff") == 1
    assert "IM605" in capsys.readouterr().err
    assert repository.run("lock") == 0
    assert "pip lab:python3.13: 2 packages (new)" in capsys.readouterr().out
    lock = texts.read(repository.lock)
    source = lock.sources["docker.io/library/debian:trixie-slim"]
    assert source.platforms == {
        f"linux/{arch}": repository.site.platform_digest("library/debian:trixie-slim", arch)
        for arch in ("amd64", "arm64")
    }
    assert lock.downloads == {
        f"https://files.invalid/tool-1.0-{arch}": hashlib.sha256(f"the tool for {arch}".encode()).hexdigest()
        for arch in ("amd64", "arm64")
    }
    assert repository.packages("lab:python3.13") == ("beta==1.0", "zeta==1.0")
    assert repository.packages("science:python3.11", "arm64") == ("alpha==1.0", "eta==1.0", "gamma==1.0")
    assert repository.packages("leaf:python3.11") == ("delta==1.0",)
    assert "127.0.0.1" not in repository.lock
    assert repository.run("render") == 0
    assert repository.run("check", "--locked") == 0
    assert capsys.readouterr().err.count("not locked") == 0


def test_the_hashes_are_those_of_the_files_that_fit(repository: Repository) -> None:
    assert repository.run("lock") == 0
    inputs = read_inputs(repository.folder)
    found = pins(inputs.lock, load(inputs.texts, inputs.templates.kinds))
    text = found.requirements["science:python3.11"]["arm64"]
    wheel = repository.site.folder / "simple/alpha/alpha-1.0-cp311-cp311-manylinux_2_28_aarch64.whl"
    expected = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert text.startswith(f"alpha==1.0 \\\n    --hash=sha256:{expected}\neta==1.0 \\\n")


def test_twice_is_once(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert repository.run("lock") == 0
    first = repository.lock
    stamp = (repository.folder / texts.FILE).stat().st_mtime_ns
    capsys.readouterr()
    assert repository.run("lock") == 0
    assert (repository.folder / texts.FILE).stat().st_mtime_ns == stamp
    assert capsys.readouterr().out == ""
    (repository.folder / texts.FILE).unlink()
    assert repository.run("lock") == 0
    assert repository.lock == first


def test_a_new_version_changes_nothing_unless_asked_for(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.run("lock") == 0
    for name in ("zeta", "eta"):
        repository.site.package(name, "1.5")
    repository.site.source("library/debian:trixie-slim", "second")
    before = repository.lock
    repository.change("pip: [delta]", "pip: [delta, epsilon==1.0]")
    assert repository.run("lock") == 0
    assert repository.packages("leaf:python3.13") == ("delta==1.0", "epsilon==1.0")
    assert "1.5" not in repository.lock

    capsys.readouterr()
    assert repository.run("lock", "--upgrade", "zeta") == 0
    said = capsys.readouterr().out
    assert "pip zeta: 1.0 → 1.5, in lab:python3.11, lab:python3.13, other:python3.11 and 1 more" in said
    assert "eta: 1.0 → 1.5, in science" not in said
    assert "debian" not in said
    assert before != repository.lock

    assert repository.run("lock", "--upgrade", "trixie") == 0
    assert "source docker.io/library/debian:trixie-slim: sha256:" in capsys.readouterr().out
    assert "eta==1.0" in repository.packages("science:python3.13")

    assert repository.run("lock", "--upgrade") == 0
    assert "eta==1.5" in repository.packages("science:python3.13")
    assert "alpha==1.0" in repository.packages("science:python3.13")


def test_an_image_moves_alone(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert repository.run("lock") == 0
    for name in ("zeta", "eta"):
        repository.site.package(name, "1.5")
    capsys.readouterr()
    source = "docker.io/library/debian:trixie-slim"
    assert repository.run("lock", "--upgrade", "other", "gamma", source) == 0
    said = capsys.readouterr()
    assert "pip zeta: 1.0 → 1.5, in other:python3.11, other:python3.13" in said.out
    assert "eta==1.0" in repository.packages("science:python3.13")
    assert "zeta==1.0" in repository.packages("lab:python3.13")

    repository.change("pip: [delta]", "pip: [delta==1.0]")
    assert repository.run("lock", "--upgrade", "DELTA") == 0
    assert " pins delta==1.0: change it there" in capsys.readouterr().err


def test_an_index_that_moved_for_others_stays(repository: Repository) -> None:
    repository.site.source("library/debian:trixie-slim", "same")
    assert repository.run("lock") == 0
    before = repository.lock
    file = repository.site.folder / "v2/library/debian/manifests/trixie-slim"
    others = repository.site.platform_digest("library/debian:trixie-slim", "s390x")
    file.write_text(file.read_text().replace(others, f"sha256:{'0' * 64}"))
    assert repository.run("lock", "--upgrade", "trixie") == 0
    assert repository.lock == before


def test_an_unknown_name_is_refused(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert repository.run("lock", "--upgrade", "trixy") == 2
    assert "did you mean `trixie`" in capsys.readouterr().err
    assert repository.run("lock", "zeta") == 2


def test_a_conflict_names_both_lines(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.change("alpha==1.0", "alpha<2")
    repository.change("pip: [delta]", "pip: [delta, 'alpha>=2']")
    assert repository.run("lock") == 2
    said = capsys.readouterr().err
    assert "error[IM601]: `leaf` cannot be installed on `science`: it needs alpha>=2" in said
    assert "    from: science\n" not in said
    assert "pip: [delta, 'alpha>=2']" in said
    assert "- alpha<2" in said
    assert "alpha 1.0 comes from here" in said
    lock = texts.read(repository.lock)
    assert "leaf:python3.13" not in lock.python
    assert {"science:python3.13", "other:python3.11"} <= set(lock.python)
    repository.change("'alpha>=2'", "alpha==1.0")
    assert repository.run("lock") == 0


@pytest.mark.parametrize("wanted", ["alpha==2.0", "alpha>=2"])
def test_a_line_that_excludes_a_pin_is_reported_without_asking_anybody(
    repository: Repository, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    repository.change("pip: [delta]", f"pip: [delta, '{wanted}']")
    shutil.rmtree(repository.site.folder)
    for command in ("check", "lock"):
        assert repository.run(command) == 2
        said = capsys.readouterr().err
        assert f"error[IM601]: `leaf` cannot be installed on `science`: it needs {wanted}" in said
        assert "alpha 1.0 comes from here" in said
    assert not (repository.folder / texts.FILE).exists()


def test_a_conflict_names_the_packages_between(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.site.package("theta", "1.0", "iota")
    repository.site.package("iota", "1.0", "zeta>=2")
    repository.site.package("zeta", "2.0")
    repository.change("pip: [beta==1.0]", "pip: [beta==1.0, zeta<2]")
    repository.change("pip: [delta]", "pip: [delta, theta]")
    assert repository.run("lock") == 2
    said = capsys.readouterr().err
    assert (
        "`leaf` cannot be installed on `lab`: it would take zeta 2.0, but the ancestor has zeta 1.0" in said
    )
    assert "change one of the two lines: `theta → iota → zeta` or `zeta<2`" in said


def test_what_nobody_has_is_refused_once_for_all_images_and_pythons(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.change("pip: [delta]", "pip: [delta, nowhere==1]")
    assert repository.run("lock") == 2
    said = capsys.readouterr().err
    assert "error[IM602]: the Python packages of `leaf` cannot be resolved: nowhere was not found in" in said
    assert "help: check the name;" in said
    assert said.count("IM602") == 1
    repository.change("delta, nowhere==1", "delta==77")
    assert repository.run("lock") == 2
    said = capsys.readouterr().err
    assert "(Python 3.11, 3.13)" in said
    assert said.count("IM602") == 1


END = "we can conclude that your requirements are unsatisfiable."
MARKER = "{python_full_version < '3.14'}"
CHAIN = "Because a depends on b{}>=2 and you require a==1, we can conclude that you require b>=2. And you require b==1"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"Because a has no wheels and you require a==1, {END}", "a has no wheels"),
        (f"Because a is bad and you require a==1, {END} hint: You require x", "a is bad; You require x"),
        (f"{CHAIN.format(MARKER)}, {END}", f"{CHAIN.format('')}, {END}"),
        ("something new", "something new"),
    ],
)
def test_what_uv_says(said: str, expected: str) -> None:
    assert plainly(said) == expected


def test_a_failure_leaves_all_others_locked(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.site.folder / "v2/library/debian/manifests/trixie-slim").unlink()
    (repository.site.folder / "files/tool-1.0-arm64").unlink()
    assert repository.run("lock") == 3
    said = capsys.readouterr().err
    assert "docker.io/library/debian:trixie-slim: not in the registry" in said
    assert "download tool (arm64): HTTP 404" in said
    lock = texts.read(repository.lock)
    assert list(lock.sources) == ["docker.io/docker/dockerfile:1"]
    assert list(lock.downloads) == ["https://files.invalid/tool-1.0-amd64"]
    assert len(lock.python) == 10
    repository.site.source("library/debian:trixie-slim", "first")
    repository.site.file("tool-1.0-arm64", "the tool for arm64")
    assert repository.run("lock") == 0


def test_a_run_hands_on_what_it_could_lock(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    answers = str(tmp_path / "answers.json")
    assert repository.run("ci", "ask-apt", answers) == 0
    (repository.site.folder / "v2/library/debian/manifests/trixie-slim").unlink()
    assert repository.run("ci", "lock", "--apt-answers", answers) == 0
    name, _, value = (tmp_path / "output").read_text().partition("=")
    (failure,) = json.loads(value)
    assert (name, value.count("\n")) == ("unreachable", 1)
    assert failure.startswith("docker.io/library/debian:trixie-slim: not in the registry")
    assert len(texts.read(repository.lock).python) == 10
    repository.site.source("library/debian:trixie-slim", "first")
    (tmp_path / "output").unlink()
    assert repository.run("ci", "lock", "--apt-answers", answers) == 0
    assert not (tmp_path / "output").exists()


def test_a_run_refreshes_what_it_is_asked_for(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = str(tmp_path / "answers.json")
    assert repository.run("lock") == 0
    repository.site.source("library/debian:trixie-slim", "second")
    before = repository.lock
    monkeypatch.setenv("IMAGE_MATRIX_NAMES", "zeta")
    assert repository.run("ci", "lock", "--apt-answers", answers) == 0
    assert repository.lock == before
    monkeypatch.setenv("IMAGE_MATRIX_NAMES", "zeta trixie")
    assert repository.run("ci", "ask-apt", answers) == 0
    assert repository.run("ci", "lock", "--apt-answers", answers) == 0
    assert repository.lock != before


@pytest.mark.parametrize("content", [None, b"[", b"[]"])
def test_a_run_without_answers_of_apt_locks_the_rest_and_says_so(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    answers = tmp_path / "answers.json"
    if content is not None:
        answers.write_bytes(content)
    assert repository.run("ci", "lock", "--apt-answers", str(answers)) == 0
    (failure,) = json.loads((tmp_path / "output").read_text().removeprefix("unreachable="))
    assert failure.startswith("apt packages: not asked")
    assert len(texts.read(repository.lock).python) == 10


def test_a_run_moves_what_the_answers_say(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository.run("lock") == 0
    variant, update = "base:python3.13", AptUpdate("less", "1", "2", "less", "1")
    found = AptFindings({variant: (update,)}, {variant: "trixie"}, frozenset(["trixie"]))
    (tmp_path / "answers.json").write_bytes(written(AptAnswers(frozenset(["trixie"]), found)))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    assert (
        repository.run("ci", "lock", "--names", "apt", "--apt-answers", str(tmp_path / "answers.json")) == 0
    )
    assert list(texts.read(repository.lock).apt) == ["trixie"]
    (line,) = json.loads((tmp_path / "output").read_text().removeprefix("apt_updates="))
    assert line == f"apt less: 1 → 2 on trixie, in {variant}"


def test_a_failure_of_the_index_blocks_children_only(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.change(
        "    from: lab\n", "    from: lab\n    pip: {extra_index_urls: ['http://127.0.0.1:9/none']}\n"
    )
    assert repository.run("lock") == 3
    said = capsys.readouterr().err
    assert "not locked: Python packages of science:python3.13: uv: " in said
    assert "leaf:python3.13: its parent science:python3.13 is not locked" in said
    assert set(texts.read(repository.lock).python) == {
        f"{image}:python{python}" for image in ("base", "lab", "other") for python in ("3.11", "3.13")
    }


def test_a_failed_upgrade_keeps_what_was_locked(repository: Repository) -> None:
    assert repository.run("lock") == 0
    before = repository.lock
    for folder in ("simple", "v2"):
        (repository.site.folder / folder).rename(repository.site.folder / f"{folder}.gone")
    assert repository.run("lock", "--upgrade") in (2, 3)
    assert repository.lock == before


def test_packages_of_an_index_of_their_own(repository: Repository) -> None:
    repository.site.package("alpha", "1.0+cpu", tags="both", index="cpu")
    repository.change(
        "    from: lab\n", "    from: lab\n    pip: {extra_index_urls: ['https://wheels.invalid/cpu']}\n"
    )
    assert repository.run("lock") == 0
    assert repository.packages("science:python3.13") == (
        "alpha==1.0+cpu @ https://wheels.invalid/cpu",
        "eta==1.0",
        "gamma==1.0",
    )
    inputs = read_inputs(repository.folder)
    found = pins(inputs.lock, load(inputs.texts, inputs.templates.kinds))
    assert found.requirements["science:python3.13"]["amd64"].startswith("alpha==1.0+cpu \\\n")
    assert found.requirements["leaf:python3.13"]["amd64"].startswith("delta==1.0 \\\n")


@pytest.mark.parametrize(("algorithm", "title"), [("sha256", "SHA-256"), ("sha512", "SHA-512")])
@pytest.mark.parametrize("given", ["right", "wrong"])
def test_a_checksum_in_the_matrix_is_verified(
    repository: Repository, capsys: pytest.CaptureFixture[str], given: str, algorithm: str, title: str
) -> None:
    right = hashlib.new(algorithm, b"the tool for amd64").hexdigest()
    stated = right if given == "right" else hashlib.new(algorithm, b"something else").hexdigest()
    repository.change('    version: "1.0"\n', f'    version: "1.0"\n    {algorithm}: {{amd64: "{stated}"}}\n')
    assert repository.run("lock") == (0 if given == "right" else 2)
    assert (f"has the {title} {right}" in capsys.readouterr().err) == (given == "wrong")
    assert texts.read(repository.lock).downloads.get("https://files.invalid/tool-1.0-amd64") == (
        right if given == "right" else None
    )


def test_a_file_that_was_locked_by_another_algorithm_is_read_again(repository: Repository) -> None:
    assert repository.run("lock") == 0
    stated = hashlib.sha512(b"something else").hexdigest()
    repository.change('    version: "1.0"\n', f'    version: "1.0"\n    sha512: {{amd64: "{stated}"}}\n')
    assert repository.run("lock") == 2


def test_what_is_no_more_asked_for_goes(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert repository.run("lock") == 0
    repository.change("  other:\n    from: base\n    pip: [epsilon]\n", "")
    assert repository.run("lock") == 0
    assert "epsilon" not in repository.lock
    assert "pip other:python3.13: 2 packages (gone)" in capsys.readouterr().out


def test_another_form_of_the_file_is_said_to_be_mended(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.run("lock") == 0
    first = repository.lock
    (repository.folder / texts.FILE).write_text(first.replace("\n\n", "\n\n\n"))
    capsys.readouterr()
    assert repository.run("lock") == 0
    said = capsys.readouterr()
    assert repository.lock == first
    assert said.out == "matrix.lock.yaml: the same entries, written in the usual form\n"
    assert "up to date" not in said.err


def test_comments_survive(repository: Repository) -> None:
    assert repository.run("lock") == 0
    commented = (
        repository.lock.replace("sources:\n", "# About sources\nsources:\n")
        .replace("    - gamma==1.0\n", "    # kept for the course\n    - gamma==1.0  # until June\n")
        .replace("  delta==1.0:\n", "  # About delta\n  delta==1.0:\n")
    )
    (repository.folder / texts.FILE).write_text(commented)
    repository.change("pip: [delta]", "pip: [delta, epsilon==1.0]")
    assert repository.run("lock") == 0
    for comment in (
        "# About sources\nsources:",
        "    # kept for the course\n    - gamma==1.0  # until June\n",
    ):
        assert comment in repository.lock
    assert "  # About delta\n  delta==1.0:\n" in repository.lock
    assert repository.lock.count("#") == commented.count("#")


def test_snapshots_only_where_they_are_asked_for(repository: Repository) -> None:
    assert repository.run("lock") == 0
    assert "\napt:" not in repository.lock
    repository.change("{images: {platforms", "{images: {apt: {snapshot: true}, platforms")
    assert repository.run("check", "--locked", "--no-diff") == 1
    assert repository.run("lock") == 0
    moment = texts.read(repository.lock).apt["trixie"]
    assert moment.endswith("T000000Z")
    text = repository.lock.replace(moment, "20260101T000000Z")
    (repository.folder / texts.FILE).write_text(text)
    assert repository.run("lock") == 0
    assert repository.lock == text
    assert repository.run("render") == 0
    dockerfile = (repository.folder / "images/base/python3.13/Dockerfile").read_text()
    assert "20260101T000000Z" in dockerfile
    assert repository.run("lock", "--upgrade", "apt") == 0
    assert repository.lock != text


def test_killed_at_any_moment_the_next_run_ends_well(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "image_matrix", "-C", str(repository.folder), "lock"]
    chance = random.Random(20261121)  # noqa: S311 - moments, not secrets
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = {*repository.folder.iterdir(), repository.folder / texts.FILE}
    for _ in range(6):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=chance.uniform(0.1, 2.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if (repository.folder / texts.FILE).exists():
            texts.read(repository.lock)
            (repository.folder / texts.FILE).unlink()
    assert subprocess.run(command, capture_output=True, check=False, env=dict(os.environ)).returncode == 0
    killed = repository.lock
    (repository.folder / texts.FILE).unlink()
    assert repository.run("lock") == 0
    assert repository.lock == killed
    assert set(repository.folder.iterdir()) == before
    # killed before it wrote its mark, a run leaves an empty folder for a day: nothing says on which machine it ran
    assert [folder for folder in temporary.glob("*image-matrix*") if any(folder.iterdir())] == []


def test_an_editors_swap_file_stays(repository: Repository) -> None:
    swap = repository.folder / f".{texts.FILE}.swp"
    swap.write_text("unsaved edits")
    os.utime(swap, (0, 0))
    assert repository.run("lock") == 0
    assert swap.read_text() == "unsaved edits"


def test_a_disk_that_takes_a_part_of_the_lock_leaves_the_old_one(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.run("lock") == 0
    old = repository.lock
    repository.change("pip: [delta]", "pip: [delta, epsilon==1.0]")
    with contextlib.ExitStack() as disk, monkeypatch.context() as patch:
        patch.setattr(texts, "write", then_full(disk, texts.write))
        assert repository.run("lock") == 3
    assert f"error: {repository.folder / texts.FILE}: file too large\n" in capsys.readouterr().err
    assert repository.lock == old
    assert repository.run("lock") == 0
    assert "epsilon==1.0" in repository.lock


def then_full(disk: contextlib.ExitStack, write: Callable[..., str]) -> Callable[..., str]:
    """Make a function that takes the room for half of the text that another one returns."""

    def limited(*arguments: Any) -> str:
        text = write(*arguments)
        disk.enter_context(largest_file(len(text) // 2))
        return text

    return limited
