"""Adds the profiles of a hub's list to a matrix: for all of its sites, or for the one whose list it is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from image_matrix.cli.matrix_edit import open_matrix, validate_beside, write_matrix
from image_matrix.cli.printing import note, say
from image_matrix.cli.profile_names import SPAWNER, names_of_profiles, site_of_list
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.cli.matrix_edit import OpenMatrix
    from image_matrix.cli.session import Session
    from image_matrix.importing.list_places import ListOrigin
    from image_matrix.importing.profile_list import ImportedProfiles
    from image_matrix.json_data import Json


def import_profiles(session: Session, file: str, text: str, site: str | None) -> None:
    """Write the profiles of a file into the matrix.

    Raises :class:`CallError` for a file without a list and for an unknown site, :class:`MatrixError` if the matrix is
    not valid with them.
    """
    from image_matrix.importing.list_checks import check_list
    from image_matrix.importing.listed_chart import other_chart
    from image_matrix.importing.profile_list import profiles_of
    from image_matrix.importing.spawner_list import documents_of, spawner_list

    documents = documents_of(file, text)
    entries = spawner_list(file, documents)
    check_list(entries, file, text)
    matrix = open_matrix(session, None)
    names = names_of_profiles(session, matrix)
    sites, listed_at = names.sites, site_of_list(session, names, site)
    imported = profiles_of(entries, matrix.known, names.taken, listed_at.hub, site)
    other = other_chart(file, documents, listed_at) if listed_at.spawner == SPAWNER else None
    for problem in (*imported.notes, *([other] if other else ())):
        note(session, problem)
    hubs = [name for name, one in sites.items() if one.spawner == SPAWNER]
    with _at_one_site(file, hubs if site is None else ()):
        _write(
            session, matrix, (file, text), imported, site, [name for name in sites if site and name != site]
        )
    if imported.profiles and site is None and len(sites) > 1:
        note(session, f"the profiles are for all sites: {listed(sites, 5)}; `--site NAME` adds those of one")


@contextmanager
def _at_one_site(file: str, hubs: Sequence[str]) -> Iterator[None]:
    """Have problems with the hub of a site say how to add a list that is for one of these hubs."""
    from image_matrix.diagnostics import MatrixError
    from image_matrix.importing.given_places import for_one_site

    try:
        yield
    except MatrixError as error:
        raise MatrixError(for_one_site(error.diagnostics, file, hubs)) from error


def _write(
    session: Session,
    matrix: OpenMatrix,
    given: tuple[str, str],
    imported: ImportedProfiles,
    site: str | None,
    others: Sequence[str],
) -> None:
    """Write what is imported, unless the matrix is not valid with it; the lists of other sites may follow.

    ``given`` is the name and the text of the file with the list.
    """
    from image_matrix.importing.edit import with_profiles, with_site

    joined = _in_the_file(session, matrix, imported.joined, site or "")
    if imported.profiles or joined:
        text = with_site(matrix.text, joined, site or "")
        text = with_profiles(text, imported.sources, imported.sizes, imported.profiles)
        with _at_places_of_list(session, (matrix.text, text), given, imported.origins):
            empty = validate_beside(session, text, others)
        write_matrix(session, text)
        for name in empty:
            note(session, f"the site {name} has no profile yet: import its list, too")
    for key in joined:
        say(session, f"the profile `{key}` is the same for {site}: added to its `sites`")
    added: Sequence[tuple[str, Mapping[str, Json]]] = (
        ("profile", imported.profiles), ("size", imported.sizes), ("source", imported.sources),
    )  # fmt: skip
    say(session, f"{', '.join(plural(len(entries), what) for what, entries in added)} added")
    if imported.sources:
        advice = "check the version of jupyterhub that the sources state (`provides`)"
        say(session, f"{advice}, then run `image-matrix lock`")


def _in_the_file(session: Session, matrix: OpenMatrix, keys: Sequence[str], site: str) -> list[str]:
    """Return the profiles that are in the matrix itself, and name those in files that it includes, or with an alias."""
    from image_matrix.project.included_files import parsed

    document, _ = parsed(matrix.text, session.matrix)
    names = document.value.get("profiles") or () if document else ()
    written = {name: node.value for name in names if document and (node := document.node(("profiles", name)))}
    kept = []
    for key in keys:
        if key not in written:
            note(session, f"the profile `{key}` is in an included file: add {site} to its `sites` there")
        elif same := [name for name, value in written.items() if name != key and value is written[key]]:
            what = f"the profiles `{key}` and `{same[0]}` are one, written with an alias"
            note(session, f"{what}: write `{key}` out, and add {site} to its `sites`")
        else:
            kept.append(key)
    return kept


@contextmanager
def _at_places_of_list(
    session: Session,
    matrix: tuple[str, str],
    listed: tuple[str, str],
    origins: Mapping[tuple[str, str], ListOrigin],
) -> Iterator[None]:
    """Have problems of the new matrix at the lines of the list; ``matrix`` is the text before and after.

    The new text is not written then, so that nobody could look up its lines.
    """
    from image_matrix.diagnostics import MatrixError
    from image_matrix.importing.given_places import ListedInputs, at_given_places
    from image_matrix.importing.list_places import list_places
    from image_matrix.project.included_files import parsed

    try:
        yield
    except MatrixError as error:
        before, draft = (parsed(text, session.matrix)[0] for text in matrix)
        if before is None or draft is None:
            raise
        given = ListedInputs(before, list_places(*listed), origins)
        raise MatrixError(at_given_places(error.diagnostics, draft, given)) from error
