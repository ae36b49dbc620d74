"""Frameworks for accelerators: whether they were built for its software, and whether they see devices."""

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
    from image_matrix.verify.probe_output import Told

KNOWN: Mapping[str, tuple[str, ...]] = {
    "torch": ("torch", "pytorch", "pytorch-gpu"),
    "tensorflow": ("tensorflow", "tensorflow-gpu"),
}
"""Frameworks that are asked, to the packages of PyPI and conda-forge by which images ask for them."""
UNKNOWN = f"no framework that is known is among the packages: {', '.join(KNOWN)}"
GAUDI = "habana.ai"
DEVICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "nvidia.com": ("nvidia", ("--gpus=all",)),
    GAUDI: ("habana", ("--runtime=habana", "--env=HABANA_VISIBLE_DEVICES=all")),
}
"""The first part of an accelerator's resource, to the container runtime and the options that give its devices."""


def vendor(subject: Subject) -> str:
    """Return the first part of the accelerator's resource, empty where there is none."""
    resource = (subject.accelerator.device if subject.accelerator else "") or ""
    return resource.partition("/")[0]


def frameworks(subject: Subject) -> tuple[str, ...]:
    """Return the frameworks of an image that are known to tell what they were built for."""
    if vendor(subject) in ("", GAUDI):
        return ("habana-torch-plugin",) if vendor(subject) else ()
    return tuple(name for name, packages in KNOWN.items() if subject.packages & {*packages})


def accelerator_names(subject: Subject) -> tuple[str, ...]:
    """Return the names of the results of :func:`accelerator_results`; one that says so where no framework is known."""
    found = tuple(f"accelerator {name}" for name in frameworks(subject))
    return found or (("accelerator",) if vendor(subject) else ())


def accelerator_results(subject: Subject, told: Told, silent: str) -> Iterator[Result]:
    """Each framework imports, and was built for the accelerator's software; ``silent`` is why one has no answer."""
    for name in frameworks(subject):
        found, seconds = told.get(("framework", name), ("", 0.0))
        problem, spent = told.get(("no framework", name), ("", 0.0))
        if ("framework", name) in told:
            problem = _built_for(subject, name, found)
        yield judged(f"accelerator {name}", problem or ("" if found else silent), seconds or spent, found)
    if vendor(subject) and not frameworks(subject):
        yield Result("accelerator", "skipped", detail=UNKNOWN)


def _built_for(subject: Subject, name: str, found: str) -> str:
    wanted = subject.accelerator.version if subject.accelerator else ""
    if found and (not wanted or version_fits(found, wanted, exact=False)):
        return ""
    return f"{name} was built for {found or 'no accelerator'}{f', not {wanted}' if wanted else ''}"


def device(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Count the devices that the frameworks see, where the engine has some."""
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
    """Return what is wrong, and what was seen."""
    log = container.log(1000)
    told = read(log)
    if code is None:
        return f"no end after {subject.deadline:.0f} s", ""
    for name in frameworks(subject):
        if error := told.get(("no devices", name)):
            return f"{name}: {error[0]}", ""
    if code != 0:
        return f"Python ended with exit code {code}: {end(log)}", ""
    counts = {name: told.get(("devices", name), ("0", 0.0))[0] for name in frameworks(subject)}
    blind = [name for name, count in counts.items() if count == "0"]
    seen = ", ".join(f"{name} sees {count}" for name, count in counts.items())
    return f"no device for {', '.join(blind)}" if blind else "", seen
