"""Looks for a driver as CUDA does. Run there as ``python3 -I - REQUEST``; uses the standard library only.

REQUEST is ``[["driver", {"folder": FOLDER}]]`` in JSON, and FOLDER is empty. A driver's library and tool are put there,
as a node would mount them: any library, under the name that CUDA loads, and an empty program.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

LIBRARY, TOOL = "libcuda.so.1", "nvidia-smi"
LOADED = re.compile(r"/\S+/libm[.-]\S*")
"""The mathematical library of C, which Python has loaded."""


def driver(folder: str) -> dict[str, Any]:
    """Return why a new process does not load the library, and where a login shell and others find the tool."""
    library, tool = Path(folder, "lib64", LIBRARY), Path(folder, "bin", TOOL)
    for path in (library, tool):
        path.parent.mkdir()
    match = LOADED.search(Path("/proc/self/maps").read_text(encoding="utf-8"))
    shutil.copyfile(match[0] if match else sys.executable, library)
    tool.write_text("#!/bin/sh\n", encoding="utf-8")
    tool.chmod(0o755)
    return {
        "library": _last_line(sys.executable, "-c", f"import ctypes; ctypes.CDLL({LIBRARY!r})"),
        "process": shutil.which(TOOL) or "",
        "shell": _last_line("bash", "-lc", f"command -v {TOOL}"),
    }


def _last_line(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=30)
    return (done.stdout.decode(errors="replace").strip().splitlines() or [""])[-1]


def main() -> None:
    """Answer the request."""
    print(json.dumps([driver(**arguments) for _, arguments in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()
