"""The images with Kubeflow's lists install what Kubeflow's do, or say what stands for it."""

from __future__ import annotations

import re

import pytest
import yaml

from bench import kubeflow
from image_matrix.lock.pins import Pins
from tools.reference import REPOSITORY

INSTALLED: dict[str, list[str]] = yaml.safe_load(
    (REPOSITORY / "tests/tools/kubeflow_images.yaml").read_text(encoding="utf-8")
)
OTHERWISE = {
    "base": {"kubectl": "${KUBECTL}", "s6-overlay": "s6 execline"},
    "jupyter": {"conda": "Miniforge", "Node.js": "nodejs", "Python 3.12": "python3"},
    "jupyter-scipy": {"pytables": "tables"},
    "codeserver": {"code-server": "${CODE_SERVER}"},
    "codeserver-python": {
        "conda": "Miniforge", "mamba": "Miniforge", "Python 3.12": "python3", "ms-python.python": "without extensions",
        "ms-toolsai.jupyter": "without extensions",
    },
}  # fmt: skip
"""What stands for a package; the comment of a Dockerfile names what nothing stands for."""


@pytest.mark.parametrize("image", sorted(kubeflow.names()))
def test_a_list_is_kubeflows(image: str) -> None:
    words = kubeflow.dockerfile(image)
    wanted = [OTHERWISE.get(image, {}).get(name, name) for name in INSTALLED[image]]
    assert [name for name in wanted if not re.search(rf"(?<![\w-]){re.escape(name)}(?!\w)", words)] == []


def test_steps_know_mirrors_and_certificates_also_as_a_user() -> None:
    for image in kubeflow.names():
        steps = [line for line in kubeflow.dockerfile(image).splitlines() if line.startswith("RUN ")]
        assert steps
        assert all("id=site" in step and step.count("mode=0444") == 2 for step in steps)


def test_versions_are_those_of_the_whole_chain() -> None:
    requirements = {
        "a:1": {"amd64": "x==1 \\\n    --hash=sha256:0\n# via\n"},
        "b:1": {"amd64": "y[z]==2 \\\n    --hash=sha256:1\n"},
    }
    assert kubeflow.versions(Pins(requirements=requirements), ["a:1", "b:1", "c:1"]) == "x==1\ny[z]==2\n"


def test_what_is_only_wheels_can_be_computed() -> None:
    images = ("jupyter", "codeserver", "jupyter-tensorflow", "jupyter-tensorflow-cuda")
    assert [image for image in images if kubeflow.is_wheels(image)] == [
        "jupyter-tensorflow",
        "jupyter-tensorflow-cuda",
    ]
