"""Makes the files of the release branch, and reads what the last release wrote there."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from image_matrix.errors import Failure
from image_matrix.inventory.record import record_text
from image_matrix.json_data import NestingError, read_json
from image_matrix.output_tree.files import File
from image_matrix.profiles.offer import previous_id
from image_matrix.profiles.references import with_sources
from image_matrix.publish.entry_faults import entry_faults
from image_matrix.publish.page_file import page_file
from image_matrix.publish.released_contents import states_of
from image_matrix.render.kubernetes.outputs import deploy_files as render_deploy
from image_matrix.render.lists.outputs import list_files
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.model import Variant
    from image_matrix.planning.plan import State
    from image_matrix.publish.released_contents import Attached, Records
    from image_matrix.render.kubernetes.outputs import Kept
    from image_matrix.render.lists.released import ReleasedImage


ReleaseEntry: TypeAlias = "Mapping[str, Any]"
"""A variant in the digest file: ``reference``, ``digest``, ``platforms``, ``key``.

Optionally also ``instead_of``, a digest, and ``previous``, the reference of the image that was released before.
"""
FOLDER = "deploy"
DIGESTS = f"{FOLDER}/images.json"
PACKAGES = f"{FOLDER}/packages.json"
PAGE = f"{FOLDER}/catalog.html"
REPAIR = (
    f"correct {DIGESTS} on that branch, or revert the commit that changed it; if you delete it, the next release "
    "offers the newest images, also those that were rolled back"
)
"""The remedy for a digest file that cannot be read."""


def deploy_files(
    state: State,
    entries: Mapping[str, ReleaseEntry],
    previous: Kept = MappingProxyType({}),
    released: Mapping[str, ReleasedImage] = MappingProxyType({}),
    records: Records = (),
    attached: Attached = MappingProxyType({}),
    history: Records = (),
) -> dict[str, File]:
    """Return the release branch's ``deploy/``: all lists with images by tag and digest, all digests and packages.

    ``previous`` are objects of the last release, by site, ``released`` what the registry says about images,
    ``records`` what earlier releases say is in images, and ``attached`` what their builds say. ``history`` is what the
    branch has said, the newest first; only the page reads it.
    """
    matrix, variants = state.loaded.matrix, state.loaded.variants
    current = {name: entry["reference"] for name, entry in entries.items()}
    before = {previous_id(name): entry["previous"] for name, entry in entries.items() if "previous" in entry}
    references = with_sources(matrix, {**current, **before}, state.pins.pinned)
    commits = {name: image.commit for name, image in released.items()}
    files = render_deploy(matrix, variants, references, previous, state.pins, commits)
    lists = list_files(matrix, variants, references, state.pins, released)
    text = json.dumps({"version": 1, "images": entries}, indent=2) + "\n"
    known = states_of(state, entries, records, attached)
    contents = {DIGESTS: File(text.encode()), PACKAGES: File(record_text(known).encode())}
    has_page = "page" in matrix.release.lists
    page = {PAGE: page_file(state, entries, released, known, history)} if has_page else {}
    return {**files, **lists, **contents, **page}


def refuse_to_offer_nothing(state: State, branch: str, sites: Collection[str]) -> None:
    """Raise :class:`Failure` if a branch with profiles would lose all of them; the last good ``deploy/`` is kept.

    ``sites`` are those whose folders the branch has: there is none without profiles.
    """
    if sites and not any(one.profiles for one in state.loaded.matrix.catalogs.values()):
        raise Failure(
            f"the matrix has no profiles, but {branch} has some: users could not start any server",
            f"restore `profiles:`, or first remove {FOLDER}/ from {branch} by hand",
        )


def full_reference(state: State, item: Variant, digest: str) -> str:
    """Return a variant's index by tag and digest."""
    return f"{state.loaded.matrix.repository(item)}:{state.keys[item.id].tag}@{digest}"


def entries_of(state: State, digests: Mapping[str, str]) -> dict[str, ReleaseEntry]:
    """Return the entry of each variant that is released in the digest file.

    ``digests`` has the digests of their indexes by variant id.
    """
    return {
        item.id: {
            "reference": full_reference(state, item, digests[item.id]),
            "digest": digests[item.id],
            "platforms": list(item.platforms),
            "key": state.keys[item.id].index,
        }
        for item in state.loaded.variants.values()
        if item.id in digests
    }


def with_previous(
    new: Mapping[str, ReleaseEntry], released: Mapping[str, ReleaseEntry]
) -> dict[str, ReleaseEntry]:
    """Return the entries with the reference of the image that each had before, ``previous``, where there was one.

    ``released`` is what the last release wrote. An image that this release does not change keeps its previous one.
    """
    return {name: {**entry, **_previous(entry, released.get(name))} for name, entry in new.items()}


def _previous(new: ReleaseEntry, released: ReleaseEntry | None) -> dict[str, str]:
    if released is None:
        return {}
    if released["digest"] != new["digest"]:
        return {"previous": released["reference"]}
    return {"previous": released["previous"]} if "previous" in released else {}


def read_entries(text: str | None) -> dict[str, ReleaseEntry]:
    """Return the entries of a digest file of the release branch; no entries if ``text`` is ``None``.

    Raises :class:`Failure` if it cannot be read: it records the images that were rolled back by hand; without it, the
    release would offer them again.
    """
    if not text:
        return {}
    try:
        images: dict[str, ReleaseEntry] = read_json(text)["images"]
        faults = entry_faults(text, images)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{DIGESTS} of the release branch cannot be read: {_problem(error)}", REPAIR) from error
    if faults:
        raise Failure(f"{DIGESTS} of the release branch cannot be read: {listed(faults, 1)}", REPAIR)
    return images


def _problem(error: Exception) -> str:
    if isinstance(error, NestingError):
        return str(error)
    return f"it is not JSON: {error}" if isinstance(error, ValueError) else "it has no mapping `images`"


def rolled_back(
    released: Mapping[str, ReleaseEntry], offered: Mapping[str, ReleaseEntry], new: Mapping[str, ReleaseEntry]
) -> dict[str, ReleaseEntry]:
    """Return the current entries of images that were rolled back by hand and have not been rebuilt since.

    ``released`` is what the last release wrote, ``offered`` what the branch has now. ``instead_of`` stores the digest
    that was rolled back, for the next releases.
    """
    return {
        name: {**offered[name], "instead_of": entry["digest"]}
        for name, entry in new.items()
        if name in offered and _is_taken_back(released.get(name), offered[name], entry)
    }


def _is_taken_back(released: ReleaseEntry | None, offered: ReleaseEntry, new: ReleaseEntry) -> bool:
    if offered.get("instead_of") == new["digest"]:
        return True
    return released is not None and offered["digest"] != released["digest"] == new["digest"]


def changed_images(before: Mapping[str, ReleaseEntry], after: Mapping[str, ReleaseEntry]) -> list[str]:
    """Return the variants whose digest has changed."""
    return [
        name
        for name, entry in after.items()
        if name not in before or before[name]["digest"] != entry["digest"]
    ]
