"""Inspects a container from the inside. Run there as ``python3 -I - REQUEST``; uses the standard library only.

REQUEST is a list of ``[operation, {arguments}]`` in JSON. The answer is a list with one object for each, in JSON on one
line. One run answers many requests, since each start of a process in a container takes a tenth of a second.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pwd
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 8888
HOST = "notebooks.example.org"
"""A host name that the server does not know, as behind a gateway."""
PAUSE = 0.1
WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""The constant that is appended to the key before hashing (RFC 6455, 1.3)."""
BODY = 200_000


def facts() -> dict[str, Any]:
    """Return the user, the processes and the listening sockets."""
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "groups": os.getgroups(),
        "user": _user(),
        "home": os.environ.get("HOME", ""),
        "processes": _processes(),
        "listening": [entry for name in ("tcp", "tcp6", "udp", "udp6") for entry in _listening(name)],
    }


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


BOOT = b"/usr/local/lib/image-matrix/boot"
"""The script of /init that runs the init scripts and ends after it has started the services."""
RUN_FOLDERS = ("/run/s6", "/tmp/.s6", "/dev/shm/.s6")  # noqa: S108 - in the container
"""Folders for the state of /init, which uses the first writable one."""


def _processes() -> list[dict[str, Any]]:
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, fields = (folder / "stat").read_text().partition("(")[2].rpartition(")")
            owner = folder.stat().st_uid
        except OSError:
            continue
        state, parent = fields.split()[:2]
        processes.append(
            {"pid": int(folder.name), "name": name, "state": state, "parent": int(parent), "uid": owner}
        )  # fmt: skip
    return sorted(processes, key=lambda item: int(item["pid"]))


def _listening(protocol: str) -> list[dict[str, Any]]:
    """Return the sockets that accept connections: state 0A for TCP, 07 (not connected) for UDP."""
    try:
        lines = Path("/proc/net", protocol).read_text().splitlines()[1:]
    except OSError:
        return []
    listening_state = "0A" if protocol.startswith("tcp") else "07"
    rows = (line.split() for line in lines)
    places = (row[1].rpartition(":") for row in rows if row[3] == listening_state)
    return [
        {"protocol": protocol, "address": _address(where), "port": int(port, 16)} for where, _, port in places
    ]


def _address(text: str) -> str:
    """Return an address of /proc/net, which has 32-bit words in the byte order of the machine: little-endian."""
    words = bytes.fromhex(text)
    data = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)


def zombies(deadline: float) -> dict[str, Any]:
    """Leave an orphan to process 1; return its zombies after the orphan is gone, or after ``deadline`` seconds."""
    command = ["/bin/sh", "-c", "sleep 0.1 >/dev/null 2>&1 & echo $!"]
    orphan = int(
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
    )
    end = time.monotonic() + deadline
    while True:
        running = _processes()
        dead = [item["name"] for item in running if item["state"] == "Z" and item["parent"] == 1]
        left = dead or any(item["pid"] == orphan for item in running)
        if not left or time.monotonic() > end:
            return {"zombies": dead}
        time.sleep(PAUSE)


def home(deadline: float) -> dict[str, Any]:
    """Wait until the init scripts have ended and the home template is in the home.

    Return what is missing, whether the home is writable, and whether a failed init script stops the container.
    """
    end = time.monotonic() + deadline
    missing = _missing()
    while (missing or _starting()) and time.monotonic() < end:
        time.sleep(PAUSE)
        missing = _missing()
    folder = Path(os.environ.get("HOME", "/"))
    return {
        "missing": missing[:5],
        "written": _write(folder),
        "group": _group(folder),
        "stopping": _stopping(),
    }


def _starting() -> bool:
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(path.read_bytes())
    return any(BOOT in command for command in commands)


def _stopping() -> bool:
    return any(Path(folder, "stopping").exists() for folder in RUN_FOLDERS)


def _missing() -> list[str]:
    folder = Path(os.environ.get("HOME", "/"))
    return [path for path in _template() if not os.path.lexists(folder / path)]


def _template() -> list[str]:
    template = Path(os.environ.get("HOME_TEMPLATE", "/nonexistent"))
    return [str(path.relative_to(template)) for path in sorted(template.rglob("*"))]


def _write(folder: Path) -> str:
    probe = folder / f".image-matrix-verify-{os.getpid()}"
    try:
        probe.write_text("probe")
        probe.unlink()
    except OSError as error:
        return f"{folder} can't be written: {error.strerror}"
    return ""


def _group(folder: Path) -> list[str]:
    """Return the files from the template that the home's group does not own, or cannot write."""
    group = folder.stat().st_gid
    wrong = []
    for path in (folder / name for name in _template() if os.path.lexists(folder / name)):
        info = path.lstat()
        private = not info.st_mode & 0o077
        if info.st_gid != group or not (private or path.is_symlink() or info.st_mode & 0o020):
            wrong.append(str(path))
    return wrong[:5]


