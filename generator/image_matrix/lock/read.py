"""Reads pins from the lock, and lists what is not locked. Every command uses it, so it needs neither network nor uv."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.catalog import offered_sources
from image_matrix.config.conda import MICROMAMBA, needs_micromamba
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic
from image_matrix.lock import text as texts
from image_matrix.lock.conda_exact import exact
from image_matrix.lock.distributions import python_of
from image_matrix.lock.extension_pins import extension_pins
from image_matrix.lock.fingerprint import requested, still_answers
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.missing_sources import with_advice
from image_matrix.lock.pins import Pins
from image_matrix.lock.r_pins import system_library_pins
from image_matrix.lock.refreshed import dated_variants, steps_of
from image_matrix.lock.requirements import Hashes
from image_matrix.lock.snapshots import snapshot_sources
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.dockerfile_build import FloatingImage
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager, Variant
    from image_matrix.diagnostics import Diagnostic, Locator, Path
    from image_matrix.lock.model import Lock, LockedPackages


MOST_NAMES = 3
"""Packages that a line about what is not locked names."""


def pins(text: str | None, loaded: Loaded) -> Pins:
    """Return what a lock's text says about a matrix; entries that answer another question than today's are ignored.

    Raises :class:`image_matrix.diagnostics.MatrixError` where the text is not a lock.
    """
    lock = texts.read(text)
    return pins_of(lock, loaded)


def pins_of(lock: Lock, loaded: Loaded) -> Pins:
    """Return what a lock says about a matrix."""
    matrix = loaded.matrix
    sources = {matrix.network.frontend, *matrix.sources.values()}
    return Pins(
        digests={
            name: item.digest for name, item in lock.sources.items() if name in sources and "@" not in name
        },
        checksums=lock.downloads,
        users=_users(lock, sources),
        requirements=_requirements(lock, loaded),
        explicit={
            variant: {
                arch: _explicit(urls)
                for arch, urls in item.packages.items()
                if arch in loaded.variants[variant].archs
            }
            for variant, item in fresh(lock.conda, loaded, "conda").items()
        },
        extensions=extension_pins(lock, loaded),
        apt_snapshots={name: moment for name, moment in lock.apt.items() if matrix.asks_snapshot(name)},
        apt_moments={name: moment for name, moment in lock.apt.items() if name in matrix.sources},
        cran_snapshot=lock.cran,
        refreshed={
            item.id: lock.refreshed[item.id] for item in dated_variants(loaded) if item.id in lock.refreshed
        },
        system_libraries=system_library_pins(lock, loaded),
        licences=lock.licences,
    )


def _users(lock: Lock, references: Collection[str]) -> dict[str, str]:
    """Return the users of sources whose configuration is known, and is the same on all platforms."""
    recorded = {
        name: {config.user for config in item.configs.values()}
        for name, item in lock.sources.items()
        if name in references
    }
    return {name: next(iter(users)) for name, users in recorded.items() if len(users) == 1}


def fresh(
    locked: Mapping[str, LockedPackages], loaded: Loaded, manager: Manager
) -> dict[str, LockedPackages]:
    """Return the entries that still answer today's question, their ancestors' entries included."""
    valid: dict[str, LockedPackages] = {}
    floating: set[str] = set()
    for variant in loaded.variants.values():
        if manager == "conda" and variant.conda_lock:
            valid[variant.id] = exact(loaded.variants, variant, variant.conda_lock, valid)
        elif variant.parent in floating:
            floating.add(variant.id)
        elif requested(variant, manager):
            entry = still_answers(loaded, locked, valid, variant, manager)
            if entry:
                valid[variant.id] = entry
            else:
                floating.add(variant.id)
    return valid


def _requirements(lock: Lock, loaded: Loaded) -> dict[str, dict[str, str]]:
    hashes = Hashes(lock.files)
    texts = {}
    for name, entry in fresh(lock.python, loaded, "pip").items():
        variant = loaded.variants[name]
        python = python_of(loaded.matrix, variant)
        rendered = {
            arch: hashes.text(entry.packages[arch], python, arch)
            for arch in variant.archs
            if python is not None
        }
        whole = {arch: text for arch, text in rendered.items() if text is not None}
        if len(whole) == len(variant.archs):
            texts[name] = whole
    return texts


def _explicit(urls: tuple[str, ...]) -> str:
    """Return an explicit conda lock (docs.conda.io, "Building identical conda environments")."""
    return "\n".join(["@EXPLICIT", *sorted(urls)]) + "\n"


@dataclass(frozen=True, slots=True)
class Floating:
    """Something that is not locked: another build may get another version."""

    what: str
    """As users read it: ``source debian-trixie``."""
    path: Path
    """Where the matrix asks for it."""
    image: FloatingImage | None = None
    """The image, if a user's Dockerfile asks for it."""

    def diagnostic(self, locator: Locator) -> Diagnostic:
        """Return it as an error for ``check --locked``."""
        if self.image:
            fields = {"what": self.image.what, "advice": self.image.advice}
            return diagnostic(rules.UNDECLARED_IMAGE, self.image.place, **fields)
        return diagnostic(rules.NOT_LOCKED, locator.place(self.path, "key"), what=self.what)


