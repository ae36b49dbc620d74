"""Looks at the image's Python. Run there as ``python -c SOURCE REQUEST``; standard library only.

REQUEST: ``{"versions": [distribution, …], "imports": [module, …], "frameworks": [torch, …]}``. Each answer is printed
at once, as a line that starts with MARK: a module that takes the interpreter down takes no earlier answer with it.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from importlib import metadata

MARK = "@image-matrix "


def tell(kind: str, name: str, value: str, seconds: float = 0.0) -> None:
    """Print one answer."""
    print(f"\n{MARK}{json.dumps([kind, name, value, round(seconds, 3)])}", flush=True)


def version(name: str) -> str:
    """Return the version of a distribution or of Python itself; empty where it is not installed."""
    if name == "python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def problem(module: str) -> str:
    """Import a module; return what went wrong: it may even exit."""
    try:
        importlib.import_module(module)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def device_software(framework: str) -> str:
    """Return the version of CUDA (or of Gaudi's plug-in) that a framework was built for, which needs no device."""
    try:
        if framework == "torch":
            return str(importlib.import_module("torch").version.cuda or "")
        if framework == "tensorflow":
            return str(
                importlib.import_module("tensorflow").sysconfig.get_build_info().get("cuda_version", "")
            )
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return version(framework)


def devices(framework: str) -> int:
    """Return how many devices a framework sees."""
    if framework == "tensorflow":
        return len(importlib.import_module("tensorflow").config.list_physical_devices("GPU"))
    torch = importlib.import_module("torch")
    if framework == "habana-torch-plugin":
        importlib.import_module("habana_frameworks.torch")
        return int(torch.hpu.device_count())
    return int(torch.cuda.device_count())


def main() -> None:
    """Answer the request."""
    request = json.loads(sys.argv[1])
    for name in request.get("versions", ()):
        tell("version", name, version(name))
    for name in request.get("imports", ()):
        started = time.monotonic()
        found = problem(name)
        tell("import", name, found, time.monotonic() - started)
    for name in request.get("frameworks", ()):
        started = time.monotonic()
        found = device_software(name)
        tell("framework", name, found, time.monotonic() - started)
    for name in request.get("devices", ()):
        started = time.monotonic()
        count = str(devices(name))
        tell("devices", name, count, time.monotonic() - started)


if __name__ == "__main__":
    main()
