#!/usr/bin/python3
"""Answers like Jupyter's /api/kernels, so that Kubeflow's culler sees when an IDE was last used.

activity.py SOCKET NAME [--heartbeat SOCKET] [--access-log FILE] [--busy PROCESS | --busy-below FILE]

--heartbeat   code-server's socket: its /healthz tells the last heartbeat, in milliseconds
--access-log  a file that nginx writes when the user acts: its modification time counts
--busy        a process name: the IDE is busy while such processes and what they started (terminals, background jobs)
              use more than a tenth of a CPU between two questions
--busy-below  the same for the process whose id is in the file; code-server itself uses a fortieth when nobody is there
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import socketserver
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

BUSY_SHARE = 0.1  # of one CPU
WINDOW = 1.0  # seconds


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=5)
        self.path = path

    def connect(self) -> None:
        """Connects."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(5)
        self.sock.connect(self.path)


def last_heartbeat(path: str) -> float:
    """Seconds since the epoch of code-server's last heartbeat; 0 when it can't be asked."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", "/healthz")
        return float(json.load(connection.getresponse())["lastHeartbeat"]) / 1000
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return 0.0
    finally:
        connection.close()


def last_access(path: str) -> float:
    """Seconds since the epoch of the last line in the log; 0 when there is none."""
    try:
        info = Path(path).stat()
    except OSError:
        return 0.0
    return info.st_mtime if info.st_size else 0.0


@dataclass(frozen=True)
class Process:
    """A line of /proc/PID/stat, as far as it is needed; TICKS are its own and those of ended children."""

    name: str
    parent: int
    ticks: int


def processes(proc: Path) -> dict[int, Process]:
    """Every process, by its id."""
    found = {}
    for stat in proc.glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text(errors="replace").partition("(")[2].rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        found[int(stat.parent.name)] = Process(name, int(fields[1]), sum(map(int, fields[11:15])))
    return found


Roots = Callable[[dict[int, Process]], set[int]]
"""From all processes to the ids of those that the IDE's work is done in."""


def named(name: str) -> Roots:
    """The processes of a name."""
    return lambda running: {pid for pid, one in running.items() if one.name == name}


def written_in(path: str) -> Roots:
    """The process whose id is in a file; none where there is no such file yet."""

    def roots(_: dict[int, Process]) -> set[int]:
        try:
            return {int(Path(path).read_text())}
        except (OSError, ValueError):
            return set()

    return roots


def cpu_seconds(roots: Roots, proc: Path = Path("/proc")) -> float:
    """CPU time that the ROOTS, and whatever they started, have used."""
    running = processes(proc)
    found = roots(running)

    def belongs(pid: int) -> bool:
        while pid in running and pid not in found:
            pid = running[pid].parent
        return pid in running

    return sum(one.ticks for pid, one in running.items() if belongs(pid)) / os.sysconf("SC_CLK_TCK")


def kernels(name: str, last: float, *, busy: bool) -> bytes:
    """The answer: one element in the shape of Jupyter's kernel list."""
    moment = datetime.fromtimestamp(last, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    state = "busy" if busy else "idle"
    model = {"id": name, "name": name, "last_activity": moment, "execution_state": state, "connections": 0}
    return json.dumps([model]).encode() + b"\n"


@dataclass
class Meter:
    """Whether what the ROOTS started computes, measured over windows of at least a second."""

    roots: Roots
    since: float
    used: float
    busy: bool = False

    def read(self, moment: float) -> bool:
        """The state of the last complete window; frequent questions neither shorten nor hide it."""
        if moment - self.since >= WINDOW:
            used = cpu_seconds(self.roots)
            self.busy = used - self.used > BUSY_SHARE * (moment - self.since)
            self.since, self.used = moment, used
        return self.busy


def answerer(options: argparse.Namespace, now: Callable[[], float]) -> Callable[[], bytes]:
    """A function that gives the current answer."""
    started = now()
    roots = (
        named(options.busy)
        if options.busy
        else written_in(options.busy_below)
        if options.busy_below
        else None
    )
    meter = Meter(roots, started, cpu_seconds(roots)) if roots else None

    def answer() -> bytes:
        moment = now()
        busy = meter is not None and meter.read(moment)
        last = max(
            started,
            last_heartbeat(options.heartbeat) if options.heartbeat else 0.0,
            last_access(options.access_log) if options.access_log else 0.0,
            moment if busy else 0.0,
        )
        return kernels(options.name, last, busy=busy)

    return answer


def handler(answer: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    """A request handler that gives ANSWER to every GET."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answer()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent: a culler asks every minute."""

    return Handler


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("socket")
    parser.add_argument("name")
    parser.add_argument("--heartbeat")
    parser.add_argument("--access-log")
    parser.add_argument("--busy")
    parser.add_argument("--busy-below")
    options = parser.parse_args()
    Path(options.socket).unlink(missing_ok=True)
    with socketserver.UnixStreamServer(options.socket, handler(answerer(options, time.time))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
