"""Checks R in a container: packages that load, and its kernel in JupyterLab."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.config.r import loadable
from image_matrix.verify.probe_client import ask, judged, source
from image_matrix.verify.probe_output import end, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.config.model import ImageTests, Variant
    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Result, Subject

KERNEL = "r-kernel"
"""The check of :func:`r_kernel`."""
NAME, CODE = "ir", "R.version.string"
"""The name that IRkernel has in Jupyter, and what it is asked."""
KERNEL_SECONDS = 150.0


def with_listed_packages(tests: ImageTests, chain: Iterable[Variant]) -> ImageTests:
    """Return tests that also load what the images of a chain list in ``cran``."""
    listed = dict.fromkeys((name for item in chain for name in loadable(item)), "")
    packages = {**tests.get("r_packages", {}), **listed}
    return {**tests, "r_packages": packages} if packages else tests


def r_request(subject: Subject) -> tuple[str, ...]:
    """Return the command that loads the R packages of a subject's tests; no words if there are none."""
    packages = subject.tests.get("r_packages", {})
    script = files("image_matrix.verify.in_container") / "r_probe.R"
    return ("Rscript", "-e", script.read_text(encoding="utf-8"), *packages) if packages else ()


def r_results(subject: Subject, answer: dict[str, Any]) -> Iterator[Result]:
    """Yield what the answer of R means for each package."""
    answers = read(answer["out"])
    silent = f"R ended with exit code {answer['code']}: {end(answer['out'])}"
    for package in subject.tests.get("r_packages", {}):
        problem, seconds = answers.get(("r_package", package), (silent, 0.0))
        yield judged(f"r-package {package}", problem, seconds)


def r_kernel(container: Container) -> Result:
    """Start R's kernel as JupyterLab does, and ask it for its version."""
    words = ["python", "-c", source("kernel_probe"), NAME, CODE]
    (answer,) = ask(container, ("run", {"words": words, "seconds": KERNEL_SECONDS}), seconds=KERNEL_SECONDS)
    last_line = end(answer["out"])
    is_r = answer["code"] == 0 and "R version" in last_line
    problem = "" if is_r else f"`{CODE}` in the kernel `{NAME}`: {last_line}"
    return judged(KERNEL, problem, answer["seconds"], last_line, container)
