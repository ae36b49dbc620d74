"""Asks for each section of a lock by itself, and keeps the answers together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.cran import REPOSITORY
from image_matrix.config.mirrors import url_prefixes
from image_matrix.lock.apt_moments import lock_apt
from image_matrix.lock.conda import lock_conda
from image_matrix.lock.extensions import lock_extensions
from image_matrix.lock.files import lock_files
from image_matrix.lock.gallery import Gallery
from image_matrix.lock.package_manager import PackageManager
from image_matrix.lock.python import lock_python
from image_matrix.lock.r_packages import lock_r
from image_matrix.lock.resolver_api import ALL
from image_matrix.lock.sources import Look, lock_sources
from image_matrix.registry.patience import Patience
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.apt_moments import LockedApt
    from image_matrix.lock.conda import Environments
    from image_matrix.lock.extensions import Extensions
    from image_matrix.lock.files import FileChecksums
    from image_matrix.lock.model import Lock
    from image_matrix.lock.python import Packages
    from image_matrix.lock.r_packages import RPackages
    from image_matrix.lock.read import RequiredFile
    from image_matrix.lock.resolve_all import LockServices
    from image_matrix.lock.sources import Sources


@dataclass(frozen=True, slots=True)
class SectionAnswers:
    """What was resolved for the sections of a lock."""

    sources: Sources
    files: FileChecksums
    extensions: Extensions
    conda: Environments
    python: Packages
    r: RPackages
    apt: LockedApt

    @property
    def failures(self) -> tuple[str, ...]:
        """Failures of the environment, one line each."""
        return (
            *(f"{name}: {reason}" for name, reason in self.sources.failures.items()),
            *self.files.failures.values(),
            *self.extensions.failures.values(),
            *(f"conda packages of {name}: {reason}" for name, reason in self.conda.failures.items()),
            *(
                f"system libraries of R packages on {name}: {reason}"
                for name, reason in self.r.failures.items()
            ),
            *(f"Python packages of {name}: {reason}" for name, reason in self.python.failures.items()),
            *(f"apt packages: {reason}" for reason in self.apt.findings.failures),
        )

    @property
    def remedies(self) -> tuple[str, ...]:
        """Remedies for some of the failures, each once."""
        return tuple(
            dict.fromkeys(
                (*self.files.remedies, *self.extensions.remedies, *self.r.remedies, *self.python.remedies)
            )
        )


def resolve_sections(
    loaded: Loaded, old: Lock, upgraded: tuple[str, ...], services: LockServices
) -> SectionAnswers:
    """Resolve what is not locked, and what ``upgraded`` names (``ALL`` for everything)."""

    def should_upgrade(name: str) -> bool:
        return is_upgraded(name, upgraded)

    def should_upgrade_file(item: RequiredFile) -> bool:
        return item.name in upgraded

    say = services.say
    with span("lock sources"):
        look = Look(services.manifests, services.configs)
        sources = lock_sources(loaded, old.sources, should_upgrade, look)
    with span("lock downloads"):
        files = lock_files(loaded, old.downloads, should_upgrade_file, services.stream, services.sleep, say)
    with span("lock extensions"):
        extensions = lock_extensions(loaded, old, upgraded, _gallery(loaded, services), say)
    with span("lock conda packages"):
        conda = lock_conda(loaded, old, should_upgrade, services.solve)
    with span("lock Python packages"):
        python = lock_python(loaded, old, upgraded, services.resolve, say)
    with span("lock system libraries of R packages"):
        r = lock_r(loaded, old.r, should_upgrade("cran"), _package_manager(loaded, services), say)
    with span("ask released images for updates of apt packages"):
        apt = lock_apt(loaded, old.apt, services.today, upgraded, services.ask_apt)
    return SectionAnswers(sources, files, extensions, conda, python, r, apt)


def is_upgraded(name: str, upgraded: tuple[str, ...]) -> bool:
    """Say whether the entry of a name is to move on."""
    return upgraded == ALL or name in upgraded


def _gallery(loaded: Loaded, services: LockServices) -> Gallery:
    patience = Patience(services.sleep, services.say)
    return Gallery(services.stream, patience, url_prefixes(loaded.matrix.network.mirrors))


def _package_manager(loaded: Loaded, services: LockServices) -> PackageManager:
    repository = loaded.matrix.network.mirrors.cran or REPOSITORY
    return PackageManager(repository, services.stream, Patience(services.sleep, services.say))
