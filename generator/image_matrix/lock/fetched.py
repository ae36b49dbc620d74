"""Lists the addresses that builds and the lock fetch from, beside images and the distributions' own packages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from image_matrix.config.conda import channel_address, conda_packages
from image_matrix.config.cran import BIOCONDUCTOR, REPOSITORY
from image_matrix.config.extensions import OPEN_VSX
from image_matrix.config.mirrors import mirrored, url_prefixes
from image_matrix.config.package_names import package_name
from image_matrix.lock.defaults import used_installers
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.r_pins import asked_packages
from image_matrix.lock.read import required_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.diagnostics import Path
    from image_matrix.lock.model import Lock

Phase = Literal["lock", "build"]
BOTH: tuple[Phase, ...] = ("lock", "build")
BUILD: tuple[Phase, ...] = ("build",)
_DIRECT = re.compile(r"@\s*((?:git\+)?https?://\S+)")


@dataclass(frozen=True, slots=True)
class FetchedAddress:
    """An address that something is fetched from."""

    address: str
    """The public one: a file, an index or a folder."""
    reached: str
    """The one in its place behind ``network.mirrors``."""
    what: str
    """As users read it: ``download kubectl``."""
    path: Path
    """Where the matrix asks for it."""
    phases: tuple[Phase, ...] = BOTH
    file: str | None = None
    """The address of a file there, by which a request learns what hosts it comes from."""
    notes: bool = True
    """Whether the lock can note the hosts that it sends on to."""

    @property
    def is_mirrored(self) -> bool:
        """Whether a mirror is asked in its place."""
        return self.reached != self.address


def fetched(loaded: Loaded, lock: Lock) -> list[FetchedAddress]:
    """Return every address, each once for what is fetched there."""
    addresses = [
        *_downloads(loaded),
        *_defaults(loaded, lock),
        *(item for variant in loaded.variants.values() for item in _of_variant(loaded, lock, variant)),
        *_extensions(loaded, lock),
    ]
    return list({(item.address, item.what): item for item in reversed(addresses)}.values())[::-1]


def _downloads(loaded: Loaded) -> Iterator[FetchedAddress]:
    mirrors = loaded.matrix.network.mirrors.downloads
    for file in required_files(loaded):
        reached = mirrored(file.address, mirrors)
        yield FetchedAddress(file.address, reached, f"download {file.name}", file.path, file=file.address)


def _defaults(loaded: Loaded, lock: Lock) -> Iterator[FetchedAddress]:
    """Yield the addresses that installers have by themselves, as far as the lock knows them."""
    mirrors = loaded.matrix.network.mirrors
    titles: dict[str, tuple[str, str | None, tuple[Phase, ...]]] = {
        "pip": ("Python packages (pip's default index)", mirrors.pip, BOTH),
        "npm": ("npm packages (npm's default registry)", mirrors.npm, BUILD),
        "python": ("Python itself (uv's default)", None, BUILD),
    }
    for name in used_installers(loaded):
        what, mirror, phases = titles[name]
        address = lock.defaults.get(name, "")
        if address or mirror:
            yield FetchedAddress(address, mirror or address, what, ("images",), phases, notes=name == "pip")


def _of_variant(loaded: Loaded, lock: Lock, item: Variant) -> Iterator[FetchedAddress]:
    mirrors = loaded.matrix.network.mirrors
    prefixes, path = url_prefixes(mirrors), ("images", item.image)
    if item.packages.get("pip"):
        for index in (*((item.index_url,) if item.index_url else ()), *item.extra_index_urls):
            yield FetchedAddress(index, mirrored(index, prefixes), "Python packages", path)
    for line, place in requirement_lines(loaded, item):
        match = _DIRECT.search(line)
        if match:
            address, is_git = match[1].removeprefix("git+"), match[1].startswith("git+")
            what, file = f"Python package {package_name('pip', line)}", None if is_git else address
            reached = mirrored(address, prefixes)
            yield FetchedAddress(address, reached, what, place, file=file, notes=not is_git)
    if conda_packages(item) or item.conda_lock:
        yield from _channels(lock, item, prefixes, path)
    if item.packages.get("cran"):
        yield from _cran(item, mirrors.cran, lock.cran, path)
    for repository in item.apt_repositories:
        reached = mirrored(repository.url, mirrors.apt)
        what = f"apt repository {repository.url}"
        yield FetchedAddress(repository.url, reached, what, path, BUILD, notes=False)


def _channels(lock: Lock, item: Variant, prefixes: dict[str, str], path: Path) -> Iterator[FetchedAddress]:
    locked = sorted(lock.conda[item.id].items) if item.id in lock.conda else []
    if item.conda_lock:
        locked = sorted({url.partition("#")[0] for urls in item.conda_lock.packages.values() for url in urls})
    channels = () if item.conda_lock else item.channels
    named: dict[str, str | None] = {channel_address(name): None for name in channels}
    for url in locked:
        channel = next((one for one in named if url.startswith(f"{one}/")), url.rsplit("/", 2)[0])
        named[channel] = named.get(channel) or url
    for address, file in named.items():
        yield FetchedAddress(
            address, mirrored(address, prefixes), f"conda channel {address}", path, file=file
        )


def _cran(item: Variant, mirror: str | None, day: str | None, path: Path) -> Iterator[FetchedAddress]:
    packages = item.packages["cran"]
    day = item.cran_snapshot or day
    file = f"{REPOSITORY}/{day}/src/contrib/PACKAGES.gz" if day else None
    phases = BOTH if asked_packages(item) else BUILD
    yield FetchedAddress(REPOSITORY, mirror or REPOSITORY, "R packages", path, phases, file)
    if any(entry.startswith("bioc::") for entry in packages):
        yield FetchedAddress(BIOCONDUCTOR, BIOCONDUCTOR, "R packages of Bioconductor", path, BUILD, file)
    if any(entry.startswith("github::") for entry in packages):
        yield FetchedAddress(
            "https://github.com", "https://github.com", "R packages from GitHub", path, BUILD
        )


def _extensions(loaded: Loaded, lock: Lock) -> Iterator[FetchedAddress]:
    lists = [item for item in loaded.variants.values() if item.packages.get("extensions")]
    if not lists:
        return
    path = ("images", lists[0].image)
    files = sorted({file for item in lock.extensions.values() for file in item.files.values()})
    reached = mirrored(OPEN_VSX, url_prefixes(loaded.matrix.network.mirrors))
    yield FetchedAddress(
        OPEN_VSX, reached, "extensions of code-server", path, file=files[0] if files else None
    )
