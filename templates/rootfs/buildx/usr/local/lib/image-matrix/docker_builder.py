#!/usr/bin/python3 -I
"""Makes the BuildKit at BUILDKIT_HOST the builder of `docker buildx`; before a build, says why there is none.

``docker_builder.py`` makes it, where it is not the builder already; ``docker_builder.py build`` also looks whether it
answers: buildx waits for 20 seconds, and does not say what is wrong.
"""

import fcntl
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

NAME = "notebook"
DOCKER = "/usr/bin/docker"
CERTIFICATES = "/etc/image-matrix/buildkit"
"""Where a Secret with certificates is mounted, unless BUILDKIT_CERTIFICATES says otherwise."""
NAMES_OF_FILES = (("ca.crt", "tls.crt", "tls.key"), ("ca.pem", "cert.pem", "key.pem"))
"""Authority, certificate and key: as in Secrets of Kubernetes, and as Docker has them."""
SECONDS = 5.0
LOCK_SECONDS = 5.0
CREATE_SECONDS = 10.0
"""How long making the builder may take in all, the wait for the lock included."""
OTHER_FOLDER = "write `export BUILDX_CONFIG=$(mktemp -d)`"
WHEN_TOLD = ("/bin/sh", "-c", 'read -r go && exec "$@"', "sh")
"""Starts a command once this script reads what it says: ended before, it would leave the command alone."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""BuildKit speaks gRPC, so HTTP/2: each side begins with a frame of settings (RFC 9113, 3.4)."""
FRAME_HEADER = 9
SETTINGS = 4
ASKS_FOR_TLS = "it asks for TLS: ca.crt, tls.crt and tls.key belong into the folder BUILDKIT_CERTIFICATES"
REFUSES = "it refuses tls.crt, or does not speak TLS"
NO_BUILDKIT = (
    "no BuildKit is known: write `export BUILDKIT_HOST=tcp://HOST:1234` with your administrators' address"
)
IS_DAEMON = f"the chosen builder needs a Docker daemon: write `docker buildx use {NAME}`"


def main(words: list[str]) -> int:
    """Make the builder, and check it for a build; return the exit code."""
    config, address = Path(os.environ["BUILDX_CONFIG"]), os.environ.get("BUILDKIT_HOST", "")
    tls = tls_files(Path(os.environ.get("BUILDKIT_CERTIFICATES") or CERTIFICATES))
    problem = create(address, tls, config) if address else ""
    if not problem and words == ["build"]:
        problem = unready(current(config), address, tls)
    if problem:
        print(f"docker: {problem}", file=sys.stderr)
    return 1 if problem else 0


def unready(builder: str, address: str, tls: dict[str, Path]) -> str:
    """Return why the builder that buildx takes cannot build; a builder of the user's own is left to buildx."""
    if not builder:
        return IS_DAEMON if address else NO_BUILDKIT
    reason = fault(address, tls) if builder == NAME and address else ""
    return f"BUILDKIT_HOST={address}: {reason}" if reason else ""


def current(config: Path) -> str:
    """Return the builder that buildx takes by itself; empty if that is a Docker daemon."""
    try:
        return str(json.loads((config / "current").read_text())["Name"])
    except (OSError, ValueError, KeyError):
        return ""


def tls_files(folder: Path) -> dict[str, Path]:
    """Return the options of buildx for a folder with certificates; empty if it has none."""
    for names in NAMES_OF_FILES:
        files = zip(("cacert", "cert", "key"), names, strict=True)
        there = {option: folder / name for option, name in files if os.access(folder / name, os.F_OK)}
        if "cacert" in there:
            return there
    return {}


def create(address: str, tls: dict[str, Path], config: Path) -> str:
    """Make the builder, unless it has these settings already; return what is wrong, or an empty text.

    The start of the pod and each terminal may come at the same time, and one would remove what another has just made.
    """
    record, settings = config / "image-matrix", "\n".join([address, *map(str, tls.values())])
    end = time.monotonic() + CREATE_SECONDS
    try:
        config.mkdir(parents=True, exist_ok=True)
        if settings_of(record) == settings:
            return ""
        with (config / "image-matrix.lock").open("w") as lock:
            without_lock = wait_for(lock)
            if settings_of(record) == settings:
                return ""
            record.unlink(missing_ok=True)  # or it would name a builder that is gone
            refused = create_alone(address, tls, end)
            if not refused:
                record.write_text(settings)
                return ""
    except OSError as error:
        return f"BUILDX_CONFIG={config}: {said(error)}: {OTHER_FOLDER}"
    folder = f"; BUILDX_CONFIG={config}: {without_lock}: {OTHER_FOLDER}" if without_lock else ""
    return f"BUILDKIT_HOST={address}: {refused}: write tcp://HOST:1234{folder}"


