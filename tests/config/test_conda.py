"""What an image installs from conda beside what it lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from image_matrix.config.conda import conda_packages, needs_micromamba
from image_matrix.lock.pins import Pins
from image_matrix.planning.key_inputs import key_inputs
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all

GOOD = Path(__file__).parents[1] / "fixtures/good"
FAMILY = GOOD / "conda-files"


def test_a_python_of_conda_brings_its_installers() -> None:
    base = load_inputs(read_inputs(FAMILY)).variants["base:python3.13"]
    assert base.packages == {}
    assert conda_packages(base) == ("python=3.13", "pip", "conda", "mamba")
    listing = replace(base, packages={"conda": ("conda-forge::mamba=2.3", "six")})
    assert conda_packages(listing) == ("python=3.13", "pip", "conda", "conda-forge::mamba=2.3", "six")
    assert conda_packages(replace(base, foreign=True)) == ()
    assert conda_packages(replace(base, python_provider="uv")) == ()


def test_micromamba_is_in_the_key_of_an_image_that_lists_no_package_of_conda() -> None:
    inputs = read_inputs(FAMILY)
    loaded = load_inputs(inputs)
    base = loaded.variants["base:python3.13"]
    assert needs_micromamba(base)
    rendered = render_all(loaded, Pins(), inputs.templates)
    names = key_inputs(loaded, Pins(), inputs.templates, rendered, base, "linux/amd64")
    assert {"download micromamba", "lock: micromamba", "conda channels"} <= set(names)


def test_channels_have_placeholders() -> None:
    loaded = load_inputs(read_inputs(GOOD / "channels-of-values"))
    assert {name: item.channels for name, item in loaded.variants.items()} == {
        "base:stack1.2_b3": ("team/label/next", "https://conda.example.org/1/base", "conda-forge"),
        "base:stack1.1": ("team", "https://conda.example.org/1/base", "conda-forge"),
        "child:stack1.2_b3": ("team/label/next", "https://conda.example.org/1/base", "conda-forge"),
        "child:stack1.1": ("team", "https://conda.example.org/1/base", "conda-forge"),
        "gpu:default": ("nvidia/label/cuda-13.0", "conda-forge"),
    }
    assert loaded.variants["child:stack1.2_b3"].packages["conda"] == ("tool=*=cuda13+mkl",)
