"""Addresses in Python requirements have to name the same bytes for ever; what does not is told what to write."""

from __future__ import annotations

import pytest

from image_matrix.config.package_names import package_name
from image_matrix.config.pattern import fits
from image_matrix.config.requirement import problem
from image_matrix.config.schema import schema
from image_matrix.importing.sayable import sayable

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HASH = "a" * 64
WHEEL = "https://files.example.org/y-1-py3-none-any.whl"
GOOD = (
    f"x @ git+https://git.example.org/x.git@{COMMIT}",
    f"x[a,b] @ git+https://git.example.org:8443/x.git@{COMMIT}#subdirectory=python/x",
    f"x @ git+https://git.example.org/x.git@{COMMIT} ; python_version >= '3.12'",
    f"y@{WHEEL}#sha256={HASH}",
    f"y @ https://files.example.org/y-1.tar.gz#sha256={HASH}&subdirectory=y",
)
BAD = {
    "x @ git+https://git.example.org/x.git": "`git ls-remote https://git.example.org/x.git HEAD` prints it",
    "x @ git+https://git.example.org/x.git@main": "`git ls-remote https://git.example.org/x.git main` prints it",
    f"x @ git+https://git.example.org/x.git@{COMMIT[:7]}": "can become another commit",
    f"x @ git+https://git.example.org/x.git@{COMMIT}#egg=x": "remove it, or write `#subdirectory=FOLDER`",
    f"x @ git+ssh://git@git.example.org/x.git@{COMMIT}": f"`git+https://git.example.org/x.git@{COMMIT}`",
    f"x @ hg+https://hg.example.org/x@{COMMIT}": "`hg+https` is not supported; write `git+https://",
    f"y @ {WHEEL}": f"`curl --location {WHEEL} | sha256sum` prints it",
    f"y @ {WHEEL}#md5={HASH[:32]}": "the checksum is missing",
    f"y @ https://git.example.org/x.git@{COMMIT}": "`git+https://…@COMMIT` for a repository",
    "y @ file:///srv/y-1-py3-none-any.whl": "`file` is not supported",
    f"y @ {WHEEL}#sha256={HASH};python_version>='3'": "put a space before the `;`",
}


@pytest.mark.parametrize("requirement", GOOD)
def test_what_names_its_bytes_is_taken(requirement: str) -> None:
    assert problem(requirement) is None
    assert fits(schema()["$defs"]["pipPackage"]["pattern"], requirement)
    assert package_name("pip", requirement) == requirement[0]


@pytest.mark.parametrize("requirement", BAD)
def test_what_can_change_has_a_remedy(requirement: str) -> None:
    assert BAD[requirement] in (problem(requirement) or "")


def test_imports_take_what_is_pinned() -> None:
    assert sayable("pip", f"y@{WHEEL}#sha256={HASH}") == f"y @ {WHEEL}#sha256={HASH}"
    assert sayable("pip", "x @ git+https://git.example.org/x.git@main") is None
    assert sayable("pip", f"x @ git+https://token@git.example.org/x.git@{COMMIT}") is None