def said(error: OSError) -> str:
    """Return an error of the system in its own words."""
    return (error.strerror or str(error)).lower()


def settings_of(record: Path) -> str:
    """Return what the builder was made of; empty if there is none."""
    try:
        return record.read_text()
    except FileNotFoundError:
        return ""


def wait_for(lock: IO[str]) -> str:
    """Wait for a lock, for some seconds; return why there can be none, or an empty text.

    Its holder may be stopped, and a home on a network may have no locks: then it goes on without.
    """
    end = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < end:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        except OSError as error:
            return said(error)
        else:
            break
    return ""


def create_alone(address: str, tls: dict[str, Path], end: float) -> str:
    """Make the builder, where nobody else does at the same time; return what buildx says against it."""
    buildx(end, "rm", NAME)  # or its options would stay
    options = [f'--driver-opt="{option}={file}"' for option, file in tls.items()]
    return buildx(end, "create", f"--name={NAME}", "--driver=remote", "--use", *options, address)


def buildx(end: float, *words: str) -> str:
    """Run buildx; return the last line of its errors if it fails, or an empty text.

    It waits without end for a lock of its own, and docker starts it as another process: both are ended at a time of the
    clock, with :class:`TimeoutError`, and when this script is to end.
    """
    with subprocess.Popen(
        [*WHEN_TOLD, DOCKER, "buildx", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as docker:
        try:
            _, errors = docker.communicate("go\n", timeout=end - time.monotonic())
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"buildx has not ended in {CREATE_SECONDS:.0f} seconds") from None
        finally:
            if docker.poll() is None:
                os.killpg(docker.pid, signal.SIGKILL)
    lines = errors.strip().splitlines() or ["buildx refuses it"]
    return lines[-1].removeprefix("ERROR: ").strip() if docker.returncode else ""


def fault(address: str, tls: dict[str, Path]) -> str:
    """Return why BuildKit does not answer; an empty text if it does, or if only buildx can reach it."""
    host = urlsplit(address)
    if host.scheme != "tcp":
        return ""
    try:
        if host.port is None:
            return "its port is missing: write tcp://HOST:1234"
        with (
            socket.create_connection((host.hostname, host.port), SECONDS) as link,
            secured(link, host.hostname or "", tls) as talking,
        ):
            return greeting_fault(talking, tls)
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not valid: {error.verify_message}; put the authority that signed it into ca.crt"
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        return REFUSES if tls else ASKS_FOR_TLS
    except PermissionError:
        return (
            f"{tls['cacert'].parent} has files that cannot be read: mount its Secret with `defaultMode: 0444`"
        )
    except (OSError, ValueError) as error:
        return f"{getattr(error, 'strerror', None) or error}".lower()


def secured(link: socket.socket, host: str, tls: dict[str, Path]) -> socket.socket:
    """Return a connection over TLS, if there are certificates."""
    if not tls:
        return link
    context = ssl.create_default_context(cafile=tls["cacert"])
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13 refuses authorities that buildx takes
    context.set_alpn_protocols(["h2"])
    if "cert" in tls:
        context.load_cert_chain(tls["cert"], tls.get("key"))
    return context.wrap_socket(link, server_hostname=host)


def greeting_fault(link: socket.socket, tls: dict[str, Path]) -> str:
    """Return what is wrong with the first answer of a server."""
    link.sendall(PREFACE)
    answer = link.recv(FRAME_HEADER)
    if len(answer) == FRAME_HEADER and answer[3] == SETTINGS:
        return ""
    if answer.startswith(b"HTTP") or (tls and answer):
        return "it does not speak BuildKit's protocol"
    return REFUSES if tls else ASKS_FOR_TLS


def interruptible() -> None:
    """Let a closed terminal and a request to end interrupt this script as Ctrl-C does; nohup's word counts more."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


if __name__ == "__main__":
    interruptible()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
