"""Says what the catalog shows of images: what they are built on, and what they add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.model import MANAGERS
from image_matrix.config.variant_ids import image_of
from image_matrix.render.docs.images_page import needed_driver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.config.model import Matrix, Variant

_TITLES = {
    "apt": "Debian packages",
    "conda": "conda packages",
    "pip": "Python packages",
    "cran": "R packages",
    "npm": "npm packages",
    "extensions": "Editor extensions",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """A list of what an image adds."""

    title: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageCard:
    """An image with all its variants."""

    name: str
    description: str
    parents: tuple[str, ...]
    """The images that its variants are built FROM."""
    contexts: tuple[str, ...]
    """Further images that its Dockerfiles copy from."""
    sources: tuple[str, ...]
    archs: tuple[str, ...]
    variants: tuple[tuple[str, str], ...]
    """The ids of its variants with their labels."""
    chips: tuple[str, ...]
    summary: str
    contents: tuple[Contents, ...]


def image_card(matrix: Matrix, items: Sequence[Variant]) -> ImageCard:
    """Return what is shown of an image, from its variants."""
    first = items[0]
    accelerator = matrix.accelerators.get(first.accelerator or "")
    sources = dict.fromkeys(matrix.sources[item.source] for item in items if item.source)
    return ImageCard(
        name=first.image,
        description=first.description,
        parents=tuple(dict.fromkeys(image_of(item.parent) for item in items if item.parent)),
        contexts=tuple(dict.fromkeys(image_of(name) for item in items for name in _contexts(item))),
        sources=tuple(sources),
        archs=first.archs,
        variants=tuple((item.id, item.label) for item in items),
        chips=(accelerator.description or accelerator.name, *needed_driver(accelerator))
        if accelerator
        else (),
        summary=_summary(first),
        contents=(*_dockerfiles(items), *_packages(items), *_downloads(matrix, first), *_files(items)),
    )


def _contexts(item: Variant) -> list[str]:
    """Return the ids of the variants that the Dockerfile of a variant copies from."""
    return [name for name in item.parents if name != item.parent]


def _summary(item: Variant) -> str:
    """Return how many packages and downloads a variant adds to its parent."""
    if item.build:
        return "Its Dockerfile"
    counts = [(len(item.packages.get(manager, ())), _TITLES[manager]) for manager in MANAGERS]
    counts += [(len(item.apt_files), "files of Debian packages")]
    counts += [(len(item.downloads), "downloads"), (len(item.files), "files"), (len(item.scripts), "scripts")]
    named = [f"{count} {name if count > 1 else name.removesuffix('s')}" for count, name in counts if count]
    return f"Adds {', '.join(named)}".replace("Editor", "editor") if named else "What it adds"


def _dockerfiles(items: Sequence[Variant]) -> Iterator[Contents]:
    """Yield the Dockerfiles that say themselves what is in an image."""
    paths = dict.fromkeys(item.build.dockerfile for item in items if item.build)
    if paths:
        yield Contents("Dockerfile", tuple(paths))


def _packages(items: Sequence[Variant]) -> Iterator[Contents]:
    """Yield the packages of each installer."""
    for manager in MANAGERS:
        yield from _listed(_TITLES[manager], [(item.label, item.packages.get(manager, ())) for item in items])
    yield from _listed("Files of Debian packages", [(item.label, item.apt_files) for item in items])
    repositories = [(item.label, tuple(map(str, item.apt_repositories))) for item in items]
    yield from _listed("Repositories of apt", repositories)


def _files(items: Sequence[Variant]) -> Iterator[Contents]:
    """Yield the paths of copied files, and the scripts."""
    yield from _listed("Files", [(item.label, tuple(item.files)) for item in items])
    yield from _listed("Scripts", [(item.label, item.scripts) for item in items])


def _listed(title: str, entries: Sequence[tuple[str, tuple[str, ...]]]) -> Iterator[Contents]:
    """Yield a list once if all variants share it, else once per variant."""
    labels_of: dict[tuple[str, ...], list[str]] = {}
    for label, items in entries:
        labels_of.setdefault(items, []).append(label)
    for items, labels in labels_of.items():
        if items:
            which = f" ({', '.join(labels)})" if len(labels_of) > 1 else ""
            yield Contents(f"{title}{which}", items)


def _downloads(matrix: Matrix, item: Variant) -> Iterator[Contents]:
    if item.downloads:
        names = (f"{name} {matrix.downloads[name].version}" for name in item.downloads)
        yield Contents("Downloads", tuple(names))
