"""How images are asked for updates of apt packages: the definition, what is done about failures, and the answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.build.apt_question import (
    AT_ONCE,
    CHANGELOGS,
    UPDATES,
    Answers,
    AskSettings,
    ImageToAsk,
    ask_images,
    read_files,
)
from image_matrix.build.failure import failed_target
from image_matrix.build.process import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Bake = Callable[[list[str], Path], Completed]

BASE = "docker.io/library/debian:trixie-slim@sha256:" + "1" * 64
SETTINGS = AskSettings(UPDATES, "a1b2", ("id=site,env=IMAGE_MATRIX_SITE",), {"http_proxy": "http://${x}:1"})
SCRIPTS = Path(__file__).parents[2] / "generator/image_matrix/build/in_image"


def image(name: str, **fields: str) -> ImageToAsk:
    reference = f"ghcr.io/example/{name}@sha256:" + "2" * 64
    return ImageToAsk(f"{name}:default", name, "linux/amd64", reference, "debian", BASE, **fields)


def failing(target: str, reason: str) -> str:
    return f"#5 ERROR: x\n------\nERROR: target {target}: failed to solve: {reason}\n"


def ask(folder: Path, names: list[str], bake: Bake, calls: list[list[str]] | None = None) -> Answers:
    def run(command: list[str], at: Path, _: Mapping[str, str]) -> Completed:
        targets = command[command.index("--progress=plain") + 1 :]
        (calls if calls is not None else []).append(targets)
        return bake(targets, at)

    return ask_images(
        [image(name) for name in names], SETTINGS, ("--builder=x",), {}, folder, run, lambda _: None
    )


def answering(targets: list[str], folder: Path, files: Mapping[str, str]) -> Completed:
    for target in targets:
        (folder / "answers" / target).mkdir(parents=True)
        for name, text in files.items():
            (folder / "answers" / target / name).write_text(text)
    return Completed(0, "")


def test_each_image_is_a_target_whose_answers_are_exported(tmp_path: Path) -> None:
    ask(tmp_path, ["base"], lambda *_: Completed(0, ""))
    definition: dict[str, Any] = json.loads((tmp_path / "docker-bake.json").read_text())
    assert definition["target"]["base"] == {
        "context": "base",
        "contexts": {
            "asked.invalid/image": f"docker-image://ghcr.io/example/base@sha256:{'2' * 64}",
            "asked.invalid/base": f"docker-image://{BASE}",
        },
        "args": {"http_proxy": "http://$${x}:1", "MOMENT": "", "RUN": "a1b2"},
        "platforms": ["linux/amd64"],
        "attest": ["type=provenance,disabled=true"],
        "secret": ["id=site,env=IMAGE_MATRIX_SITE"],
        "output": ["type=local,dest=answers/base"],
    }
    text = (tmp_path / "base/Dockerfile").read_text()
    assert "id=apt-lists-debian,target=/var/lib/apt" in text
    assert (tmp_path / "base/script.sh").read_text() == (SCRIPTS / UPDATES).read_text()


def test_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    calls: list[list[str]] = []

    def bake(targets: list[str], folder: Path) -> Completed:
        for name in ("two", "four"):
            if name in targets:
                return Completed(1, failing(name, f"{name} is not there"))
        return answering(targets, folder, {"upgradable": "Inst x"})

    answers = ask(tmp_path, ["one", "two", "three", "four"], bake, calls)
    assert calls == [["one", "two", "three", "four"], ["one", "three", "four"], ["one", "three"]]
    assert answers.failures == {"two:default": "two is not there", "four:default": "four is not there"}
    assert {*answers.texts} == {"one:default", "three:default"}


def test_a_failure_of_nobody_is_one_of_all(tmp_path: Path) -> None:
    calls: list[list[str]] = []
    answers = ask(tmp_path, ["one", "two"], lambda *_: Completed(1, "ERROR: no builder x\n"), calls)
    assert answers.failures == dict.fromkeys(("one:default", "two:default"), "no builder x")
    assert len(calls) == 1


def test_what_the_script_reports_is_a_failure(tmp_path: Path) -> None:
    files = {"failed": "apt-get update\nE: no such host\n", "upgradable": ""}
    answers = ask(tmp_path, ["one"], lambda targets, folder: answering(targets, folder, files))
    assert answers == Answers({}, {"one:default": "apt-get update E: no such host"})


def test_many_images_are_asked_some_at_a_time(tmp_path: Path) -> None:
    calls: list[list[str]] = []
    names = [f"i{number}" for number in range(2 * AT_ONCE + 1)]
    answers = ask(
        tmp_path, names, lambda targets, folder: answering(targets, folder, {"a": targets[0]}), calls
    )
    assert [len(one) for one in calls] == [AT_ONCE, AT_ONCE, 1]
    assert len(answers.texts) == len(names)


def test_links_of_an_image_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "upgradable").write_text("Inst x")
    (tmp_path / "installed").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert read_files(tmp_path) == {"upgradable": "Inst x"}
    assert read_files(tmp_path / "none") == {}


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (failing("base_default", "x: exit code: 1"), ("base_default", "x: exit code: 1")),
        ("ERROR: failed to solve: refused\n", ("", "refused")),
        ("", ("", "docker did not print a reason")),
    ],
)  # fmt: skip
def test_the_last_error_names_its_target(tail: str, expected: tuple[str, str]) -> None:
    assert failed_target(tail) == expected


def test_the_question_is_about_what_the_step_does() -> None:
    """The step in images on a source and the question choose the lists of the distribution in the same way."""
    macros = (SCRIPTS.parents[3] / "templates/dockerfiles/macros.j2").read_text()
    script = (SCRIPTS / UPDATES).read_text()
    start, end = script.index("mkdir -p /tmp/distribution"), script.index("done\n")
    assert script[start:end] in macros
    options = (
        "--option Dir::State::lists=/tmp/distribution --option Dir::Cache::pkgcache=",
        "--option Dir::Cache::srcpkgcache=",
        "upgrade --yes --with-new-pkgs",
    )
    assert all(option in macros for option in options)
    assert all(option in script for option in (*options[:2], "upgrade --with-new-pkgs"))
    assert (SCRIPTS / CHANGELOGS).is_file()
