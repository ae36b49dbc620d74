"""Resolves conda packages to explicit addresses with the dry run of a solver on PATH.

Source of the output: ``micromamba create --dry-run --json`` and ``conda create --dry-run --json`` name what they would
link under ``actions.LINK``, each with its address and checksums; of the explicit format:
docs.conda.io, "Building identical conda environments".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from image_matrix.lock.distributions import glibc_of
from image_matrix.lock.fingerprint import inherited_packages, packages_inputs, requested, still_answers
from image_matrix.lock.model import LockedPackages
from image_matrix.stderr import failed
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.model import Lock

SOLVERS = ("micromamba", "mamba", "conda")
SUBDIRS = {"amd64": "linux-64", "arm64": "linux-aarch64"}
CHANNELS = "https://conda.anaconda.org"
CHANNEL = "conda-forge"
SECONDS = 900


class Solve(Protocol):
    """Solves specifications for a platform of conda and a C library, given as in wheel tags (``2_36``)."""

    def __call__(self, specifications: tuple[str, ...], subdir: str, *, glibc: str) -> list[str] | str:
        """Return the addresses of the packages, or the reason why the solver failed."""
        ...


@dataclass(frozen=True, slots=True)
class Environments:
    """The variants that were locked, and the reasons for the others."""

    locked: dict[str, LockedPackages] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def lock_conda(
    loaded: Loaded,
    old: Lock,
    should_upgrade: Callable[[str], bool],
    solve: Solve | None,
) -> Environments:
    """Solve the environments that the old lock does not have; ``solve`` is ``None`` without a solver."""
    environments = Environments()
    for variant in loaded.variants.values():
        if not requested(variant, "conda"):
            continue
        parents = inherited_packages(loaded.variants, environments.locked, variant)
        inputs = packages_inputs(loaded.matrix, variant, "conda", parents)
        entry = still_answers(loaded, old.conda, environments.locked, variant, "conda")
        if entry and not should_upgrade("conda"):
            environments.locked[variant.id] = entry
        elif solve is None:
            environments.failures[variant.id] = f"none of {', '.join(SOLVERS)} is on PATH"
        else:
            ask = partial(solve, glibc=glibc_of(loaded.matrix, variant))
            _solve(environments, variant, inputs, parents, ask)
            if variant.id not in environments.locked and entry:
                environments.locked[variant.id] = entry
    return environments


def _solve(
    environments: Environments,
    variant: Variant,
    inputs: str,
    parents: Mapping[str, tuple[str, ...]],
    solve: Callable[[tuple[str, ...], str], list[str] | str],
) -> None:
    packages: dict[str, tuple[str, ...]] = {}
    for arch in variant.archs:
        inherited = {url.partition("#")[0] for url in parents[arch]}
        specifications = (*requested(variant, "conda"), *sorted(specification(url) for url in inherited))
        answer = solve(specifications, SUBDIRS[arch])
        if isinstance(answer, str):
            environments.failures[variant.id] = answer
            return
        packages[arch] = tuple(url for url in answer if url.partition("#")[0] not in inherited)
    environments.locked[variant.id] = LockedPackages(inputs, packages)


def specification(url: str) -> str:
    """Return ``name=version=build`` of a package's address."""
    file = url.partition("#")[0].rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, build = file.rsplit("-", 2)
    return f"{name}={version}={build}"


def addresses(output: str, alias: str) -> list[str]:
    """Return the explicit addresses of a solver's JSON, with the public host in place of ``alias``."""
    linked: list[Mapping[str, Any]] = json.loads(output).get("actions", {}).get("LINK", [])
    urls = []
    for item in linked:
        url = str(item["url"]).replace(alias.rstrip("/"), CHANNELS, 1)
        urls.append(f"{url}#{item['md5']}" if item.get("md5") else url)
    return sorted(urls)


def solver(alias: str | None) -> Solve | None:
    """Return a function that runs the first solver on PATH, or ``None``."""
    import shutil

    program = next((path for name in SOLVERS if (path := shutil.which(name))), None)
    if program is None:
        return None
    channels = (alias or CHANNELS).rstrip("/")

    def solve(specifications: tuple[str, ...], subdir: str, *, glibc: str) -> list[str] | str:
        # source of the variables: docs.conda.io, "Managing virtual packages"
        target = {"CONDA_SUBDIR": subdir, "CONDA_OVERRIDE_GLIBC": glibc.replace("_", ".")}
        return _run(program, specifications, target, channels)

    return solve


def _run(
    program: str, specifications: tuple[str, ...], target: Mapping[str, str], channels: str
) -> list[str] | str:
    import os
    import subprocess

    with temporary_folder() as folder:
        arguments = ["create", "--dry-run", "--json", "--yes", "--prefix", f"{folder}/prefix"]
        arguments += ["--override-channels", "--channel", f"{channels}/{CHANNEL}", "--", *specifications]
        try:
            done = subprocess.run(
                [program, *arguments],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
                env={**os.environ, **target},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the solver cannot be run: {error}"
    if done.returncode != 0:
        return failed("the solver says", done.stderr or done.stdout)
    try:
        return addresses(done.stdout, channels)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"the solver's answer is not as expected: {error!r}"
