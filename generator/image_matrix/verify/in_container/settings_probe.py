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
DEADLINE = 60.0
"""Seconds until a kernel or a terminal runs; the processor of another platform is emulated, which takes its time."""
SET_BY_INIT = ("/run/s6", "/tmp/.s6", "/dev/shm/.s6")  # noqa: S108 - in the container
IN_SESSION = "/usr/local/lib/image-matrix/in-session"
"""Runs a program as RStudio runs a session."""
OF_SHELLS = {"HOSTNAME", "OLDPWD", "PWD", "SHLVL", "TERM", "_"}
"""What a shell or a terminal sets for itself."""
FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables that name a file with certificates: each is answered with their number."""
TEXTS = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")
Answer = dict[str, Any]


def printed(*command: str, variables: Mapping[bytes, bytes] | None = None) -> Answer:
    """Return what a program has that is started here, with other variables if some are given."""
    try:
        done = subprocess.run(
            [*command], env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30
        )
    except OSError as failure:
        return {"error": f"{command[0]}: {failure.strerror}"}
    return seen(done.stdout)


def shell() -> Answer:
    """Return what a login shell has that enters the container."""
    return printed("bash", "-l", "-c", "exec env -0")


def prompt() -> Answer:
    """Return what an interactive shell has that enters the container without a login."""
    return printed("bash", "-i", "-c", "exec env -0")


def cleared() -> Answer:
    """Return what ``with-contenv`` gives a program whose caller has dropped all variables, as cron does."""
    return printed("/command/with-contenv", "env", "-0", variables={})


def kernel(token: str = "") -> Answer:
    """Return what a kernel of Jupyter has."""
    status, model = jupyter("POST", "api/kernels", token)
    if status != 201:
        return {"error": f"api/kernels answers {status}"}
    try:
        return wait(lambda: running(model["id"]))
    finally:
        jupyter("DELETE", f"api/kernels/{model['id']}", token)


def terminal(token: str = "") -> Answer:
    """Return what a terminal of Jupyter has; nothing if the image has none."""
    before = {*processes()}
    status, model = jupyter("POST", "api/terminals", token)
    if status in (403, 404):
        return {}
    if status not in (200, 201):
        return {"error": f"api/terminals answers {status}"}
    try:
        return wait(lambda: fresh(before))
    finally:
        jupyter("DELETE", f"api/terminals/{model['name']}", token)


def code_server() -> Answer:
    """Return what code-server has, whose extensions are its children."""
    return wait(lambda: running("/opt/code-server"))


def code_server_terminal() -> Answer:
    """Return what a login shell has that code-server starts."""
    answer = code_server()
    return answer if "error" in answer else login(running("/opt/code-server"))


def rstudio() -> Answer:
    """Return what a session of RStudio has."""
    return printed(IN_SESSION, "env", "-0", variables={})


def rstudio_terminal() -> Answer:
    """Return what a login shell has that a session of RStudio starts."""
    return printed(IN_SESSION, "bash", "-l", "-c", "exec env -0", variables={})


def login(environ: bytes) -> Answer:
    """Return what a login shell has that is started with an environment."""
    return printed("bash", "-l", "-c", "exec env -0", variables=variables(environ))


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


def variables(environ: bytes) -> dict[bytes, bytes]:
    """Return the variables of an environment as proc_pid_environ(5) has it."""
    pairs = (item.partition(b"=") for item in environ.split(b"\0") if item)
    return {name: value for name, _, value in pairs}


def seen(environ: bytes) -> Answer:
    """Return the texts of an environment, the numbers of certificates in files that it names, and what differs."""
    arrived = {os.fsdecode(name): os.fsdecode(value) for name, value in variables(environ).items()}
    return {
        **{name: certificates(arrived.get(name, "")) for name in FILES},
        **{name: arrived.get(name, "") for name in TEXTS},
        "differs": differs(os.environ, arrived),
    }


def differs(container: Mapping[str, str], arrived: Mapping[str, str]) -> list[str]:
    """Return the names of variables of the container that a place lacks, or has with another value.

    This script runs with the container's. Init scripts may replace some, and PATH may have more folders in front.
    """
    by_init = {path.name for run in SET_BY_INIT for path in Path(run, "container_environment").glob("*")}
    names = container.keys() - OF_SHELLS - by_init - {"PATH"}
    others = [name for name in names if arrived.get(name) != container[name]]
    if not within(container.get("PATH", ""), arrived.get("PATH", "")):
        others.append("PATH")
    return sorted(others)


def within(part: str, whole: str) -> bool:
    """Say whether a list of folders has those of another one, in their order."""
    folders = iter(whole.split(":"))
    return all(folder in folders for folder in part.split(":"))


def certificates(path: str) -> int:
    """Return how many certificates a file has; 0 if there is no such file."""
    return first([Path(path)]).count(b"-----BEGIN CERTIFICATE-----") if path else 0


def public() -> Answer:
    """Return how many certificates the distribution has."""
    return {"certificates": certificates("/etc/ssl/certs/ca-certificates.crt")}


def jupyter(method: str, path: str, token: str) -> tuple[int, Mapping[str, Any]]:
    """Send a request to Jupyter's API: with its token, or as its page does, which repeats a cookie in a header."""
    if token:
        headers = {"Authorization": f"token {token}"}
    else:
        cookie = page_cookie()
        headers = {"Cookie": f"_xsrf={cookie}", "X-XSRFToken": cookie}
    status, _, body = ask(method, f"/{path}", headers)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = {}
    return status, answer if isinstance(answer, dict) else {}


def page_cookie() -> str:
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


PLACES: dict[str, Callable[..., Answer]] = {
    "code-server": code_server,
    "code-server's terminal": code_server_terminal,
    "kernel": kernel,
    "program without variables": cleared,
    "prompt": prompt,
    "public": public,
    "rstudio": rstudio,
    "rstudio's terminal": rstudio_terminal,
    "shell": shell,
    "terminal": terminal,
}


def main() -> None:
    """Answer the requests."""
    print(json.dumps([PLACES[place](**arguments) for place, arguments in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()
