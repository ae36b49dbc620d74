"""Images whose Python is an environment of conda."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from image_matrix.build.network_script import StepNetwork, script
from image_matrix.config.network import Mirrors
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load, load_inputs
from image_matrix.project.render import render_all

FAMILY = Path(__file__).parent / "conda_family"
CHANNELS = Path(__file__).parents[1] / "fixtures/good/conda-channels/matrix.yaml"


def dockerfiles(pins: Pins) -> dict[str, str]:
    inputs = read_inputs(FAMILY)
    files = render_all(load_inputs(inputs), pins, inputs.templates)
    return {
        path.split("/")[1]: file.content.decode()
        for path, file in files.items()
        if path.endswith("/Dockerfile")
    }


def test_the_environment_of_conda_is_the_only_python() -> None:
    texts = dockerfiles(Pins())
    assert all("/opt/venv" not in text for text in texts.values())
    assert "PATH=/opt/conda/bin:${PATH:-" in texts["lab"]
    assert "CONDA_PREFIX=/opt/conda " in texts["lab"]
    assert "CONDA_PREFIX=" not in texts["geo"], "it is inherited"
    listed = ("python=3.13", "pip", "conda", "mamba", "jupyterlab=4.6", "jupyterhub-singleuser=5.5")
    assert " \\\n    ".join(listed) in texts["lab"]
    assert "python=3.13" not in texts["geo"]
    assert " \\\n    gdal=3.12\n" in texts["geo"], "it stands in geo/environment.yml"
    assert "channels: [conda-forge, bioconda]" in texts["geo-bio"]


def test_pip_installs_into_it_and_leaves_what_conda_installed() -> None:
    pins = Pins(requirements={"geo:python3.13": {"amd64": "six==1.17.0 --hash=sha256:00\n"}})
    text = dockerfiles(pins)["geo"]
    assert "uv pip install --python /opt/conda/bin/python \\" in text
    left = '"${python}" - "/run/requirements/${TARGETARCH}.txt" uv six > /tmp/requirements.txt'
    assert text.index("uv pip check") < text.index(left) < text.index("--requirement /tmp/requirements.txt")
    assert "/opt/conda/bin/python -m pip install --no-cache-dir" in text, "uv comes with pip"


def bash(text: str) -> str:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], check=True, capture_output=True, text=True
    ).stdout


def variables(text: str) -> dict[str, str]:
    """What an image of the built-in kinds sets first."""
    found = re.search(r"^ENV (HOME_TEMPLATE=.*?[^\\])$", text, re.DOTALL | re.MULTILINE)
    assert found
    return dict(pair.split("=", 1) for pair in found[1].replace("\\", "").split())


def test_packages_below_local_do_not_shadow_the_environment(tmp_path: Path) -> None:
    major, minor = sys.version_info[:2]
    folder = tmp_path / f"lib/python{major}.{minor}/site-packages"
    folder.mkdir(parents=True)
    (folder / "shadow.py").touch()
    command = [getattr(sys, "_base_executable", sys.executable), "-c", "import shadow"]
    outside = {"PATH": os.environ["PATH"], "PYTHONUSERBASE": str(tmp_path)}
    inside = {**outside, **variables(dockerfiles(Pins())["lab"]), "PATH": os.environ["PATH"]}
    codes = [subprocess.run(command, env=env, check=False).returncode for env in (outside, inside)]
    assert codes == [0, 1]


def test_kernels_of_conda_are_behind_those_of_the_virtual_environment(tmp_path: Path) -> None:
    """/usr/local/share/jupyter is behind the environment's folder: jupyter_core.paths.jupyter_path."""
    loaded = load({"matrix.yaml": CHANNELS.read_text(encoding="utf-8")}, ("base",))
    files = render_all(loaded, Pins(), read_inputs(FAMILY).templates)
    first, child = (files[f"images/{name}/default/Dockerfile"].content.decode() for name in ("base", "child"))
    step = re.search(r"^install --directory /usr/local/share/jupyter\n.*$", first, re.MULTILINE)
    assert step
    (tmp_path / "opt/conda/share/jupyter/kernels/ir").mkdir(parents=True)
    commands = re.sub(r"/(?=usr/local|opt/conda)", f"{tmp_path}/", step[0])
    bash(f"{commands}\n{commands}")
    assert [path.name for path in (tmp_path / "usr/local/share/jupyter/kernels").iterdir()] == ["ir"]
    assert "share/jupyter" not in child
    assert "share/jupyter" not in dockerfiles(Pins())["lab"], "it is the folder of its Jupyter"


