"""Requirements are taken and refused as the real uv does it, and what is refused is told a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.config.requirement import problem
from image_matrix.lock.uv_program import runner

if TYPE_CHECKING:
    from pathlib import Path

GOOD = (
    "six", "six==1.17.0", "six ==1 , <2", "six>=1,<2", "six[a,b]==1", "six~=1.0", "six~=1.0rc1", "six==1.*",
    "six!=1.*,>0", "six==v1.0", "six==1.0-1", "six==1.0.Dev", "six==1.0RC1", "six==1.0+ubuntu_1", "six==1!2.0",
    "six==01.02", "six==1.0.post1.dev2", "six==1.0-post-1", "six==1.0c1", "six==1.0.alpha.1", "six==1.0preview2",
    "six==1.0r4", "six!=1.0+cu130", "six<1", "six==1 ; python_version in '3.11'", "six==1; os.name=='posix'",
    "six==1; python_version not  in '3.11'", 'six==1; python_version == "3.*"', "six; '3' <python_version",
    "six==1; (python_version<'3.11' and os_name=='posix') or extra=='x'", "six; platform_release >= '5-generic'",
    "six==1; python_version < '3'and os_name=='x'", "six; python_implementation=='CPython'",
    "six===1.0", "six===1.0,>0",
    "six; ((sys_platform == 'linux')) and (os_name == 'a' or os_name == 'b')", "six; platform_machine != ''",
)  # fmt: skip
BAD = {
    "six==latest": "`latest` is not a version; write one such as `==1.17.1`, or the name alone for the newest",
    "six===latest": "`latest` is not a version; write one such as `===1.17.1`",
    "six==1.x": "`1.x` is not a version; write `==1.*`",
    "six>=3.X": "`3.X` is not a version; write `>=3`",
    "six~=1.x": "`1.x` is not a version; write `==1.*`",
    "six==1.*.*": "`1.*.*` is not a version; write `==1.*`",
    "six==1_0": "`1_0` is not a version;",
    "six==1.0.": "`1.0.` is not a version;",
    "six==*": "`*` is not a version;",
    "six==1.0a1.*": "`1.0a1.*` is not a version;",
    "six~=1": "`~=` needs two numbers; write `~=1.0`, which takes every 1.*",
    "six~=1rc1": "`~=` needs two numbers; write `~=1.0rc1`",
    "six>=1.*": "`>=` cannot be followed by `.*`; write `>=1`",
    "six~=1.*": "`~=` cannot be followed by `.*`; write `==1.*`",
    "six>=1+cu": "`+cu` cannot be compared with `>=`; write `>=1`",
    "six>=1,==x": "`x` is not a version;",
    "six==1; python_version < 3.12": "put `3.12` in quotes: `python_version < '3.12'`",
    "six==1; 3.12 > python_version": "put `3.12` in quotes: `'3.12' > python_version`",
    "six==1; sys_platform == linux": "put `linux` in quotes: `sys_platform == 'linux'`",
    "six==1; pyton_version < '3'": "`pyton_version` is not a marker; did you mean `python_version`?",
    "six==1; os_name == 'a' and extras == 'x'": "`extras` is not a marker; did you mean `extra`?",
    "six==1; python_version": "`python_version` is not a marker; write, for example, `python_version < '3.12'`",
    "six==1; python_version < '3": "`python_version < '3` is not a marker;",
    "six==1; python_version <> '3'": "`python_version <> '3'` is not a marker;",
    "six==1; python_version === '3'": "`python_version === '3'` is not a marker;",
    "six==1; sys_platform == 'linux' or": "`sys_platform == 'linux' or` is not a marker;",
    "six==1; (os_name == 'a'": "`(os_name == 'a'` is not a marker;",
    "six==1; os_name == 'a' os_name == 'b'": "is not a marker;",
    "six==1; ()": "`()` is not a marker;",
    "six==1;": "a marker is missing;",
}


@pytest.mark.parametrize("requirement", GOOD)
def test_what_is_right_is_taken(requirement: str) -> None:
    assert problem(requirement) is None


@pytest.mark.parametrize("requirement", BAD)
def test_what_is_wrong_has_a_remedy(requirement: str) -> None:
    assert BAD[requirement] in (problem(requirement) or "")


def test_a_version_is_compared_with_a_version() -> None:
    """uv takes it without a word, and the package is in the image whatever its Python."""
    assert (
        problem("six; python_version < 'abc'")
        == "`abc` is not a version; write, for example, `python_version < '3.12'`"
    )


def asked(folder: Path, *requirements: str) -> str:
    """What uv says about requirements, without asking an index."""
    file = folder / "requirements.in"
    file.write_text("".join(f"{item}\n" for item in requirements), encoding="utf-8")
    return runner()(["pip", "compile", "--offline", "--no-index", "--no-config", str(file)], {})[1]


def test_uv_takes_what_is_right(tmp_path: Path) -> None:
    assert "Couldn't parse" not in asked(tmp_path, *GOOD)


@pytest.mark.parametrize("requirement", BAD)
def test_uv_refuses_what_is_wrong(requirement: str, tmp_path: Path) -> None:
    assert "Couldn't parse" in asked(tmp_path, requirement)
