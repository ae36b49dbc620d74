"""Which driver a node needs: what is built for one CUDA runs with every driver of its major version."""

from __future__ import annotations

import pytest

from image_matrix.config.accelerators import Accelerator
from image_matrix.config.drivers import min_driver


@pytest.mark.parametrize(
    ("version", "driver"),
    [("13.0", "580"), ("13.2.1", "580"), ("12.0", "525"), ("12.9", "525"), ("11.8", "450"), ("13", "580")],
)
def test_a_major_version_of_cuda_has_one_driver(version: str, driver: str) -> None:
    assert min_driver(Accelerator("cuda", version=version, device="nvidia.com/gpu")) == driver
    assert min_driver(Accelerator("part", version=version, device="nvidia.com/mig-1g.10gb")) == driver


@pytest.mark.parametrize(
    "item",
    [
        Accelerator("cuda", device="nvidia.com/gpu"),
        Accelerator("later", version="99.0", device="nvidia.com/gpu"),
        Accelerator("rocm", version="13.0", device="amd.com/gpu"),
        Accelerator("none", version="13.0"),
    ],
    ids=lambda item: item.name,
)
def test_nobody_says(item: Accelerator) -> None:
    assert min_driver(item) == ""


def test_the_matrix_wins() -> None:
    assert min_driver(Accelerator("cuda", version="13.0", device="nvidia.com/gpu", min_driver="535")) == "535"
    assert min_driver(Accelerator("rocm", version="7.0", device="amd.com/gpu", min_driver="6.14")) == "6.14"
