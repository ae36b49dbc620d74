"""Tells the oldest driver that a node needs for images with an accelerator.

An image that is built for one version of CUDA runs with every driver of its major version, and with later ones: NVIDIA
calls this minor version compatibility. nvidia_drivers.json has the table and its source.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.accelerators import Accelerator

NVIDIA = "nvidia.com/"


def min_driver(item: Accelerator) -> str:
    """Return the oldest driver: what the matrix says, else NVIDIA's for the major version; empty if nobody says."""
    return item.min_driver or family_driver(item)


def family_driver(item: Accelerator) -> str:
    """Return NVIDIA's oldest driver for all versions of CUDA with the same major version; empty if there is none."""
    is_cuda = (item.device or "").startswith(NVIDIA)
    return _drivers().get(item.version.partition(".")[0], "") if is_cuda else ""


@cache
def _drivers() -> Mapping[str, str]:
    table = Path(__file__).with_name("nvidia_drivers.json").read_text(encoding="utf-8")
    drivers: Mapping[str, str] = json.loads(table)["drivers"]
    return drivers
