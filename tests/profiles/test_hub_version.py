from __future__ import annotations

import pytest

from image_matrix.validate.hub_versions import other_major


@pytest.mark.parametrize(
    "entry",
    [
        "jupyterhub==5.4.0",
        "jupyterhub==5.*",
        "jupyterhub>=4",
        "jupyterhub<6,>=5",  # the first number alone would say 6
        "JupyterHub[x]~=5.1",
        "jupyterhub==4.1; python_version < '3.9'",
        "jupyterhub",
    ],
)
def test_entries_that_allow_the_hubs_major_version(entry: str) -> None:
    assert other_major("pip", entry, "5.5.0") is None


@pytest.mark.parametrize(
    ("entry", "version"),
    [
        ("jupyterhub==4.1.6", "4.1.6"),
        ("jupyterhub===4.1", "4.1"),
        ("jupyterhub>=6", ">=6"),
        ("jupyterhub<5,>=4", "<5,>=4"),
    ],
)
def test_entries_that_do_not(entry: str, version: str) -> None:
    assert other_major("pip", entry, "5.5.0") == version


def test_conda() -> None:
    assert other_major("conda", "jupyterhub=5", "5.5.0") is None
    assert other_major("conda", "jupyterhub==4.1.6=py_0", "5.5.0") == "4.1.6"
