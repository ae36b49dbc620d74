"""Finds variables that give GPUs to pods which asked for none, and those that refuse nodes whose driver would do.

Source of what the variables mean: docs.nvidia.com/datacenter/cloud-native/container-toolkit, "Specialized
Configurations with Docker".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.drivers import family_driver
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic, human
from image_matrix.dockerfiles.stages import bodies
from image_matrix.dockerfiles.variables import variables_of
from image_matrix.profiles.devices import NO_DEVICES, VISIBLE_DEVICES
from image_matrix.validate.environment import image_environments
from image_matrix.validate.pod_variables import pod_environments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Diagnostic, Finding, Path
    from image_matrix.validate.dockerfiles import CheckedDockerfile

REQUIRED_CUDA = "NVIDIA_REQUIRE_CUDA"
_HARMLESS = ("", "none", NO_DEVICES)
"""Values with which NVIDIA's runtime passes no GPU to a container."""
_VOID = f"write `{NO_DEVICES}`: the device plugin names the GPUs of pods that ask for some"
_AT_LEAST = re.compile(r"cuda>=(\d+)\.(\d+)")


def given_to_all(matrix: Matrix) -> Iterator[Finding]:
    """Variables of images that pass GPUs to every pod, where NVIDIA's runtime is the default one of nodes."""
    for path, variables in image_environments(matrix):
        yield from _visible(path, variables, _VOID)


def given_to_profiles(matrix: Matrix) -> Iterator[Finding]:
    """The same variable in pods; there it also wins over the GPUs that the device plugin chose."""
    advice = "remove it: the GPUs of a pod are those that `devices` of its size asks for"
    for path, variables in pod_environments(matrix):
        yield from _visible(path, variables, advice)


def given_by_dockerfile(checked: CheckedDockerfile) -> Iterator[Diagnostic]:
    """The same variable in the last stage of a Dockerfile that an image has as it is."""
    given = [
        (item.line, value.strip("\"'"))
        for item in bodies(checked.dockerfile)[-1]
        if item.name == "ENV"
        for name, value in variables_of(item, checked.dockerfile.escape)
        if name == VISIBLE_DEVICES
    ]
    for line, value in given[-1:]:  # the last one counts
        if value not in _HARMLESS:
            fields = {"where": f"`ENV {VISIBLE_DEVICES}`", "value": value, "advice": _VOID}
            yield diagnostic(rules.UNASKED_DEVICES, checked.place(line, VISIBLE_DEVICES), **fields)


def _visible(path: Path, variables: Mapping[str, str], advice: str) -> Iterator[Finding]:
    value = variables.get(VISIBLE_DEVICES)
    if value is not None and value not in _HARMLESS:
        fields = {"where": human((*path, VISIBLE_DEVICES)), "value": value, "advice": advice}
        yield rules.UNASKED_DEVICES.at((*path, VISIBLE_DEVICES), **fields)


def refused_drivers(matrix: Matrix) -> Iterator[Finding]:
    """Accelerators that refuse drivers of their own major version of CUDA; with `min_driver` that is meant."""
    for name, item in matrix.accelerators.items():
        match = _AT_LEAST.fullmatch(item.versioned(item.env.get(REQUIRED_CUDA, "")))
        driver = family_driver(item)
        if (
            match
            and driver
            and not item.min_driver
            and int(match[2])
            and item.version.split(".")[0] == match[1]
        ):
            path: Path = ("accelerators", name, "env", REQUIRED_CUDA)
            fields = {"where": human(path), "value": match[0], "cuda": match[1], "driver": driver}
            yield rules.REFUSED_DRIVERS.at(path, **fields)
