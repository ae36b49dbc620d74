"""Which files of packages fit, and the requirements files that name them."""

from __future__ import annotations

import pytest

from image_matrix.lock.requirements import Hashes, fits, wheel_tag

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("tag", "python", "machine", "expected"),
    [
        ("sdist", "3.13", "x86_64", True),
        ("py3-none-any", "3.13", "aarch64", True),
        ("py2.py3-none-any", "3.13", "x86_64", True),
        ("cp313-cp313-manylinux_2_28_x86_64", "3.13", "x86_64", True),
        ("cp313-cp313-manylinux_2_28_x86_64", "3.13", "aarch64", False),
        ("cp313-cp313-manylinux_2_28_x86_64", "3.11", "x86_64", False),
        ("cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64", "3.11", "x86_64", True),
        ("cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64", "3.13", "x86_64", False),
        ("cp39-abi3-manylinux_2_28_aarch64", "3.13", "aarch64", True),
        ("cp312-abi3-manylinux_2_28_aarch64", "3.11", "aarch64", False),
        ("py310-none-any", "3.13", "x86_64", True),
        ("1-cp313-cp313-linux_x86_64", "3.13", "x86_64", True),
        ("py3-none-manylinux_2_27_x86_64.manylinux_2_28_x86_64", "3.12", "x86_64", True),
    ],
)
def test_which_files_fit(tag: str, python: str, machine: str, expected: bool) -> None:
    assert fits(tag, python, machine) is expected


def test_tags_of_file_names() -> None:
    assert (
        wheel_tag("numpy-2.4.6-cp313-cp313-manylinux_2_28_x86_64.whl") == "cp313-cp313-manylinux_2_28_x86_64"
    )
    assert wheel_tag("torch-2.12.0+cpu-1-cp313-cp313-linux_x86_64.whl") == "1-cp313-cp313-linux_x86_64"
    assert wheel_tag("kfp_server_api-2.17.3.tar.gz") == "sdist"


def test_a_requirements_file() -> None:
    table = Hashes({"b==1": {"py3-none-any": B, "sdist": A}, "a==1+cpu @ https://e.org": {"sdist": A}})
    assert table.text(["b==1", "a==1+cpu @ https://e.org"], "3.13", "amd64") == (
        f"a==1+cpu \\\n    --hash=sha256:{A}\nb==1 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n"
    )
    assert table.text(["c==1"], "3.13", "amd64") is None
