"""Resolves the Python packages of all variants along the DAG, parents first, on all processors."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors
from image_matrix.lock.distributions import glibc_of, python_of
from image_matrix.lock.fingerprint import inherited_packages, packages_inputs, requested, still_answers
from image_matrix.lock.model import LockedPackages
from image_matrix.lock.requirements import is_direct
from image_matrix.lock.resolver_api import (
    ALL,
    Resolve,
    Resolved,
    ResolveRequest,
    ResolverError,
    Unsatisfiable,
)
from image_matrix.text import plural

if TYPE_CHECKING:
    from concurrent.futures import Future

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.model import Lock

Say = Callable[[str], None]
_NORMAL_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""The normal form of a Python package's name (PEP 503)."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A variant whose requirements cannot be satisfied."""

    variant: str
    request: ResolveRequest
    refused: Unsatisfiable


@dataclass(frozen=True, slots=True)
class Packages:
    """All variants' packages, as far as they could be resolved."""

    locked: dict[str, LockedPackages] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    without_python: list[str] = field(default_factory=list)
    """Variants of which nothing says which Python they have."""
    failures: dict[str, str] = field(default_factory=dict)
    """Variant to the reason why it is not locked."""
    remedies: list[str] = field(default_factory=list)
    """The remedies for failures, if known."""
    hosts: dict[str, set[str]] = field(default_factory=dict)
    """Index to scheme and host of its files, of what was resolved."""


@dataclass(frozen=True, slots=True)
class ResolveTask:
    """The requests of one variant: one for each architecture."""

    variant: Variant
    inputs: str
    requests: Mapping[str, ResolveRequest]
    old: LockedPackages | None = None
    """What was locked, where it still answers today's question and was only to move on."""


def lock_python(loaded: Loaded, old: Lock, upgraded: tuple[str, ...], resolve: Resolve, say: Say) -> Packages:
    """Resolve what the old lock does not answer any more, or what is to move on."""
    packages = Packages()
    order = _order(loaded)
    running: dict[Future[list[Resolved | Unsatisfiable | ResolverError]], ResolveTask] = {}
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        while order.is_active():
            for name in order.get_ready():
                task = _begin(loaded, old, upgraded, packages, loaded.variants[name])
                if task:
                    running[pool.submit(_answers, task, resolve)] = task
                else:
                    order.done(name)
            for done in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                task = running.pop(done)
                _finish(packages, task, done.result(), old, say)
                order.done(task.variant.id)
    return packages


def _order(loaded: Loaded) -> TopologicalSorter[str]:
    """Return the variants that ask for packages, each ready when its ancestors that ask for some are done."""
    asking = {name: item for name, item in loaded.variants.items() if requested(item, "pip")}
    above = {
        name: [one for one in _ancestors(loaded, item) if one in asking] for name, item in asking.items()
    }
    order = TopologicalSorter(above)
    order.prepare()
    return order


def _ancestors(loaded: Loaded, variant: Variant) -> list[str]:
    return [above.id for above in ancestors(loaded.variants, variant)]


def _begin(
    loaded: Loaded, old: Lock, upgraded: tuple[str, ...], packages: Packages, variant: Variant
) -> ResolveTask | None:
    """Return the work for a variant, or keep the old entry, or say why there can be none."""
    blocked = next((name for name in _ancestors(loaded, variant) if _unlocked(loaded, packages, name)), None)
    if python_of(loaded.matrix, variant) is None:
        packages.without_python.append(variant.id)
        return None
    if blocked:
        packages.failures[variant.id] = f"its parent {blocked} is not locked"
        return None
    parents = inherited_packages(loaded.variants, packages.locked, variant)
    inputs = packages_inputs(loaded.matrix, variant, "pip", parents)
    entry = still_answers(loaded, old.python, packages.locked, variant, "pip")
    good = entry if entry and _has_files(old, entry) else None
    moving = _moving(variant, upgraded)
    if good and not should_upgrade(good, moving):
        keep(packages, variant.id, good, old)
        return None
    return ResolveTask(variant, inputs, _requests(loaded, old, moving, variant, parents), good)


def _moving(variant: Variant, upgraded: tuple[str, ...]) -> tuple[str, ...]:
    """Return the packages of a variant that are to move on: all if it is named itself.

    What is named beside packages, such as a reference or another variant, is nothing that uv could be told.
    """
    if upgraded == ALL or variant.id in upgraded:
        return ALL
    return tuple(name for name in upgraded if _NORMAL_NAME.fullmatch(name))


