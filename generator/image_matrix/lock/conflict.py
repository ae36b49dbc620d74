"""Explains why a child conflicts with its ancestors: the two lines in the matrix, and the packages between them.

uv says that the requirements exclude each other; which lines that are is found by asking it again: without the
ancestors' versions (does the child work at all?), then with one of them at a time (which one is in the way?).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors
from image_matrix.config.package_names import package_name
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.distributions import glibc_of, python_of
from image_matrix.lock.fingerprint import inherited_packages, requested
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.python import package_of, version_of
from image_matrix.lock.requirements import INDEX_MARK
from image_matrix.lock.resolver_api import ROOT, Graph, ResolveRequest, Unsatisfiable
from image_matrix.lock.unsolvable import unsolvable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.lock.model import LockedPackages
    from image_matrix.lock.python import Conflict
    from image_matrix.lock.resolver_api import Ask, ResolverError

MOST_CANDIDATES = 12
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class DependencyPath:
    """A requirement in the matrix, and how it leads to a package."""

    requirement: str
    path: Path
    packages: tuple[str, ...]
    """Names from the requirement to the package."""

    def __str__(self) -> str:
        """Return ``kfp==2.17.0 → urllib3``."""
        return " → ".join([self.requirement, *self.packages[1:]])


def explain(
    loaded: Loaded, locked: Mapping[str, LockedPackages], conflict: Conflict, ask: Ask
) -> list[Finding]:
    """Return the diagnostics of a refused variant; ``ask`` is :func:`image_matrix.lock.uv.graph`."""
    variant = loaded.variants[conflict.variant]
    free = ask(replace(conflict.request, constraints=()))
    if not isinstance(free, Graph):
        text = free.explanation if isinstance(free, Unsatisfiable) else conflict.refused.explanation
        return [unsolvable(loaded, variant, text)]
    names = _conflicting(conflict.request, free, ask)[:MOST_SHOWN]
    findings = [one for name in names for one in _conflict(loaded, locked, conflict, free, name, ask)]
    return findings or [unsolvable(loaded, variant, conflict.refused.explanation)]


def _conflicting(request: ResolveRequest, free: Graph, ask: Ask) -> list[str]:
    """Return the packages that conflict with the child: those that conflict alone, or else all that differ."""
    constraint_of = {package_of(item): item for item in request.constraints}
    differ = [
        name
        for name in constraint_of
        if name in free.versions
        and free.versions[name]
        not in (version_of(constraint_of[name]), constraint_of[name].partition(INDEX_MARK)[2])
    ]
    others = tuple(item for name, item in constraint_of.items() if name not in differ)

    def is_refused(name: str) -> bool:
        return isinstance(ask(replace(request, constraints=(*others, constraint_of[name]))), Unsatisfiable)

    return list(filter(is_refused, differ[:MOST_CANDIDATES])) or differ


def _conflict(
    loaded: Loaded, locked: Mapping[str, LockedPackages], conflict: Conflict, free: Graph, name: str, ask: Ask
) -> Iterator[Finding]:
    variant, arch = loaded.variants[conflict.variant], conflict.request.arch
    owner = _owner(loaded, locked, variant, arch, name)
    ours = _dependency_path(loaded, variant, free, name)
    if owner is None or ours is None:
        return
    theirs = _dependency_path(loaded, owner, ask(_as_locked(loaded, locked, owner, arch)), name)
    version = next(version_of(i) for i in conflict.request.constraints if package_of(i) == name)
    direct = len(ours.packages) == 1
    has, place = f"{name} {version}", theirs.path if theirs else ("images", owner.image)
    fields = {
        "wants": f"needs {ours.requirement}" if direct else f"would take {name} {free.versions[name]}",
        "ours": f"`{ours}`",
        "theirs": f"`{theirs}`" if theirs else f"`{name}` of `{owner.image}`",
    }
    finding = rules.PIP_CONFLICT.at(ours.path, image=variant.image, ancestor=owner.image, has=has, **fields)
    yield finding.beside((place, f"{has} comes from here"))


def _owner(
    loaded: Loaded, locked: Mapping[str, LockedPackages], variant: Variant, arch: str, name: str
) -> Variant | None:
    """Return the ancestor that installed a package."""
    for above in ancestors(loaded.variants, variant):
        installed = locked.get(above.id)
        if installed and any(package_of(item) == name for item in installed.packages.get(arch, ())):
            return above
    return None


def _as_locked(
    loaded: Loaded, locked: Mapping[str, LockedPackages], variant: Variant, arch: str
) -> ResolveRequest:
    """Return the request that resolves to the locked packages of a variant."""
    installed = locked[variant.id].packages.get(arch, ())
    return ResolveRequest(
        requirements=requested(variant, "pip"),
        python=python_of(loaded.matrix, variant) or "",
        arch=arch,
        glibc=glibc_of(loaded.matrix, variant),
        constraints=(*installed, *inherited_packages(loaded.variants, locked, variant).get(arch, ())),
        index=variant.index_url,
        indexes=variant.extra_index_urls,
    )


def _dependency_path(
    loaded: Loaded, variant: Variant, graph: Graph | Unsatisfiable | ResolverError, name: str
) -> DependencyPath | None:
    """Return the shortest dependency path from a requirement of a variant to a package."""
    if not isinstance(graph, Graph):
        return None
    paths: list[tuple[str, ...]] = [(name,)]
    seen = {name}
    for names in paths:
        for above in graph.needed_by.get(names[0], ()):
            if above == ROOT:
                return _requirement(loaded, variant, names)
            if above not in seen:
                seen.add(above)
                paths.append((above, *names))
    return None


def _requirement(loaded: Loaded, variant: Variant, names: tuple[str, ...]) -> DependencyPath | None:
    for item, path in requirement_lines(loaded, variant):
        if package_name("pip", item) == names[0]:
            return DependencyPath(item, path, names)
    return None
