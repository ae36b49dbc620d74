"""Images whose Python is an environment of conda."""

from __future__ import annotations

from pathlib import Path

from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all

FAMILY = Path(__file__).parent / "conda_family"


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


def test_pip_installs_into_it_and_leaves_what_conda_installed() -> None:
    pins = Pins(requirements={"geo:python3.13": {"amd64": "six==1.17.0 --hash=sha256:00\n"}})
    text = dockerfiles(pins)["geo"]
    assert "uv pip install --python /opt/conda/bin/python \\" in text
    left = '"${python}" - "/run/requirements/${TARGETARCH}.txt" uv six > /tmp/requirements.txt'
    assert text.index("uv pip check") < text.index(left) < text.index("--requirement /tmp/requirements.txt")
    assert "/opt/conda/bin/python -m pip install --no-cache-dir" in text, "uv comes with pip"
