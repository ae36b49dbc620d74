#!/usr/bin/python3
"""Answers like Jupyter's /api/kernels, so that Kubeflow's culler sees when an IDE was last used.

activity.py SOCKET NAME [--heartbeat SOCKET] [--access-log FILE] [--busy PROCESS]

--heartbeat   code-server's socket: its /healthz tells the last heartbeat, in milliseconds
--access-log  a file that nginx writes when the user acts: its modification time counts
--busy        a process name: the IDE is busy while such processes and what they started (terminals, background jobs)
              use more than a tenth of a CPU between two questions
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import socketserver
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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


def cpu_seconds(name: str, proc: Path = Path("/proc")) -> float:
    """CPU time that the processes called NAME, and whatever they started, have used."""
    running = processes(proc)

    def belongs(pid: int) -> bool:
        while pid in running and running[pid].name != name:
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
    """Whether the processes called NAME compute, measured over windows of at least a second."""

    name: str
    since: float
    used: float
    busy: bool = False

    def read(self, moment: float) -> bool:
        """The state of the last complete window; frequent questions neither shorten nor hide it."""
        if moment - self.since >= WINDOW:
            used = cpu_seconds(self.name)
            self.busy = used - self.used > BUSY_SHARE * (moment - self.since)
            self.since, self.used = moment, used
        return self.busy


def answerer(options: argparse.Namespace, now: Callable[[], float]) -> Callable[[], bytes]:
    """A function that gives the current answer."""
    started = now()
    meter = Meter(options.busy, started, cpu_seconds(options.busy)) if options.busy else None

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
    options = parser.parse_args()
    Path(options.socket).unlink(missing_ok=True)
    with socketserver.UnixStreamServer(options.socket, handler(answerer(options, time.time))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
