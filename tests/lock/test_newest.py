"""The newest versions that fit what the parents are locked to, with the real uv on an index of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.newest import with_version, without_version

if TYPE_CHECKING:
    from tests.lock.site import Repository


def image(repository: Repository, name: str) -> str:
    text = (repository.folder / "matrix.yaml").read_text(encoding="utf-8")
    return text.partition(f"  {name}:\n")[2].partition("workflow")[0]


@pytest.mark.slow
def test_a_package_without_a_version_gets_the_newest(repository: Repository) -> None:
    assert repository.run("add", "new", "--from", "base", "--pip", "Alpha", "--pip", "beta==1.0") == 0
    assert image(repository, "new") == "    from: base\n    pip: [Alpha==2.0, beta==1.0]\n"


@pytest.mark.slow
def test_what_a_parent_is_locked_to_counts(repository: Repository) -> None:
    assert repository.run("lock") == 0
    assert repository.run("add", "new", "--from", "science", "--pip", "alpha") == 0
    assert "pip: [alpha==1.0]" in image(repository, "new")


@pytest.mark.slow
def test_variants_that_differ_get_what_all_can_have(repository: Repository) -> None:
    folder = repository.site.folder / "simple" / "alpha"
    page = folder / "index.html"
    lines = page.read_text().splitlines()
    page.write_text("\n".join(line for line in lines if "2.0-cp311" not in line))
    assert repository.run("add", "new", "--from", "base", "--pip", "alpha") == 0
    assert "pip: [alpha==1.0]" in image(repository, "new")


def test_an_unknown_package_changes_nothing(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (repository.folder / "matrix.yaml").read_text()
    assert repository.run("add", "new", "--from", "base", "--pip", "nothing-like-it") == 2
    printed = capsys.readouterr().err
    assert "nothing-like-it was not found" in printed
    assert "check the name" in printed
    assert "--pip" not in printed
    assert (repository.folder / "matrix.yaml").read_text() == before


def test_a_misspelt_package_is_answered_with_one_that_other_images_list(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.run("add", "new", "--from", "base", "--pip", "aplha") == 2
    assert "did you mean `alpha`?" in capsys.readouterr().err


def test_an_index_that_fails_changes_nothing(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.change(f"127.0.0.1:{repository.site.port}/simple/", "127.0.0.1:1/simple/")
    before = (repository.folder / "matrix.yaml").read_text()
    assert repository.run("add", "new", "--from", "base", "--pip", "alpha") == 3
    assert "--pip NAME==VERSION" in capsys.readouterr().err
    assert (repository.folder / "matrix.yaml").read_text() == before


def test_extras_and_markers_stay() -> None:
    text = "Dask[array] ; python_version > '3.11'"
    assert without_version(["a==1", text, "b>=1"]) == (text,)
    assert with_version(text, {"dask": "2.0"}) == "Dask[array]==2.0; python_version > '3.11'"
    assert without_version(["a=1", "b c", "git+https://example.org/a.git"]) == ()


def test_a_password_in_an_address_is_not_printed(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "git+https://me:hunter2@example.org/a.git"
    assert repository.run("add", "new", "--from", "base", "--pip", address) == 2
    printed = capsys.readouterr().err
    assert "is not a valid Python requirement" in printed
    assert "hunter2" not in printed
