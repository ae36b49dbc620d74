"""Locks what R packages need of their distribution: the server that has them is asked once for each package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.r import has_compiler
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.logins import remedy
from image_matrix.lock.model import LockedR
from image_matrix.lock.r_pins import asked_packages, r_distribution
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.lock.package_manager import PackageManager

NO_ANSWERS = (
    "a CRAN mirror that is no Posit Package Manager does not know what R packages need: write "
    "`defaults: {images: {cran: {system_libraries: none}}}`, and list libraries in `apt`"
)
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class RPackages:
    """What is known, and the reasons for the rest."""

    locked: dict[str, LockedR] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Distribution to the reason."""
    remedies: list[str] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    """R package to what is wrong with it, whatever the distribution."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """An R package that some image lists."""

    name: str
    path: Path
    has_version: bool
    """Whether it may be one that CRAN has removed."""


def lock_r(
    loaded: Loaded,
    old: Mapping[str, LockedR],
    is_upgraded: bool,
    server: PackageManager,
    say: Callable[[str], None],
) -> RPackages:
    """Ask for what images list and the lock does not know yet, or for all of it; what nobody lists is left out."""
    result = RPackages()
    for name in _of_unknown_distributions(loaded):
        say(
            f"what the R packages on {name} need is not asked for: its distribution is not known; list it in `apt`"
        )
    for distribution, packages in _asked(loaded).items():
        before = old.get(distribution)
        known = {name: before.needs[name] for name in packages if before and name in before.needs}
        to_ask = [item for name, item in packages.items() if is_upgraded or name not in known]
        if before and not to_ask:
            result.locked[distribution] = LockedR(before.binaries, known)
        else:
            _ask(server, distribution, to_ask, known, before, result, loaded.matrix.network.netrc)
    for line in _without_compiler(loaded, result.locked):
        say(line)
    return result


def _ask(
    server: PackageManager,
    distribution: str,
    to_ask: list[_Asked],
    known: dict[str, tuple[str, ...]],
    before: LockedR | None,
    result: RPackages,
    logins: str | None,
) -> None:
    """Add the answers about one distribution to what is known of it; what was known stays if there are none."""
    binaries = before.binaries if before else ()
    try:
        binaries = server.binaries(distribution)
        for item in to_ask:
            needs = server.needs(item.name, distribution)
            if needs is not None or item.has_version:
                known[item.name] = needs or ()
            else:
                known.pop(item.name, None)
                fields = {"repository": server.repository, "name": item.name}
                result.findings[item.name] = rules.NO_R_PACKAGE.at(item.path, **fields)
    except ConnectionFailed as error:
        result.failures[distribution] = f"{server.status_address}: {error.reason}"
        result.remedies.append(remedy(server.repository, logins) if error.login else NO_ANSWERS)
    if known:
        result.locked[distribution] = LockedR(binaries, known)


def _asked(loaded: Loaded) -> dict[str, dict[str, _Asked]]:
    """Return, by distribution, the R packages that are asked for, each at the first line that lists it."""
    by_distribution: dict[str, dict[str, _Asked]] = {}
    for variant in loaded.variants.values():
        distribution = r_distribution(loaded.matrix, variant)
        if distribution:
            entries = dict(requirement_lines(loaded, variant, "cran"))
            for entry, name in asked_packages(variant).items():
                one = _Asked(name, entries[entry], "@" in entry)
                by_distribution.setdefault(distribution, {}).setdefault(name, one)
    return by_distribution


def _without_compiler(loaded: Loaded, locked: Mapping[str, LockedR]) -> Iterator[str]:
    """Yield the images on architectures without binaries whose chain surely has no compiler."""
    images: dict[tuple[str, str], dict[str, None]] = {}
    for variant in loaded.variants.values():
        entry = locked.get(r_distribution(loaded.matrix, variant) or "")
        chain = list(lineage(loaded.variants, variant))
        if not entry or not asked_packages(variant) or has_compiler(chain) or any(i.scripts for i in chain):
            continue
        for arch in set(variant.archs) - set(entry.binaries):
            images.setdefault((r_distribution(loaded.matrix, variant) or "", arch), {})[variant.image] = None
    for (distribution, arch), names in sorted(images.items()):
        yield (
            f"there are no binaries of R packages for {distribution} on {arch}: there, {listed([*names], MOST_NAMES)} "
            "builds them from source; without `apt: [r-base-dev]`, only R code alone can be"
        )


def _of_unknown_distributions(loaded: Loaded) -> Iterator[str]:
    """Yield the names of sources, with the images that list R packages, whose distribution is not known."""
    images: dict[str, dict[str, None]] = {}
    for variant in loaded.variants.values():
        if asked_packages(variant) and r_distribution(loaded.matrix, variant) is None:
            images.setdefault(variant.root_source, {})[variant.image] = None
    for source, names in images.items():
        yield f"{source} ({listed([*names], MOST_NAMES)})"