def unlocked(loaded: Loaded, pins: Pins) -> list[Floating]:
    """Return what floats, in the matrix's order."""
    items = [
        *_sources(loaded, pins),
        *_downloads(loaded, pins),
        *(item for variant in loaded.variants.values() for item in _extensions(loaded, variant, pins)),
        *(item for variant in loaded.variants.values() for item in _packages(variant, pins)),
        *_cran(loaded, pins),
        *(_refreshed(item) for item in dated_variants(loaded) if item.id not in pins.refreshed),
        *_of_dockerfiles(loaded, pins),
    ]
    return list(dict.fromkeys(items))


def _sources(loaded: Loaded, pins: Pins) -> Iterator[Floating]:
    matrix = loaded.matrix
    if loaded.uses_frontend and floats(matrix.network.frontend, pins):
        yield Floating(f"the frontend {matrix.network.frontend}", ("network", "frontend"))
    for name in dict.fromkeys((*used_sources(loaded), *offered_sources(matrix))):
        if floats(matrix.sources[name], pins):
            yield Floating(f"source {name}", ("sources", name))
    for name in snapshot_sources(matrix, loaded.variants):
        if name not in pins.apt_snapshots:
            yield Floating(f"apt packages on {name}", ("sources", name))


def _of_dockerfiles(loaded: Loaded, pins: Pins) -> Iterator[Floating]:
    """Yield the images from outside that users' Dockerfiles and templates name, each once for a place."""
    named = (image for files in loaded.context_files.values() for image in files.floating)
    unpinned = (image for image in named if floats(image.name, pins))
    images = dict.fromkeys((*unpinned, *loaded.floating_in_templates()))
    for image in with_advice([*images], loaded.matrix):
        yield Floating(f"{image.what} ({image.place.file})", ("images",), image)


def _refreshed(variant: Variant) -> Floating:
    return Floating(f"the day of {steps_of(variant)}", ("images", variant.image))


def used_sources(loaded: Loaded) -> list[str]:
    """Return the names of the sources that images are built from, in the matrix's order."""
    return list(dict.fromkeys(name for item in loaded.variants.values() for name in item.used_sources))


def floats(reference: str, pins: Pins) -> bool:
    """Say whether an image reference has no digest."""
    return "@" not in reference and reference not in pins.digests


def _downloads(loaded: Loaded, pins: Pins) -> Iterator[Floating]:
    for file in required_files(loaded):
        if not file.checksum and file.address not in pins.checksums:
            yield Floating(file.what, file.path)


def _extensions(loaded: Loaded, variant: Variant, pins: Pins) -> Iterator[Floating]:
    """Yield what is listed, and what packs need, each at the line of an extension that is listed."""
    lines = dict(requirement_lines(loaded, variant, "extensions"))
    locked = pins.extensions.get(variant.id)
    for name in locked.floating if locked else lines:
        yield Floating(f"extension {name}", lines.get(name) or next(iter(lines.values())))


@dataclass(frozen=True, slots=True)
class RequiredFile:
    """A file that some Dockerfile fetches."""

    what: str
    name: str
    address: str
    path: Path
    checksum: str | None = None
    """The checksum that the matrix gives, as SHA-256 or SHA-512."""
    archs: tuple[str, ...] = ()
    """The architectures that fetch it; none where every one does."""


def required_files(loaded: Loaded) -> list[RequiredFile]:
    """Return every download that some variant fetches, each architecture's file once."""
    files: dict[str, RequiredFile] = {}
    for variant in loaded.variants.values():
        conda = (MICROMAMBA,) if needs_micromamba(variant) else ()
        items = [loaded.matrix.downloads[name] for name in (*variant.downloads, *conda)]
        for item, arch in ((item, arch) for item in items for arch in variant.archs):
            what, path = f"download {item.name} ({arch})", ("downloads", item.name)
            one = RequiredFile(what, item.name, item.address(arch), path, item.checksum(arch), (arch,))
            first = files.setdefault(one.address, one)
            files[one.address] = replace(first, archs=tuple(sorted({*first.archs, arch})))
    return list(files.values())


def _packages(variant: Variant, pins: Pins) -> Iterator[Floating]:
    path: Path = ("images", variant.image)
    if requested(variant, "pip") and variant.id not in pins.requirements:
        yield Floating(f"Python packages of {variant.id}", path)
    if requested(variant, "conda") and variant.id not in pins.explicit:
        yield Floating(f"conda packages of {variant.id}", path)


def _cran(loaded: Loaded, pins: Pins) -> Iterator[Floating]:
    variants = loaded.variants.values()
    images = [item.image for item in variants if item.packages.get("cran") and not item.cran_snapshot]
    if images and pins.cran_snapshot is None:
        yield Floating("CRAN packages", ("images", images[0]))
    for name, item in pins.system_libraries.items():
        if item.floating:
            what = f"the system libraries of the R packages {listed(item.floating, MOST_NAMES)}"
            yield Floating(what, ("images", loaded.variants[name].image))
