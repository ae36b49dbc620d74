"""Looks where variables of a container arrive. Runs inside it as ``python3 - REQUESTS``; standard library only.

Each request names a place where users work. The answer has the variables of what runs there, or why nothing does.
They are those of real processes: a kernel and a terminal are started through Jupyter's API, and ended.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PORT = 8888
PAUSE = 0.1
DEADLINE = 20.0
"""Seconds until a kernel or a terminal runs."""
RUN_FOLDERS = ("/run/s6", "/tmp/.s6", "/dev/shm/.s6")  # noqa: S108 - in the container
FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables that name a file with certificates: each is answered with their number."""
TEXTS = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")
Answer = dict[str, Any]


def shell() -> Answer:
    """Return what a login shell has that enters the container."""
    command = ["bash", "-l", "-c", "exec env -0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30)
    return seen(done.stdout)


def kernel() -> Answer:
    """Return what a kernel of Jupyter has."""
    status, model = jupyter("POST", "api/kernels")
    if status != 201:
        return {"error": f"api/kernels answers {status}"}
    try:
        return wait(lambda: running(model["id"]))
    finally:
        jupyter("DELETE", f"api/kernels/{model['id']}")


def terminal() -> Answer:
    """Return what a terminal of Jupyter has; nothing if the image has none."""
    before = {*processes()}
    status, model = jupyter("POST", "api/terminals")
    if status in (403, 404):
        return {}
    if status not in (200, 201):
        return {"error": f"api/terminals answers {status}"}
    try:
        return wait(lambda: fresh(before))
    finally:
        jupyter("DELETE", f"api/terminals/{model['name']}")


def code_server() -> Answer:
    """Return what code-server has, whose terminals and extensions are its children."""
    return wait(lambda: running("/opt/code-server"))


def rstudio() -> Answer:
    """Return what a session of RStudio is started with."""
    return wait(lambda: first(Path(folder, "user/rstudio/environment") for folder in RUN_FOLDERS))


def running(part: str) -> bytes:
    """Return the environment of the first process with a text in its command line; empty if there is none."""
    return next((environment(pid) for pid, line in processes().items() if part in line), b"")


def fresh(before: set[int]) -> bytes:
    """Return the environment of a shell that did not run before; empty if there is none."""
    shells = (
        pid for pid, line in processes().items() if pid not in before and re.search(r"(^|/)-?\w*sh\b", line)
    )
    return next(map(environment, shells), b"")


def first(paths: Iterable[Path]) -> bytes:
    """Return the content of the first file that can be read."""
    for path in paths:
        with contextlib.suppress(OSError):
            return bytes(path.read_bytes())
    return b""


def processes() -> dict[int, str]:
    """Return the command lines by process id, without this process."""
    lines = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            lines[int(folder.name)] = (
                (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            )
    lines.pop(os.getpid(), None)
    return lines


def environment(pid: int) -> bytes:
    """Return the environment that a process was started with; empty if it may not be read."""
    return first([Path(f"/proc/{pid}/environ")])


def wait(look: Callable[[], bytes]) -> Answer:
    """Look until there is an environment."""
    end = time.monotonic() + DEADLINE
    while not (environ := look()) and time.monotonic() < end:
        time.sleep(PAUSE)
    return seen(environ) if environ else {"error": f"nothing runs after {DEADLINE:.0f} s"}


def seen(environ: bytes) -> Answer:
    """Return the texts of an environment, and the numbers of certificates in the files that it names."""
    pairs = (item.partition("=") for item in environ.decode(errors="replace").split("\0"))
    variables = {name: value for name, _, value in pairs}
    return {
        **{name: certificates(variables.get(name, "")) for name in FILES},
        **{name: variables.get(name, "") for name in TEXTS},
    }


def certificates(path: str) -> int:
    """Return how many certificates a file has; 0 if there is no such file."""
    return first([Path(path)]).count(b"-----BEGIN CERTIFICATE-----") if path else 0


def public() -> Answer:
    """Return how many certificates the distribution has."""
    return {"certificates": certificates("/etc/ssl/certs/ca-certificates.crt")}


def jupyter(method: str, path: str) -> tuple[int, Mapping[str, Any]]:
    """Send a request to Jupyter's API as its page does, which repeats a cookie in a header."""
    cookie = token()
    status, _, body = ask(method, f"/{path}", {"Cookie": f"_xsrf={cookie}", "X-XSRFToken": cookie})
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {}
    return status, answer if isinstance(answer, dict) else {}


def token() -> str:
    """Return the cookie that Jupyter's page sets."""
    _, headers, _ = ask("GET", "/lab", {})
    matches = [re.search(r"_xsrf=([^;]+)", value) for name, value in headers if name.lower() == "set-cookie"]
    return next((match[1] for match in matches if match), "")


def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    """Send one request; status 0 means that nothing answered."""
    connection = http.client.HTTPConnection(address(), PORT, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    except (OSError, http.client.HTTPException):
        return 0, [], b""
    finally:
        connection.close()


def address() -> str:
    """Return the container's address in its network; without a network, the loopback address."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


PLACES: dict[str, Callable[[], Answer]] = {
    "code-server": code_server,
    "kernel": kernel,
    "public": public,
    "rstudio": rstudio,
    "shell": shell,
    "terminal": terminal,
}


def main() -> None:
    """Answer the requests."""
    print(json.dumps([PLACES[place]() for place, _ in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()