def _unlocked(loaded: Loaded, packages: Packages, name: str) -> bool:
    return bool(requested(loaded.variants[name], "pip")) and name not in packages.locked


def should_upgrade(entry: LockedPackages, upgraded: tuple[str, ...]) -> bool:
    """Return whether an entry has a package to upgrade."""
    names = {package_of(item) for item in entry.items}
    return upgraded == ALL or bool(names & set(upgraded))


def package_of(item: str) -> str:
    """Return the name in ``name==version``."""
    return item.partition("==")[0]


def version_of(item: str) -> str:
    """Return the version in ``name==version @ index``."""
    return item.partition("==")[2].partition(" ")[0]


def _has_files(old: Lock, entry: LockedPackages) -> bool:
    return all(item in old.files or is_direct(item) for item in entry.items)


def keep(packages: Packages, name: str, entry: LockedPackages, old: Lock) -> None:
    """Copy an entry from the old lock, with its files."""
    packages.locked[name] = entry
    for item in entry.items:
        if not is_direct(item):
            packages.files.setdefault(item, {}).update(old.files[item])


def _requests(
    loaded: Loaded,
    old: Lock,
    upgraded: tuple[str, ...],
    variant: Variant,
    parents: Mapping[str, tuple[str, ...]],
) -> dict[str, ResolveRequest]:
    return {
        arch: ResolveRequest(
            requirements=requested(variant, "pip"),
            python=python_of(loaded.matrix, variant) or "",
            arch=arch,
            glibc=glibc_of(loaded.matrix, variant),
            constraints=tuple(sorted(parents[arch])),
            index=variant.index_url,
            indexes=variant.extra_index_urls,
            preferred=_preferred(loaded, old, variant, arch),
            upgraded=upgraded,
        )
        for arch in variant.archs
    }


def _preferred(loaded: Loaded, old: Lock, variant: Variant, arch: str) -> dict[str, str]:
    """Return the versions to keep: this variant's own, then what its relatives of the same Python have."""
    versions: dict[str, str] = {}
    relatives = [
        name
        for name in sorted(old.python)
        if name in loaded.variants
        and loaded.variants[name].values.get("python") == variant.values.get("python")
    ]
    for name in (*relatives, variant.id):
        items = old.python[name].packages.get(arch, ()) if name in old.python else ()
        versions |= {package_of(item): version_of(item) for item in items}
    return versions


def _answers(task: ResolveTask, resolve: Resolve) -> list[Resolved | Unsatisfiable | ResolverError]:
    """Resolve one architecture after the other; the first that fails is the last that is tried."""
    answers: list[Resolved | Unsatisfiable | ResolverError] = []
    for request in task.requests.values():
        answers.append(resolve(request))
        if not isinstance(answers[-1], Resolved):
            break
    return answers


def _finish(
    packages: Packages,
    task: ResolveTask,
    answers: list[Resolved | Unsatisfiable | ResolverError],
    old: Lock,
    say: Say,
) -> None:
    name = task.variant.id
    last = answers[-1]
    if isinstance(last, Resolved):
        _take(packages, task, [answer for answer in answers if isinstance(answer, Resolved)])
        return say(f"{name}: {plural(len(packages.locked[name].items), 'Python package')}")
    if isinstance(last, Unsatisfiable):
        request = list(task.requests.values())[len(answers) - 1]
        packages.conflicts.append(Conflict(name, request, last))
        say(f"{name}: its packages cannot be resolved")
    else:
        packages.failures[name] = last.reason
        packages.remedies.extend([last.remedy] if last.remedy else [])
        say(f"{name}: {last.reason}")
    if task.old:
        keep(packages, name, task.old, old)
    return None


def _take(packages: Packages, task: ResolveTask, answers: list[Resolved]) -> None:
    packages.locked[task.variant.id] = LockedPackages(
        task.inputs,
        {arch: tuple(sorted(answer.files)) for arch, answer in zip(task.requests, answers, strict=True)},
    )
    for answer in answers:
        for index, others in answer.hosts.items():
            packages.hosts.setdefault(index, set()).update(others)
        for package, files in answer.files.items():
            if is_direct(package):
                continue
            packages.files.setdefault(package, {}).update(files)
