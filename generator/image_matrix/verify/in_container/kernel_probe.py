"""Starts a kernel of Jupyter and runs code in it. Run as ``python -c SOURCE NAME CODE`` with the image's Python.

It needs jupyter_client, which JupyterLab brings. What the code prints or returns is printed.
"""

from __future__ import annotations

import sys
from typing import Any

SECONDS = 60


def text_of(message: dict[str, Any]) -> str:
    """Return the text of a message of a kernel (jupyter-client.readthedocs.io, "Messages on the IOPub channel")."""
    content = message["content"]
    if message["msg_type"] == "error":
        return f"{content['ename']}: {content['evalue']}"
    return str(content.get("text") or content.get("data", {}).get("text/plain", ""))


def main() -> None:
    """Print the answer of the kernel; an error of the kernel ends with a traceback."""
    from jupyter_client.manager import start_new_kernel

    name, code = sys.argv[1:]
    manager, client = start_new_kernel(startup_timeout=SECONDS, kernel_name=name)
    try:
        client.execute_interactive(
            code, timeout=SECONDS, output_hook=lambda message: print(text_of(message), flush=True)
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