def test_the_last_list_of_channels_counts_and_children_inherit_it() -> None:
    loaded = load({"matrix.yaml": CHANNELS.read_text(encoding="utf-8")}, ("base",))
    cuda = ("nvidia/label/cuda-13.0", "conda-forge")
    assert {name: item.channels for name, item in loaded.variants.items()} == {
        "base:default": ("conda-forge", "bioconda"),
        "child:default": ("conda-forge", "bioconda"),
        "torch:default": cuda,
        "on-torch:default": cuda,
        "bundled:default": cuda,
        "own:default": ("https://conda.example.org/team", "conda-forge"),
        "without:y": ("private",),
        "without:z": ("conda-forge",),
    }


def test_channels_and_entries_reach_micromamba_as_they_are() -> None:
    inputs = read_inputs(FAMILY)
    loaded = load({"matrix.yaml": CHANNELS.read_text(encoding="utf-8")}, ("base",))
    files = render_all(loaded, Pins(), inputs.templates)
    for name, item in loaded.variants.items():
        if not item.packages.get("conda"):
            continue
        text = files[f"{item.folder}/Dockerfile"].content.decode()
        step = re.search(r"^channels=.*?(?=^find)", text, re.DOTALL | re.MULTILINE)
        assert step, name
        arguments = bash('micromamba() { printf "%s\\n" "$@"; }\n' + step[0]).splitlines()
        hosts = ("" if "://" in channel else "https://conda.anaconda.org/" for channel in item.channels)
        asked = [host + channel for host, channel in zip(hosts, item.channels, strict=True)]
        assert [after for word, after in pairwise(arguments) if word == "--channel"] == asked
        assert tuple(arguments[-len(item.packages["conda"]) :]) == item.packages["conda"]


def test_a_mirror_replaces_the_addresses_of_locked_packages(tmp_path: Path) -> None:
    explicit = "@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/noarch/a-1-0.conda#00\n"
    text = dockerfiles(Pins(explicit={"geo:python3.13": {"amd64": explicit}}))["geo"]
    step = re.search(r"^mapfile.*?/tmp/conda.txt$", text, re.DOTALL | re.MULTILINE)
    assert step
    (tmp_path / "amd64.txt").write_text(explicit, encoding="utf-8")
    commands = step[0].replace("/run/conda/${TARGETARCH}.txt", str(tmp_path / "amd64.txt"))
    commands = commands.replace("/tmp/conda.txt", "/dev/stdout")  # noqa: S108 - what the Dockerfile has
    assert bash(commands) == explicit
    mirrors = Mirrors(conda="https://mirror.example.org/conda/")
    assert bash(f"{script(StepNetwork(mirrors))}{commands}") == explicit.replace(
        "https://conda.anaconda.org/", "https://mirror.example.org/conda/"
    )


def test_a_python_beside_the_environment_is_a_kernel_with_a_name_of_its_own() -> None:
    """Both are called `python3`, and Jupyter takes the first that it finds."""
    inputs = read_inputs(CHANNELS.parent)
    files = render_all(load_inputs(inputs), Pins(), inputs.templates)
    texts = [file.content.decode() for path, file in files.items() if path.endswith("/Dockerfile")]
    beside = [text for text in texts if "micromamba install" in text]
    assert beside
    for text in beside:
        assert "-m ipykernel install --prefix /opt/conda --name conda" in text
        assert "--env CONDA_PREFIX /opt/conda --env PATH '/opt/conda/bin:${PATH}'" in text
    assert all("ipykernel install" not in text for text in dockerfiles(Pins()).values())
