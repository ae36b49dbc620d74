"""Runs ``uv pip compile``, for one Python on one architecture."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.trusted_hosts import git_trust
from image_matrix.errors import naming
from image_matrix.lock.requirements import MACHINES, constraint
from image_matrix.lock.resolver_api import ALL, ResolveRequest, ResolverError, Unsatisfiable
from image_matrix.lock.uv_messages import explanation, reason
from image_matrix.program import run_once
from image_matrix.registry.printed_faults import of_step
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from image_matrix.lock.package_network import PackageNetwork


NO_SOLUTION = 1
"""uv's exit code for requirements that cannot be had together; 2 is everything else."""
SECONDS = 900
UvRunner = Callable[[list[str], Mapping[str, str]], tuple[int, str]]
"""Runs uv with arguments and further environment variables: exit code and standard error."""


@dataclass(frozen=True, slots=True)
class Uv:
    """The uv of this machine, and where it fetches packages."""

    network: PackageNetwork
    run: UvRunner


def runner() -> UvRunner:
    """Return a function that runs the uv that is installed beside this program.

    The program is looked up here and not in each run: that reads sysconfig, whose first use is not safe in threads.
    """
    import os

    from uv import find_uv_bin

    program = find_uv_bin()

    def run(arguments: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
        done = run_once([program, *arguments], {**os.environ, **environment}, seconds=SECONDS)
        return done.returncode, done.stderr

    return run


def printed_for_index(index: str, names: tuple[str, ...], uv: Uv) -> str:
    """Return what uv prints when it looks for packages in one index."""
    import subprocess

    with temporary_folder() as folder:
        file = folder / "requirements.in"
        with naming(folder):
            file.write_text(_lines(names))
        call = [
            "pip",
            "compile",
            str(file),
            f"--default-index={index}",
            "--no-deps",
            "--no-config",
            "--quiet",
        ]
        try:
            return uv.run([*call, "--no-python-downloads", "--color=never"], _surroundings(uv.network))[1]
        except (OSError, subprocess.TimeoutExpired):
            return ""


def compiled(request: ResolveRequest, uv: Uv, form: str) -> str | Unsatisfiable | ResolverError:
    """Return the file that uv makes of a request: ``form`` is ``pylock.toml`` or ``requirements.txt``."""
    import subprocess

    with temporary_folder() as folder:
        output = folder / form
        pinned = [constraint(item) for item in request.constraints]
        with naming(folder):
            (folder / "requirements.in").write_text(_lines(request.requirements))
            (folder / "constraints.txt").write_text(_lines(pinned))
            if request.preferred and form == "pylock.toml":
                output.write_text(_preferences(request.preferred))
        try:
            code, errors = uv.run(_arguments(request, uv.network, folder, output), _surroundings(uv.network))
        except (OSError, subprocess.TimeoutExpired) as error:
            return ResolverError(f"uv cannot be run: {error}")
        if code == 0:
            return output.read_text()
    if code == NO_SOLUTION and "No solution found" in errors:
        return Unsatisfiable(explanation(errors))
    return ResolverError(reason(errors), of_step(errors) or "")


def _surroundings(network: PackageNetwork) -> dict[str, str]:
    """Return the environment variables by which uv trusts and logs in, and leaves its messages in one line."""
    import os

    known = {
        "SSL_CERT_FILE": network.ca_bundle,
        "GIT_SSL_CAINFO": network.ca_bundle,
        "GIT_TERMINAL_PROMPT": "0",
        "NETRC": network.netrc,
        "UV_INSECURE_HOST": " ".join(network.trusted),  # docs.astral.sh/uv/reference/environment
        "UV_NO_WRAP": "1",
        **git_trust(network.trusted, int(os.environ.get("GIT_CONFIG_COUNT") or 0)),
    }
    return {name: value for name, value in known.items() if value}


def _lines(items: Iterable[str]) -> str:
    return "".join(f"{item}\n" for item in items)


def _preferences(versions: Mapping[str, str]) -> str:
    entries = (
        f"[[packages]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}\n"
        for name, version in sorted(versions.items())
    )
    return f'lock-version = "1.0"\ncreated-by = "image-matrix"\n{"".join(entries)}'


def _arguments(request: ResolveRequest, network: PackageNetwork, folder: Path, output: Path) -> list[str]:
    import sys

    form = "pylock.toml" if output.suffix == ".toml" else "requirements.txt"
    default = network.mirror_of(request.index) if request.index else network.default_index
    indexes = [f"--default-index={default}"] if default else []
    indexes += [f"--index={network.mirror_of(index)}" for index in request.indexes]
    indexes += ["--index-strategy=unsafe-best-match"] if request.indexes else []
    upgrades = (
        ["--upgrade"]
        if request.upgraded == ALL
        else [f"--upgrade-package={name}" for name in request.upgraded]
    )
    return [
        *("pip", "compile", str(folder / "requirements.in"), f"--constraints={folder / 'constraints.txt'}"),
        *(
            f"--output-file={output}",
            f"--format={form}",
            "--annotation-style=line",
            "--no-header",
            "--emit-index-annotation",
        ),
        *(f"--python={sys.executable}", f"--python-version={request.python}", "--no-python-downloads"),
        f"--python-platform={MACHINES[request.arch]}-manylinux_{request.glibc}",
        *("--no-config", "--no-progress", "--color=never", "--no-strip-extras"),
        *indexes,
        *upgrades,
    ]
