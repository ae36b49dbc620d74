"""Chooses the released images that are asked for updates of their apt packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from image_matrix.config.lineage import ancestors, from_base_up, lineage
from image_matrix.dockerfiles.apt_pins import apt_pins
from image_matrix.publish.deb_names import entry_of_file, guess_of_download, guess_of_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.downloads import Download
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.output_tree.files import File

UPGRADE = b"\napt-get upgrade "
"""What the step of templates/dockerfiles/macros.j2 has that upgrades the packages of the source."""


def released_on(
    variants: Mapping[str, Variant], released: Collection[str], sources: Collection[str]
) -> list[Variant]:
    """Return the released variants on some sources."""
    return [item for item in variants.values() if item.id in released and item.root_source in sources]


def images_to_ask(
    variants: Mapping[str, Variant], released: Collection[str], sources: Collection[str]
) -> list[Variant]:
    """Return the released variants on these sources that have all packages of the others: roots, and ends of chains.

    A variant has what its ancestors have, so one on which another released one is built has nothing more to say. One
    with an own Dockerfile, and what is on it, is left out if it is built on a generated one: no entry runs its steps.
    """
    on = [item for item in released_on(variants, released, sources) if _has_steps_of_entries(variants, item)]
    above = {one.id for item in on for one in ancestors(variants, item)}
    return [item for item in on if item.parent is None or item.id not in above]


def _has_steps_of_entries(variants: Mapping[str, Variant], item: Variant) -> bool:
    """Say whether a chain ends with generated Dockerfiles, and has given ones only below those."""
    given = [one.build is not None for one in from_base_up(variants, item)]
    return not given[-1] and given == sorted(given, reverse=True)


def dated_to_ask(
    variants: Mapping[str, Variant], released: Collection[str], sources: Collection[str]
) -> list[Variant]:
    """Return the released variants whose own Dockerfile runs again on a day of the lock (`refresh_days`)."""
    on = released_on(variants, released, sources)
    return [item for item in on if item.build is not None and item.refresh_days is not None]


def below_released(
    variants: Mapping[str, Variant], released: Collection[str], sources: Collection[str]
) -> dict[str, Variant]:
    """Return what would be asked if it were released: released variants, each to the last one of its chain like that.

    It is a generated image that no release publishes, with an own Dockerfile on it.
    """
    bases = {
        item.id: next((one for one in lineage(variants, item) if _has_steps_of_entries(variants, one)), None)
        for item in released_on(variants, released, sources)
    }
    return {name: one for name, one in bases.items() if one and one.id not in released}


def unasked(
    variants: Mapping[str, Variant],
    released: Collection[str],
    effects: Mapping[str, Effect],
    below: Mapping[str, Variant],
) -> dict[str, Variant]:
    """Return released variants that no update can be found for, each to the one that would have to be released.

    Those of ``effects`` that are built on an image that is not released cannot be told what is in that. Those of
    ``below`` are on packages that no image has which is asked.
    """
    hidden = {name: one.base for name, one in effects.items() if one.base and one.base.id not in released}
    asked = {name for name in effects if name not in hidden}
    generated = (variants[name] for name in asked if variants[name].build is None)
    known = {one.id for item in generated for one in lineage(variants, item)}
    return hidden | {
        name: base
        for name, base in below.items()
        if base.id not in known and name not in asked | hidden.keys()
    }


@dataclass(frozen=True, slots=True)
class Effect:
    """What the lock can do to a variant: the images from some point of its chain on are built anew."""

    base: Variant | None
    """The last variant of its chain that stays; ``None`` if all do not, and only the source does."""
    entries: tuple[str, ...]
    """What apt installs above that, as far as it is listed; the last entry about a package counts."""
    guesses: tuple[str, ...] = ()
    """Which packages files may be that apt installs above that, as entries that would be."""
    upgrades_source: bool = False
    """Whether what the source brought is upgraded."""


def effect_of_entry(
    loaded: Loaded, item: Variant, rendered: Mapping[str, File], moment: str
) -> Effect | None:
    """Return what an entry of its source does to a variant; ``None`` if it does nothing.

    ``rendered`` has the Dockerfiles for a lock in which each source has ``moment``. A Dockerfile that is given has no
    step with it, and that of a kind of somebody's own may have none.
    """
    chain = from_base_up(loaded.variants, item)
    texts = [_text(rendered, one) for one in chain]
    start = next((at for at, text in enumerate(texts) if moment.encode() in text), None)
    if start is None:
        return None
    entries = tuple(entry for one in chain[start:] for entry in _entries(loaded.matrix, one))
    guesses = tuple(guess for one in chain[start:] for guess in _guesses(loaded.matrix, one))
    return Effect(chain[start - 1] if start else None, entries, guesses, start == 0 and UPGRADE in texts[0])


def _entries(matrix: Matrix, item: Variant) -> tuple[str, ...]:
    """Return what a variant has apt install, in the order of its steps.

    A file of a package has the version that it has, whatever archives have: it is ``name=version``, by its name.
    """
    of_files = (entry for name in _files(matrix, item) for entry in entry_of_file(name))
    return (*item.packages.get("apt", ()), *dict.fromkeys(of_files))


def _guesses(matrix: Matrix, item: Variant) -> tuple[str, ...]:
    """Return which packages a variant may have apt install from files: by their names, and by those of downloads."""
    of_downloads = (guess for one in _downloads(matrix, item) for guess in guess_of_download(one))
    of_files = (guess for name in _files(matrix, item) for guess in guess_of_file(name))
    return tuple(dict.fromkeys((*of_downloads, *of_files)))


def _files(matrix: Matrix, item: Variant) -> list[str]:
    """Return the names of the Debian packages that a variant installs from files."""
    addresses = (one.address(arch) for one in _downloads(matrix, item) for arch in item.archs)
    paths = (*item.apt_files, *(unquote(urlsplit(address).path) for address in addresses))
    return [path.rpartition("/")[2] for path in paths]


def _downloads(matrix: Matrix, item: Variant) -> list[Download]:
    return [one for name in item.downloads if (one := matrix.downloads[name]).deb]


def effect_of_day(variants: Mapping[str, Variant], item: Variant, dockerfile: bytes) -> Effect:
    """Return what another day does to a variant with an own Dockerfile: its steps run again.

    Which packages they install is not known, but which ones they pin is: ``name=version`` behind ``apt install``.
    Raises :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    args, target = (item.build.args, item.build.target) if item.build else ({}, None)
    pins = apt_pins(dockerfile.decode(errors="replace"), args, item.platforms[0], target)
    return Effect(variants.get(item.parent or ""), pins)


def _text(rendered: Mapping[str, File], item: Variant) -> bytes:
    file = rendered.get(item.dockerfile) if item.build is None else None
    return file.content if file else b""
