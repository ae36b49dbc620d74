"""Inspects the image's Python. Run there as ``python -c SOURCE REQUEST``; uses the standard library only.

REQUEST: ``{"versions": [distribution, …], "imports": [module, …], "frameworks": [torch, …], "devices": [torch, …]}``.
Each answer is printed at once, on a line that starts with MARK, so that a module that crashes the interpreter loses no
earlier answer.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "@image-matrix "


def emit(kind: str, name: str, value: str, seconds: float = 0.0) -> None:
    """Print one answer."""
    print(f"\n{MARK}{json.dumps([kind, name, value, round(seconds, 3)])}", flush=True)


def version(name: str) -> str:
    """Return the version of a distribution or of Python itself; empty if it is not installed."""
    if name == "python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def problem(module: str) -> str:
    """Import a module; return the error, which may also be an exit."""
    try:
        importlib.import_module(module)
    except BaseException as error:
        return describe(error)
    return ""


def describe(error: BaseException) -> str:
    """Return an exception as one line of text."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def device_software(framework: str) -> str:
    """Import a framework, without a device; return the version of CUDA, ROCm, XPU or Gaudi's plug-in it was built for.

    Raises the exceptions of the import.
    """
    if framework == "torch":
        built = importlib.import_module("torch").version
        return str(built.cuda or getattr(built, "hip", None) or getattr(built, "xpu", None) or "")
    if framework == "tensorflow":
        return str(importlib.import_module("tensorflow").sysconfig.get_build_info().get("cuda_version", ""))
    importlib.import_module("habana_frameworks.torch")
    return version(framework)


def devices(framework: str) -> str:
    """Return how many devices a framework sees; raises the exceptions of its import."""
    if framework == "tensorflow":
        return str(len(importlib.import_module("tensorflow").config.list_physical_devices("GPU")))
    torch = importlib.import_module("torch")
    if framework == "habana-torch-plugin":
        importlib.import_module("habana_frameworks.torch")
        return str(torch.hpu.device_count())
    # torch.cuda is also AMD's; a torch without Intel's devices has no torch.xpu before version 2.5
    of_intel = getattr(torch, "xpu", None) if getattr(torch.version, "xpu", None) else None
    return str((of_intel or torch.cuda).device_count())


def ask(kind: str, question: Callable[[str], str], name: str) -> None:
    """Call a function for a framework and print its answer; an error has its own kind, ``no KIND``."""
    started = time.monotonic()
    try:
        answer = question(name)
    except BaseException as error:
        kind, answer = f"no {kind}", describe(error)
    emit(kind, name, answer, time.monotonic() - started)


def main() -> None:
    """Answer the request."""
    request = json.loads(sys.argv[1])
    for name in request.get("versions", ()):
        emit("version", name, version(name))
    for name in request.get("imports", ()):
        started = time.monotonic()
        reason = problem(name)
        emit("import", name, reason, time.monotonic() - started)
    for name in request.get("frameworks", ()):
        ask("framework", device_software, name)
    for name in request.get("devices", ()):
        ask("devices", devices, name)


if __name__ == "__main__":
    main()
