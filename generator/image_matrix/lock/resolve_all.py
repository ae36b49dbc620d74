"""Resolves all sections of a lock, and collects the failures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from image_matrix.lock.apt_updates import AptFindings, nothing_asked
from image_matrix.lock.conflict import explain
from image_matrix.lock.defaults import asked_defaults
from image_matrix.lock.hosts import note_indexes, noted_hosts
from image_matrix.lock.model import Lock
from image_matrix.lock.refreshed import refreshed_days
from image_matrix.lock.requirements import is_direct
from image_matrix.lock.resolver_api import ALL
from image_matrix.lock.section_answers import is_upgraded, resolve_sections
from image_matrix.lock.snapshots import cran_day
from image_matrix.lock.source_checks import source_findings
from image_matrix.lock.source_lists import with_apt_lists
from image_matrix.lock.unknown_pythons import unknown_pythons
from image_matrix.lock.unsolvable import once
from image_matrix.registry.host_log import HostLog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import date

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Finding
    from image_matrix.lock.apt_updates import AskApt
    from image_matrix.lock.conda_request import Solve
    from image_matrix.lock.defaults import Installer
    from image_matrix.lock.model import LockedPackages
    from image_matrix.lock.python import Packages
    from image_matrix.lock.resolver_api import Ask, Resolve
    from image_matrix.lock.section_answers import SectionAnswers
    from image_matrix.registry.answers import ImageConfig, Manifest, Refusal


@dataclass(frozen=True, slots=True)
class LockServices:
    """The services that locking uses: registries, network, resolvers, clock."""

    manifests: Callable[[list[str]], Mapping[str, Manifest | Refusal]]
    configs: Callable[[list[str]], Mapping[str, ImageConfig | Refusal]]
    stream: Callable[[str], Iterator[bytes]]
    resolve: Resolve
    graph: Ask
    solve: Solve | None
    sleep: Callable[[float], None]
    today: date
    """The day in UTC."""
    say: Callable[[str], None]
    apt_lists: Callable[[str], tuple[str, ...] | None]
    """Returns the addresses in the lists of apt of an image, given by its digest; ``None`` if they cannot be read."""
    defaults: Callable[[Collection[Installer]], Mapping[str, str]]
    """Asks installers for the addresses that they have by themselves."""
    touch: Callable[[str], None]
    """Asks for a file, so that ``host_log`` has the hosts that it comes from."""
    host_log: HostLog = field(default_factory=HostLog)
    """Where the requests of this run were sent on to."""
    ask_apt: AskApt = nothing_asked
    """Asks released images for updates of their apt packages."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The new lock, and the reasons for missing entries."""

    lock: Lock
    findings: tuple[Finding, ...]
    """What is wrong with the matrix: conflicts, wrong checksums, sources and files of another platform."""
    failures: tuple[str, ...]
    """Failures of the environment, one line each."""
    remedies: tuple[str, ...] = ()
    """Remedies for some of the failures, each once."""
    apt: AptFindings = field(default_factory=AptFindings)
    """What apt said in released images."""


def make_lock(
    loaded: Loaded,
    old: Lock,
    upgraded: tuple[str, ...],
    services: LockServices,
    custom_contract: Collection[str] = (),
) -> Outcome:
    """Lock what is not locked, and move on what ``upgraded`` names (``ALL`` for everything).

    ``upgraded`` are names as the lock has them (:func:`image_matrix.lock.upgrade_names.names_in_lock`).
    ``custom_contract`` are the kinds that decide on the user and entry point of a source themselves.
    """
    answers = resolve_sections(loaded, old, upgraded, services)
    lock = _lock_of(loaded, old, upgraded, services, answers)
    note_indexes(services.host_log, answers.python.hosts, lock.defaults.get("pip"))
    lock = replace(lock, hosts=noted_hosts(loaded, lock, old.hosts, services.host_log.hosts, services.touch))
    findings = (
        *source_findings(loaded, lock.sources, custom_contract),
        *answers.files.findings,
        *answers.extensions.findings,
        *answers.r.findings.values(),
        *unknown_pythons(loaded, answers.python.without_python),
        *once(_conflicts(loaded, answers.python, services.graph)),
    )
    return Outcome(lock, findings, answers.failures, answers.remedies, answers.apt.findings)


def _lock_of(
    loaded: Loaded, old: Lock, upgraded: tuple[str, ...], services: LockServices, answers: SectionAnswers
) -> Lock:
    """Return the lock of the answers, without the hosts that they came from."""
    packages, table = _with_stale(old, answers.python)
    current_defaults = () if upgraded == ALL else tuple(old.defaults)
    with_updates = answers.apt.findings.dated_with_updates
    return Lock(
        sources=with_apt_lists(loaded, answers.sources.locked, old.sources, services.apt_lists),
        downloads={**answers.files.locked, **answers.extensions.checksums},
        extensions=answers.extensions.locked,
        apt=answers.apt.moments,
        cran=cran_day(loaded, old, services.today, lambda name: is_upgraded(name, upgraded)),
        refreshed=refreshed_days(loaded, old.refreshed, services.today, upgraded, with_updates),
        r=answers.r.locked,
        conda=answers.conda.locked,
        python=packages,
        files=table,
        defaults=asked_defaults(loaded, old.defaults, current_defaults, services.defaults),
    )


def _conflicts(loaded: Loaded, python: Packages, graph: Ask) -> list[Finding]:
    """Return the findings about requirements that exclude each other, in the order of the variants."""
    order = list(loaded.variants)
    conflicts = sorted(python.conflicts, key=lambda item: order.index(item.variant))
    return [finding for item in conflicts for finding in explain(loaded, python.locked, item, graph)]


def _with_stale(
    old: Lock, python: Packages
) -> tuple[dict[str, LockedPackages], dict[str, Mapping[str, str]]]:
    """Return the sections ``python`` and ``files``.

    What could not be resolved keeps its old entry: it answers another question and is not used, but the next run takes
    its versions up again.
    """
    waiting = {*python.failures, *python.without_python, *(item.variant for item in python.conflicts)} - set(
        python.locked
    )
    stale = {name: old.python[name] for name in waiting if name in old.python}
    entries = {**stale, **python.locked}
    kept = (item for entry in stale.values() for item in entry.items if not is_direct(item))
    files = {item: old.files.get(item, {}) for item in kept} | python.files
    used = {item for entry in entries.values() for item in entry.items}
    return entries, {name: tags for name, tags in files.items() if name in used}
