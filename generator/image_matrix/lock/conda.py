"""Resolves conda packages to explicit addresses, with py-rattler or with a program on PATH.

Source of the explicit format: docs.conda.io, "Building identical conda environments".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from image_matrix.config.conda import channel_address
from image_matrix.config.conda_lock import name_and_version_of
from image_matrix.lock.conda_exact import NO_INPUTS, exact
from image_matrix.lock.conda_in_process import solver_in_process
from image_matrix.lock.conda_program import PROGRAMS, program_on_path
from image_matrix.lock.conda_request import SUBDIRS, CondaRequest
from image_matrix.lock.distributions import glibc_of
from image_matrix.lock.fingerprint import (
    cuda_of,
    inherited_packages,
    packages_inputs,
    requested,
    still_answers,
)
from image_matrix.lock.model import LockedPackages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.conda_request import CondaNetwork, Solve
    from image_matrix.lock.model import Lock

WITHOUT_SOLVER = (
    f"none of {', '.join(PROGRAMS)} is on PATH, and py-rattler is not installed; "
    "`pip install 'image-matrix[conda]'` installs it"
)


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
        if variant.conda_lock:
            known = environments.locked
            environments.locked[variant.id] = exact(loaded.variants, variant, variant.conda_lock, known)
            continue
        if not requested(variant, "conda"):
            continue
        parents = inherited_packages(loaded.variants, environments.locked, variant)
        inputs = packages_inputs(loaded.matrix, variant, "conda", parents)
        entry = still_answers(loaded, old.conda, environments.locked, variant, "conda")
        if entry and not should_upgrade("conda"):
            environments.locked[variant.id] = entry
        elif solve is None:
            environments.failures[variant.id] = WITHOUT_SOLVER
        else:
            _solve(loaded, environments, variant, inputs, parents, solve)
            if variant.id not in environments.locked and entry:
                environments.locked[variant.id] = entry
    solved = {name: entry for name, entry in environments.locked.items() if entry.inputs != NO_INPUTS}
    return replace(environments, locked=solved)


def _solve(
    loaded: Loaded,
    environments: Environments,
    variant: Variant,
    inputs: str,
    parents: Mapping[str, tuple[str, ...]],
    solve: Solve,
) -> None:
    packages: dict[str, tuple[str, ...]] = {}
    for arch in variant.archs:
        inherited = {url.partition("#")[0] for url in parents[arch]}
        specifications = (*requested(variant, "conda"), *sorted(_specifications(parents[arch])))
        answer = solve(_request(loaded, variant, specifications, SUBDIRS[arch]))
        if isinstance(answer, str):
            environments.failures[variant.id] = answer
            return
        packages[arch] = tuple(url for url in answer if url.partition("#")[0] not in inherited)
    environments.locked[variant.id] = LockedPackages(inputs, packages)


def _request(loaded: Loaded, variant: Variant, specifications: tuple[str, ...], subdir: str) -> CondaRequest:
    return CondaRequest(
        specifications,
        tuple(channel_address(channel) for channel in variant.channels),
        subdir,
        glibc_of(loaded.matrix, variant).replace("_", "."),
        cuda_of(loaded.matrix, variant),
    )


def _specifications(inherited: tuple[str, ...]) -> list[str]:
    """Return what holds a solver to the packages of the ancestors: of two with one name, to the nearest one's."""
    return [*{name_and_version_of(url)[0]: specification(url) for url in inherited}.values()]


def specification(url: str) -> str:
    """Return ``name=version=build`` of a package's address."""
    file = url.partition("#")[0].rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, build = file.rsplit("-", 2)
    return f"{name}={version}={build}"


def solver(network: CondaNetwork) -> Solve | None:
    """Return the solver that there is: py-rattler, or the first program on PATH."""
    return solver_in_process(network) or program_on_path(network)
