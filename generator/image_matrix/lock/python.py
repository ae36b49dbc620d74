"""Every variant's Python packages: resolved along the DAG, parents first, as many at a time as there are processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors
from image_matrix.lock.distributions import glibc_of, python_of
from image_matrix.lock.fingerprint import asked, beneath, packages_inputs, still_answers
from image_matrix.lock.model import LockedPackages
from image_matrix.lock.resolver_api import ALL, Failed, Question, Refused, Resolve, Resolved
from image_matrix.text import plural

if TYPE_CHECKING:
    from concurrent.futures import Future

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.model import Lock

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A variant whose requirements were refused."""

    variant: str
    question: Question
    refused: Refused


@dataclass(frozen=True, slots=True)
class Packages:
    """All variants' packages, as far as they could be resolved."""

    locked: dict[str, LockedPackages] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """Variant to why it is not locked."""
    remedies: list[str] = field(default_factory=list)
    """What helps against failures, where that is known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One variant's work: a question for each architecture."""

    variant: Variant
    inputs: str
    questions: Mapping[str, Question]
    old: LockedPackages | None = None
    """What was locked, where it still answers today's question and was only to move on."""


def lock_python(loaded: Loaded, old: Lock, upgraded: tuple[str, ...], resolve: Resolve, say: Say) -> Packages:
    """Resolve what the old lock does not answer any more, or what is to move on."""
    found = Packages()
    order = _order(loaded)
    running: dict[Future[list[Resolved | Refused | Failed]], Step] = {}
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        while order.is_active():
            for name in order.get_ready():
                step = _begin(loaded, old, upgraded, found, loaded.variants[name])
                if step:
                    running[pool.submit(_answers, step, resolve)] = step
                else:
                    order.done(name)
            for done in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                step = running.pop(done)
                _finish(found, step, done.result(), old, say)
                order.done(step.variant.id)
    return found


def _order(loaded: Loaded) -> TopologicalSorter[str]:
    """Return the variants that ask for packages, each ready when its ancestors that ask for some are done."""
    asking = {name: item for name, item in loaded.variants.items() if asked(item, "pip")}
    above = {
        name: [one for one in _ancestors(loaded, item) if one in asking] for name, item in asking.items()
    }
    order = TopologicalSorter(above)
    order.prepare()
    return order


def _ancestors(loaded: Loaded, variant: Variant) -> list[str]:
    return [above.id for above in ancestors(loaded.variants, variant)]


def _begin(
    loaded: Loaded, old: Lock, upgraded: tuple[str, ...], found: Packages, variant: Variant
) -> Step | None:
    """Return the work for a variant, or keep the old entry, or say why there can be none."""
    blocked = next((name for name in _ancestors(loaded, variant) if _unlocked(loaded, found, name)), None)
    python = python_of(loaded.matrix, variant)
    if blocked:
        found.failures[variant.id] = f"its parent {blocked} is not locked"
        return None
    if python is None:
        found.failures[variant.id] = "its Python version is not known; add the axis `python`"
        return None
    parents = beneath(loaded.variants, found.locked, variant)
    inputs = packages_inputs(loaded.matrix, variant, "pip", parents)
    entry = still_answers(loaded, old.python, found.locked, variant, "pip")
    good = entry if entry and _has_files(old, entry) else None
    if good and not moves(good, upgraded):
        keep(found, variant.id, good, old)
        return None
    return Step(variant, inputs, _questions(loaded, old, upgraded, variant, parents), good)


def _unlocked(loaded: Loaded, found: Packages, name: str) -> bool:
    return bool(asked(loaded.variants[name], "pip")) and name not in found.locked


def moves(entry: LockedPackages, upgraded: tuple[str, ...]) -> bool:
    """Say whether something in an entry is to move on."""
    names = {package_of(item) for item in entry.items}
    return upgraded == ALL or bool(names & set(upgraded))


def package_of(item: str) -> str:
    """Return the name in ``name==version``."""
    return item.partition("==")[0]


def version_of(item: str) -> str:
    """Return the version in ``name==version @ index``."""
    return item.partition("==")[2].partition(" ")[0]


def _has_files(old: Lock, entry: LockedPackages) -> bool:
    return entry.items <= old.files.keys()


def keep(found: Packages, name: str, entry: LockedPackages, old: Lock) -> None:
    """Take an entry over from the old lock, with its files."""
    found.locked[name] = entry
    for item in entry.items:
        found.files.setdefault(item, {}).update(old.files[item])


def _questions(
    loaded: Loaded,
    old: Lock,
    upgraded: tuple[str, ...],
    variant: Variant,
    parents: Mapping[str, tuple[str, ...]],
) -> dict[str, Question]:
    return {
        arch: Question(
            requirements=asked(variant, "pip"),
            python=python_of(loaded.matrix, variant) or "",
            arch=arch,
            glibc=glibc_of(loaded.matrix, variant),
            constraints=tuple(sorted(parents[arch])),
            indexes=variant.extra_index_urls,
            preferred=_preferred(loaded, old, variant, arch),
            upgraded=upgraded,
        )
        for arch in variant.archs
    }


def _preferred(loaded: Loaded, old: Lock, variant: Variant, arch: str) -> dict[str, str]:
    """Return the versions to keep: this variant's own, then what its relatives of the same Python have."""
    found: dict[str, str] = {}
    relatives = [
        name
        for name in sorted(old.python)
        if name in loaded.variants
        and loaded.variants[name].values.get("python") == variant.values.get("python")
    ]
    for name in (*relatives, variant.id):
        items = old.python[name].packages.get(arch, ()) if name in old.python else ()
        found |= {package_of(item): version_of(item) for item in items}
    return found


def _answers(step: Step, resolve: Resolve) -> list[Resolved | Refused | Failed]:
    """Resolve one architecture after the other; the first that fails is the last that is tried."""
    found: list[Resolved | Refused | Failed] = []
    for question in step.questions.values():
        found.append(resolve(question))
        if not isinstance(found[-1], Resolved):
            break
    return found


def _finish(
    found: Packages, step: Step, answers: list[Resolved | Refused | Failed], old: Lock, say: Say
) -> None:
    name = step.variant.id
    last = answers[-1]
    if isinstance(last, Resolved):
        _take(found, step, [answer for answer in answers if isinstance(answer, Resolved)])
        return say(f"{name}: {plural(len(found.locked[name].items), 'Python package')}")
    if isinstance(last, Refused):
        question = list(step.questions.values())[len(answers) - 1]
        found.conflicts.append(Conflict(name, question, last))
        say(f"{name}: its packages cannot be resolved")
    else:
        found.failures[name] = last.reason
        found.remedies.extend([last.remedy] if last.remedy else [])
        say(f"{name}: {last.reason}")
    if step.old:
        keep(found, name, step.old, old)
    return None


def _take(found: Packages, step: Step, answers: list[Resolved]) -> None:
    found.locked[step.variant.id] = LockedPackages(
        step.inputs,
        {arch: tuple(sorted(answer.files)) for arch, answer in zip(step.questions, answers, strict=True)},
    )
    for answer in answers:
        for package, files in answer.files.items():
            found.files.setdefault(package, {}).update(files)
