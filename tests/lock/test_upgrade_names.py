"""What `lock --upgrade NAME` says of a name that has no entry, and what a failure is to run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.lock import _to_run_again
from image_matrix.diagnostics import catalogue
from image_matrix.errors import CallError
from image_matrix.lock.apt_updates import AptFindings
from image_matrix.lock.model import Lock
from image_matrix.lock.resolve_all import Outcome
from image_matrix.lock.resolver_api import ALL
from image_matrix.lock.upgrade_names import check_names
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.config.loaded import Loaded

MATRIX = """\
version: 1
registry: registry.example.org/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
downloads: {micromamba: {version: "2", url: "https://example.org/{version}", to: /usr/local/bin/micromamba}}
images:
  base: {from: debian, kind: base, apt: [git=1:2.47.*, r-base], downloads: [micromamba]}
  lab: {from: base, cran: [data.table], conda: [conda-forge::gdal]}
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
        ("openssl", "; for a package of apt: `image-matrix lock --upgrade apt`"),
        ("debain", "did you mean `debian`?"),
    ],
)
def test_a_package_without_an_entry_is_answered_with_what_moves_it(
    loaded: Loaded, name: str, advice: str
) -> None:
    with pytest.raises(CallError, match=f"nothing in the lock is called `{name}`") as caught:
        check_names(loaded, Lock(), (name,))
    assert caught.value.help.endswith(advice)


def test_what_the_remedies_name_is_known(loaded: Loaded) -> None:
    check_names(loaded, Lock(), ("apt", "conda", "cran", "debian"))
    check_names(loaded, Lock(), ALL)


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
    assert said == f"2 not locked; everything else is locked; run {command} again when they can be reached"


def test_what_follows_from_an_error_waits_for_its_remedy() -> None:
    """A child that is not locked because its parent has a package that nobody has: the network is not at fault."""
    finding = catalogue.BAD_VALUE.at(("images",), problem="no", advice="no")
    said = _to_run_again(Outcome(Lock(), (finding,), ("lab: its parent is not locked",)), ())
    assert said.endswith("run `image-matrix lock` again when the errors above are mended")


def test_where_only_apt_was_not_asked_the_rest_is_not_done_again() -> None:
    said = _to_run_again(outcome(apt=("a: no", "b: no")), ALL)
    assert said == (
        "the rest is locked; `image-matrix lock --upgrade apt` asks for updates of apt packages again"
    )
