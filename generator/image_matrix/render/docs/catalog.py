"""Renders ``docs/catalog.html``: images, their contents and profiles, in one file without scripts or links to load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from image_matrix.config.model import MANAGERS
from image_matrix.config.variants import by_image
from image_matrix.output_tree.files import File
from image_matrix.profiles.offer import offers, variant_title
from image_matrix.render.docs.graph_svg import svg
from image_matrix.render.docs.images_page import image_contexts, image_parents, image_sources, needed_driver
from image_matrix.render.templates import get_template, page_environment, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jinja2 import BytecodeCache

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice

CATALOG = "docs/catalog.html"
TEMPLATE = "catalog.html.j2"
_TITLES = {
    "apt": "Debian packages",
    "conda": "conda packages",
    "pip": "Python packages",
    "cran": "R packages",
    "npm": "npm packages",
    "extensions": "Editor extensions",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of users in a profile."""

    name: str
    default: bool
    image: str = ""
    """The image that it starts, if the matrix declares it."""


@dataclass(frozen=True, slots=True)
class ProfileCard:
    """A profile of the spawner."""

    slug: str
    name: str
    description: str
    chips: tuple[str, ...]
    images: tuple[Choice, ...]
    sizes: tuple[Choice, ...]


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
    chips: tuple[str, ...]
    summary: str
    contents: tuple[Contents, ...]


def catalog_page(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    pages: Mapping[str, str],
    compiled: BytecodeCache | None = None,
) -> File:
    """Return the page, from the texts of page templates."""
    template = get_template(page_environment(pages, compiled), TEMPLATE)
    published = [item for item in variants.values() if item.publish]
    text = render(
        template,
        registry=matrix.registry,
        variants=len(published),
        published={item.image for item in published},
        profiles=_profiles(matrix, variants),
        images=[_image(matrix, items) for items in by_image(published).values()],
        picture=Markup(_picture(matrix, variants)),  # noqa: S704 - its texts are escaped
    )
    return File(text.encode())


def _picture(matrix: Matrix, variants: Mapping[str, Variant]) -> str:
    parents = image_parents(variants)
    links = {item.image: f"#image-{item.image}" for item in variants.values() if item.publish}
    return svg(parents, image_sources(variants), matrix.order, links, image_contexts(variants))


def _profiles(matrix: Matrix, variants: Mapping[str, Variant]) -> list[ProfileCard]:
    """Return the profiles of all sites; one that is not the same everywhere says where it is so."""
    sites: dict[ProfileCard, list[str]] = {}
    for view in matrix.at_sites():
        for offer in offers(view, variants):
            sites.setdefault(_profile(offer), []).append(view.catalog.site.name)
    names = [card.slug for card in sites]
    return [
        card if len(at) == len(matrix.catalogs) else _of_sites(card, at, several=names.count(card.slug) > 1)
        for card, at in sites.items()
    ]


def _of_sites(card: ProfileCard, sites: Sequence[str], *, several: bool) -> ProfileCard:
    slug = f"{card.slug}-{sites[0]}" if several else card.slug
    return replace(card, slug=slug, chips=(*card.chips, f"at {', '.join(sites)}"))


def _profile(offer: Offer) -> ProfileCard:
    chips = ("preselected",) if offer.default else ()
    sizes = tuple(Choice(_for(choice.display_name, choice), choice.default) for choice in offer.sizes)
    return ProfileCard(
        slug=offer.slug,
        name=offer.display_name,
        description=offer.description,
        chips=(*chips, *(f"for {name}" for name in offer.profile.groups)),
        images=tuple(_choice(offer, choice) for choice in offer.images),
        sizes=sizes if any(choice.size for choice in offer.sizes) else (),
    )


def _choice(offer: Offer, choice: ImageChoice) -> Choice:
    item = choice.variant
    if item is None or choice.listed.display_name:
        name = choice.display_name or "The hub's own image"
    else:
        name = variant_title(offer.profile, item, item.description or item.image)
        name += ", previous release" if choice.is_previous else ""
    return Choice(_for(name, choice), choice.default, item.image if item else "")


def _for(name: str, choice: ImageChoice | SizeChoice) -> str:
    """Return a name with the groups that a choice is for."""
    groups = ", ".join(choice.listed.groups)
    return f"{name} (for {groups})" if groups else name


def _image(matrix: Matrix, items: Sequence[Variant]) -> ImageCard:
    first = items[0]
    accelerator = matrix.accelerators.get(first.accelerator or "")
    sources = dict.fromkeys(matrix.sources[item.source] for item in items if item.source)
    return ImageCard(
        name=first.image,
        description=first.description,
        parents=tuple(dict.fromkeys(item.parent.partition(":")[0] for item in items if item.parent)),
        contexts=tuple(dict.fromkeys(name.partition(":")[0] for item in items for name in _contexts(item))),
        sources=tuple(sources),
        archs=first.archs,
        chips=(
            *(item.label for item in items),
            *(
                [accelerator.description or accelerator.name, *needed_driver(accelerator)]
                if accelerator
                else []
            ),
        ),
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
