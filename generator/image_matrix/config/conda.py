"""Knows what an image installs from conda beside the packages that the matrix lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.layer_order import NO_KIND
from image_matrix.config.package_names import package_name

if TYPE_CHECKING:
    from image_matrix.config.model import Variant
    from image_matrix.config.network import Mirrors

MICROMAMBA = "micromamba"
"""The download that installs conda packages; it is found by its name and needs no place in an image."""
CHANNELS = "https://conda.anaconda.org"
"""Where channels that are given by their name are. Source: docs.conda.io, "Custom channels"."""
ANACONDA = "https://repo.anaconda.com/pkgs/main"
"""What `defaults` mostly stands for among channels."""
PREFIX = "/opt/conda"
INSTALLERS = ("pip", "conda", "mamba")
"""What users of an environment of conda install with. Source of the list: github.com/conda-forge/miniforge, README."""


def channel_address(channel: str) -> str:
    """Return the public address of a channel."""
    return channel if "://" in channel else f"{CHANNELS}/{channel}"


def channel_mirrors(mirrors: Mirrors) -> dict[str, str]:
    """Return the prefixes of addresses of channels, each with its mirror."""
    return {**mirrors.index_urls, **({CHANNELS: mirrors.conda} if mirrors.conda else {})}


def conda_packages(variant: Variant) -> tuple[str, ...]:
    """Return the packages of conda that an image installs, those that make its Python included."""
    listed = variant.packages.get("conda", ())
    if variant.conda_lock:
        return listed
    python = variant.values.get("python")
    if not (_makes_environment(variant) and python):
        return listed
    names = {package_name("conda", item) for item in listed}
    return (f"python={python}", *(name for name in INSTALLERS if name not in names), *listed)


def needs_micromamba(variant: Variant) -> bool:
    """Say whether micromamba installs something in an image; elsewhere the conda of its source does."""
    if variant.foreign and variant.kind == NO_KIND:
        return False
    return _makes_environment(variant) or bool(variant.packages.get("conda"))


def python_prefix(variant: Variant) -> str:
    """Return the folder of the Python that a kind installs packages into."""
    return PREFIX if variant.python_provider == "conda" else "/opt/venv"


def _makes_environment(variant: Variant) -> bool:
    return variant.parent is None and not variant.foreign and variant.python_provider == "conda"