def get(path: str, prefix: str = "/", headers: dict[str, str] | None = None, deadline: float = 0.0,
        expected: int = 200, follow: bool = True, port: int = PORT,
        unlike: str | None = None) -> dict[str, Any]:  # fmt: skip
    """Request a path until the answer is as expected, at most ``deadline`` seconds; return the last answer.

    The answer is as expected with the status ``expected`` and a text that differs from ``unlike``. ``moment`` is the
    time of the answer by the clock of the container.
    """
    started = time.monotonic()
    while True:
        answer = _get(path, prefix, headers or {}, follow, port)
        answer["seconds"] = round(time.monotonic() - started, 3)
        answer["moment"] = time.time()
        good = answer["status"] == expected and answer["body"] != unlike
        if good or time.monotonic() - started > deadline:
            return answer
        time.sleep(PAUSE)


def upgrade(path: str, port: int = PORT) -> dict[str, Any]:
    """Request a websocket as a browser does (RFC 6455, 4.1); return the answer, and whether it fits the request."""
    key = base64.b64encode(os.urandom(16))
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Origin": f"http://{HOST}",
        "Sec-WebSocket-Key": key.decode(),
        "Sec-WebSocket-Version": "13",
    }
    started = time.monotonic()
    answer = _ask(port, path, headers, {})
    answer["seconds"] = round(time.monotonic() - started, 3)
    expected = base64.b64encode(hashlib.sha1(key + WEBSOCKET, usedforsecurity=False).digest()).decode()
    return {**answer, "accepted": answer["headers"].get("sec-websocket-accept") == expected}


def save(prefix: str) -> dict[str, Any]:
    """Save a file as JupyterLab's page does, which repeats a cookie in a header; return the status."""
    cookies: dict[str, str] = {}
    _ask(PORT, f"{prefix}lab", {}, cookies)
    headers = {"Cookie": _cookie(cookies), "X-XSRFToken": cookies.get("_xsrf", "")}
    body = json.dumps({"type": "file", "format": "text", "content": "saved"})
    path = f"{prefix}api/contents/image-matrix-verify-{os.getpid()}.txt"
    return {"status": _ask(PORT, path, headers, cookies, "PUT", body)["status"]}


def _get(path: str, prefix: str, headers: dict[str, str], follow: bool, port: int) -> dict[str, Any]:
    """Request once, and follow redirects below the prefix on the same host; return any other redirect."""
    cookies: dict[str, str] = {}
    hops = [path]
    while True:
        sent = {**headers, **({"Cookie": _cookie(cookies)} if cookies else {})}
        answer = _ask(port, path, sent, cookies)
        target = urlsplit(urljoin(f"http://{HOST}{path}", answer.get("location", "")))
        inside = target.netloc == HOST and f"{target.path}/".startswith(prefix)
        if not (follow and answer["status"] in (301, 302, 303, 307, 308) and inside and len(hops) < 10):
            return {**answer, "hops": hops}
        path = target.path + (f"?{target.query}" if target.query else "")
        hops.append(path)


def _cookie(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _ask(
    port: int,
    path: str,
    headers: dict[str, str],
    cookies: dict[str, str],
    method: str = "GET",
    body: str | None = None,
) -> dict[str, Any]:
    connection = http.client.HTTPConnection(
        _container_address() if port == PORT else "127.0.0.1", port, timeout=10
    )
    try:
        connection.request(
            method, path, body, headers={"Host": HOST, "User-Agent": "image-matrix", **headers}
        )
        answer = connection.getresponse()
        text = answer.read(BODY).decode(errors="replace")
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        fields = {name.lower(): value for name, value in answer.getheaders()}
        location = fields.get("location", "")
        return {"status": answer.status, "headers": fields, "body": text, "location": location, "error": ""}
    except (OSError, http.client.HTTPException) as error:
        message = f"{type(error).__name__}: {error}"
        return {"status": 0, "headers": {}, "body": "", "location": "", "error": message}
    finally:
        connection.close()


def _container_address() -> str:
    """Return the container's address in its network; without a network, the loopback address."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


def run(words: list[str], seconds: float = 60.0, keep: int = 4000) -> dict[str, Any]:
    """Run a command as the notebook user; return its exit code and the last ``keep`` characters of both streams."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
            check=False, cwd="/",
        )  # fmt: skip
        code, out = done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        code, out = -1, f"{(error.stdout or b'').decode(errors='replace')}\nno end after {seconds:.0f} s"
    except OSError as error:
        code, out = 127, f"{words[0]}: {error.strerror}"
    return {"code": code, "out": out[-keep:], "seconds": round(time.monotonic() - started, 3)}


def files(paths: list[str]) -> dict[str, Any]:
    """Return the paths that do not exist or that this user cannot read."""
    missing = []
    for path in paths:
        with contextlib.suppress(OSError, RuntimeError):
            if os.access(Path(path).expanduser(), os.R_OK):
                continue
        missing.append(path)
    return {"missing": missing}


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "facts": facts,
    "files": files,
    "get": get,
    "home": home,
    "run": run,
    "save": save,
    "upgrade": upgrade,
    "zombies": zombies,
}


def main() -> None:
    """Answer the request."""
    answers = []
    for name, arguments in json.loads(sys.argv[1]):
        answers.append(OPERATIONS[name](**arguments))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
