"""Checks that frameworks are built for the software of an accelerator, and that they see its devices."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from image_matrix.verify.engine import Spec
from image_matrix.verify.expectations import version_fits
from image_matrix.verify.model import Result
from image_matrix.verify.probe_client import judged, source
from image_matrix.verify.probe_output import end, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.verify.engine import Container, Engine
    from image_matrix.verify.model import Subject
    from image_matrix.verify.probe_output import ProbeAnswers

KNOWN: Mapping[str, tuple[str, ...]] = {
    "torch": ("torch", "pytorch", "pytorch-gpu"),
    "tensorflow": ("tensorflow", "tensorflow-gpu"),
}
"""Frameworks that are checked, to their packages on PyPI and conda-forge."""
UNKNOWN = f"the packages include none of the known frameworks: {', '.join(KNOWN)}"
GAUDI = "habana.ai"
DEVICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "nvidia.com": ("nvidia", ("--gpus=all",)),
    "amd.com": ("amd", ("--runtime=amd", "--env=AMD_VISIBLE_DEVICES=all")),
    GAUDI: ("habana", ("--runtime=habana", "--env=HABANA_VISIBLE_DEVICES=all")),
}
"""Vendor of a device to the container runtime, and the options that pass its devices to a container.

Source for AMD: instinct.docs.amd.com/projects/container-toolkit, "Running Workloads". Intel has no runtime.
"""


def vendor(subject: Subject) -> str:
    """Return the vendor of the accelerator's device; empty if it has no device."""
    device_name = (subject.accelerator.device if subject.accelerator else "") or ""
    return device_name.partition("/")[0]


def frameworks(subject: Subject) -> tuple[str, ...]:
    """Return the frameworks of an image that can report what they were built for."""
    if vendor(subject) in ("", GAUDI):
        return ("habana-torch-plugin",) if vendor(subject) else ()
    return tuple(name for name, packages in KNOWN.items() if subject.packages & {*packages})


def accelerator_names(subject: Subject) -> tuple[str, ...]:
    """Return the names of the results of :func:`accelerator_results`; ``accelerator`` if no framework is known."""
    names = tuple(f"accelerator {name}" for name in frameworks(subject))
    return names or (("accelerator",) if vendor(subject) else ())


def accelerator_results(subject: Subject, answers: ProbeAnswers, silent: str) -> Iterator[Result]:
    """Yield whether each framework imports and is built for the accelerator; ``silent`` explains a missing answer."""
    for name in frameworks(subject):
        version, seconds = answers.get(("framework", name), ("", 0.0))
        problem, spent = answers.get(("no framework", name), ("", 0.0))
        if ("framework", name) in answers:
            problem = _built_for(subject, name, version)
        yield judged(f"accelerator {name}", problem or ("" if version else silent), seconds or spent, version)
    if vendor(subject) and not frameworks(subject):
        yield Result("accelerator", "skipped", detail=UNKNOWN)


def _built_for(subject: Subject, name: str, built: str) -> str:
    required = subject.accelerator.version if subject.accelerator else ""
    if built and (not required or version_fits(built, required, exact=False)):
        return ""
    return f"{name} was built for {built or 'no accelerator'}{f', not {required}' if required else ''}"


def device(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Count the devices that the frameworks see, if the engine has the runtime for them."""
    runtime, options = DEVICES[vendor(subject)]
    if runtime not in engine.runtimes():
        yield Result("device", "skipped", detail=f"the engine has no runtime `{runtime}`")
        return
    if not frameworks(subject):
        yield Result("device", "skipped", detail=UNKNOWN)
        return
    command = ("python", "-c", source("python_probe"), json.dumps({"devices": frameworks(subject)}))
    spec = Spec(subject.image, subject.platform, command=command, devices=options)
    began = time.monotonic()
    with engine.container(spec) as container:
        code = container.wait(subject.deadline)
        problem, seen = _counted(container, subject, code)
        yield judged("device", problem, time.monotonic() - began, seen, container)


def _counted(container: Container, subject: Subject, code: int | None) -> tuple[str, str]:
    """Return the problem, and the counts of devices."""
    log = container.log(1000)
    answers = read(log)
    if code is None:
        return f"no end after {subject.deadline:.0f} s", ""
    for name in frameworks(subject):
        if error := answers.get(("no devices", name)):
            return f"{name}: {error[0]}", ""
    if code != 0:
        return f"Python ended with exit code {code}: {end(log)}", ""
    counts = {name: answers.get(("devices", name), ("0", 0.0))[0] for name in frameworks(subject)}
    blind = [name for name, count in counts.items() if count == "0"]
    seen = ", ".join(f"{name} sees {count}" for name, count in counts.items())
    return f"no device visible to {', '.join(blind)}" if blind else "", seen
