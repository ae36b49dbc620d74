"""What `lock --upgrade NAME` says of a name that has no entry, and what a failure is to run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.lock import _to_run_again
from image_matrix.diagnostics import catalogue
from image_matrix.errors import CallError
from image_matrix.lock.apt_updates import AptFindings
from image_matrix.lock.model import Lock, LockedPackages
from image_matrix.lock.resolve_all import Outcome
from image_matrix.lock.resolver_api import ALL
from image_matrix.lock.upgrade_names import names_in_lock, pinned_lines
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.config.loaded import Loaded

MATRIX = """\
version: 1
registry: registry.example.org/team
workflow: none
axes: {python: ["3.13"]}
sources: {debian: "docker.io/library/debian:trixie-slim"}
downloads: {micromamba: {version: "2", url: "https://example.org/{version}", to: /usr/local/bin/micromamba}}
images:
  base: {from: debian, kind: base, apt: [git=1:2.47.*, r-base], downloads: [micromamba]}
  lab: {from: base, cran: [data.table], conda: [conda-forge::gdal], apt: [npm], npm: ["@jupyter/chat@1.2.0"]}
  science: {from: debian, kind: base, python_provider: uv, axes: [python], pip: [uv==0.13.8, six]}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    return load_inputs(read_inputs(tmp_path))


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("git", "what apt installs moves together: `image-matrix lock --upgrade apt`"),
        ("gdal", "what conda installs moves together: `image-matrix lock --upgrade conda`"),
        ("data.table", "R packages move together: `image-matrix lock --upgrade cran`"),
        (
            "@jupyter/chat",
            "packages of npm are not locked: change the version where the matrix lists it",
        ),
        ("openssl", "; for a package of apt: `image-matrix lock --upgrade apt`"),
        ("debain", "did you mean `debian`?"),
        ("scienc", "did you mean `science`?"),
        (
            "bsae",
            "`micromamba` and 2 more; for a package of apt: `image-matrix lock --upgrade apt`",
        ),
    ],
)
def test_a_package_without_an_entry_is_answered_with_what_moves_it(
    loaded: Loaded, name: str, advice: str
) -> None:
    with pytest.raises(CallError, match=f"nothing in the lock is called `{name}`") as caught:
        names_in_lock(loaded, Lock(), (name,))
    assert caught.value.help.endswith(advice)


def test_what_the_remedies_name_is_known(loaded: Loaded) -> None:
    names_in_lock(loaded, Lock(), ("apt", "conda", "cran", "debian"))
    names_in_lock(loaded, Lock(), ALL)


def outcome(*failures: str, apt: tuple[str, ...] = ()) -> Outcome:
    return Outcome(Lock(), (), (*failures, *apt), apt=AptFindings(failures=apt))


@pytest.mark.parametrize(
    ("upgraded", "command"),
    [
        ((), "`image-matrix lock`"),
        (ALL, "`image-matrix lock --upgrade`"),
        (("apt", "a b"), "`image-matrix lock --upgrade apt 'a b'`"),
    ],
)
def test_the_command_that_failed_is_run_again(upgraded: tuple[str, ...], command: str) -> None:
    said = _to_run_again(outcome("debian: no", apt=("not asked",)), upgraded)
    assert said == f"2 not locked; the rest is locked; run {command} again when they can be reached"


def test_what_follows_from_an_error_waits_for_its_remedy() -> None:
    """A child that is not locked because its parent has a package that nobody has: the network is not at fault."""
    finding = catalogue.BAD_VALUE.at(("images",), problem="no", advice="no")
    said = _to_run_again(Outcome(Lock(), (finding,), ("lab: its parent is not locked",)), ())
    again = "run `image-matrix lock` again when the errors above are mended"
    assert said == f"1 not locked; what has no error is locked; {again}"


def test_where_only_apt_was_not_asked_the_rest_is_not_done_again() -> None:
    said = _to_run_again(outcome(apt=("a: no", "b: no")), ALL)
    assert said == (
        "the rest is locked; `image-matrix lock --upgrade apt` asks for updates of apt packages again"
    )


PINNED = """\
version: 1
registry: registry.example.org/team
workflow: none
axes: {python: ["3.13", "3.11"]}
sources: {debian: "docker.io/library/ubuntu:24.04"}
bundles: {course: {pip: [Jupyter_Core==5.9.1]}}
images:
  base: {from: debian, kind: base, axes: [python], python_provider: uv, pip: [uv==0.13.8, tabulate>=0.8]}
  lab:
    from: base
    bundles: [course]
    pip: [tabulate==0.8.9, "rich==15.*"]
  tabulate: {from: base, pip: [six]}
"""
LOCKED = Lock(
    python={
        "base:python3.13": LockedPackages("0" * 16, {"amd64": ("tabulate==0.8.9",)}),
        "lab:python3.13": LockedPackages("0" * 16, {"amd64": ("jupyter-core==5.9.1",)}),
    }
)
LAB = ("lab:python3.13", "lab:python3.11")


@pytest.fixture
def with_pins(tmp_path: Path) -> Loaded:
    (tmp_path / "matrix.yaml").write_text(PINNED)
    return load_inputs(read_inputs(tmp_path))


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("Jupyter_Core", ("jupyter-core",)),
        ("jupyter.core", ("jupyter-core",)),
        ("lab", LAB),
        ("lab:python3.11", LAB[1:]),
        ("tabulate", ("tabulate",)),
    ],
)
def test_a_name_is_that_of_the_lock(with_pins: Loaded, name: str, names: tuple[str, ...]) -> None:
    assert names_in_lock(with_pins, LOCKED, (name,)) == names


TABULATE = "matrix.yaml:12 pins tabulate==0.8.9"
CORE = "matrix.yaml:6 pins Jupyter_Core==5.9.1"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("tabulate",), f"{TABULATE}: change it there"),
        (LAB, f"{CORE}, {TABULATE}: change them there"),
        (("base:python3.11",), "matrix.yaml:8 pins uv==0.13.8: change it there"),
        (("rich",), None),
        (ALL, None),
    ],
)
def test_what_the_matrix_pins_is_said_to_stay(
    with_pins: Loaded, names: tuple[str, ...], said: str | None
) -> None:
    assert pinned_lines(with_pins, names) == said


def test_a_digest_in_the_matrix_is_said_to_stay(tmp_path: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    pinned = PINNED.replace("ubuntu:24.04", f"ubuntu:24.04@{digest}")
    frontend = f"network: {{frontend: 'docker.io/docker/dockerfile:1@{digest}'}}"
    (tmp_path / "matrix.yaml").write_text(f"{pinned}{frontend}\n")
    loaded = load_inputs(read_inputs(tmp_path))
    said = f"matrix.yaml:5 pins debian to {digest}"
    assert pinned_lines(loaded, ("debian",)) == f"{said}: change it there"
    assert pinned_lines(loaded, (f"docker.io/library/ubuntu:24.04@{digest}",)) == f"{said}: change it there"
    both = f"{said}, matrix.yaml:14 pins frontend to {digest}: change them there"
    assert pinned_lines(loaded, ("debian", "frontend")) == both
