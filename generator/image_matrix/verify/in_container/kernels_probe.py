"""Starts each kernel that Jupyter offers. Runs inside with the image's Python: ``python -I - REQUESTS``.

The list and the start are Jupyter's own (jupyter_client), so each kernel has what its ``kernel.json`` says.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CONDA = "/opt/conda"
ASK = {
    "python": "import sys; print(sys.prefix)",
    "R": "cat(R.home())",
}
"""Language of a kernel to code that prints where its interpreter is."""
SECONDS = 60


def kernels() -> dict[str, Any]:
    """Return what each kernel says of itself, and the Pythons that ought to have one."""
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().get_all_specs()
    return {
        "kernels": {name: started(name, str(item["spec"]["language"])) for name, item in specs.items()},
        "pythons": pythons(),
    }


def pythons() -> list[str]:
    """Return the prefix of this Python, and that of conda's beside it if it can be a kernel."""
    conda = Path(CONDA, "bin/python")
    beside = conda.exists() and sys.prefix != CONDA
    is_kernel = (
        beside
        and not subprocess.run([conda, "-c", "import ipykernel"], capture_output=True, check=False).returncode
    )
    return [sys.prefix, *([CONDA] if is_kernel else [])]


def started(name: str, language: str) -> dict[str, str]:
    """Start a kernel and have it say where it is; an error says why it does not."""
    from jupyter_client.manager import start_new_kernel

    printed: list[str] = []

    def collect(message: dict[str, Any]) -> None:
        content = message["content"]
        printed.append(str(content.get("text") or content.get("evalue") or ""))

    try:
        manager, client = start_new_kernel(startup_timeout=SECONDS, kernel_name=name)
    except Exception as error:
        return {"language": language, "error": f"{type(error).__name__}: {error}"}
    try:
        client.execute_interactive(ASK.get(language, ""), timeout=SECONDS, output_hook=collect)
    except Exception as error:
        return {"language": language, "error": f"{type(error).__name__}: {error}"}
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return {"language": language, "where": "".join(printed).strip()}


def main() -> None:
    """Answer the requests."""
    print(json.dumps([kernels() for _ in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()
