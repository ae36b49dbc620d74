"""Opens a matrix to add entries, and writes it only if the result is valid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.cli.network_environment import use_network
from image_matrix.cli.printing import note, say

if TYPE_CHECKING:
    from collections.abc import Collection

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.network import Network
    from image_matrix.importing.package_lists import ImportedImage
    from image_matrix.importing.sources import Known
    from image_matrix.project.inputs import Inputs
    from image_matrix.registry.client import Registry

REGISTRY_HELP = "Where the images are published; needed if there is no matrix yet."


@dataclass(frozen=True, slots=True)
class OpenMatrix:
    """The text of a matrix that is there or starts, and the names that it has, those of included files, too."""

    text: str
    known: Known
    network: Network


def open_matrix(session: Session, registry: str | None) -> OpenMatrix:
    """Read the matrix, or start one for a registry.

    Raises :class:`CallError` without both, and for one that would be a second one beside or below a matrix;
    :class:`MatrixError` for a text that is not YAML.
    """
    from image_matrix.errors import CallError
    from image_matrix.importing.edit import new_matrix
    from image_matrix.importing.sources import Known
    from image_matrix.project.text_files import read_text

    file = session.root / session.matrix
    if not file.exists():
        refuse_second(session)
    text = read_text(file, session.matrix) if file.exists() else ""
    if not text.strip() and registry is None:
        problem = f"there is no {session.matrix}" if not file.exists() else f"{session.matrix} is empty"
        raise CallError(problem, "name the registry of the images: `--registry ghcr.io/OWNER/NAME`")
    if not text.strip():
        _refuse_registry(registry or "")
    text = text if text.strip() else new_matrix(registry or "")
    values = _values(session, text)
    sources = {name: item for value in values for name, item in _section(session, value, "sources").items()}
    known = Known(
        str(registry or values[0].get("registry", "")),
        tuple(name for value in values for name in _section(session, value, "images")),
        {name: item if isinstance(item, str) else _image_of(item) for name, item in sources.items()},
    )
    return OpenMatrix(text, known, _network(values))


def refuse_second(session: Session) -> None:
    """Raise :class:`CallError` where the folder has no matrix, but another name, or a folder above, is one."""
    from image_matrix.errors import CallError
    from image_matrix.project.text_files import MATRIX, as_typed, matrix_elsewhere

    advice = matrix_elsewhere(session.root) if session.matrix == MATRIX else None
    if advice:
        second = f"`image-matrix init --inside {as_typed(session.root)}` makes a second one"
        raise CallError(f"the folder {session.root} has no {MATRIX}", f"{advice}; {second}")


def _refuse_registry(registry: str) -> None:
    """Raise :class:`CallError` for a registry path that no matrix can have: ``https://quay.io/team``."""
    from image_matrix.errors import CallError
    from image_matrix.validate.names import is_repository, reference_advice

    if not is_repository(registry):
        raise CallError(
            f"`{registry}` is not a registry path", reference_advice(registry, "ghcr.io/OWNER/NAME")
        )


def _network(values: list[dict[str, Any]]) -> Network:
    """Return the section `network`; raises :class:`CallError` for one that has not its form."""
    from image_matrix.config.network import read_network
    from image_matrix.errors import CallError

    try:
        return read_network(next((value["network"] for value in values if value.get("network")), {}))
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise CallError(
            "`network` of the matrix is not valid", "run `image-matrix check`, and correct it"
        ) from error


def registry_for(session: Session, matrix: OpenMatrix) -> Registry:
    """Return a client for registries, with the mirrors and certificates of a matrix that need not be valid yet."""
    from image_matrix.errors import CallError
    from image_matrix.project.named_files import advice_if_absent
    from image_matrix.registry.opening import registry_with

    bundle = matrix.network.ca_bundle
    path = (session.root / bundle).resolve() if bundle and not matrix.network.ca_bundle_variable else None
    if bundle and path and not path.is_file():
        is_absolute = bundle.startswith("/")
        advice = (
            "put it there, or correct the path"
            if is_absolute
            else advice_if_absent(session.root.resolve().name)
        )
        raise CallError(f"`network.ca_bundle`: the file {bundle} does not exist", advice)
    use_network(session, matrix.network, str(path) if path else None)
    return registry_with(matrix.network, str(path) if path else None, lambda text: say(session, text))


def _values(session: Session, text: str) -> list[dict[str, Any]]:
    """Return the values of a matrix and of the files that it includes."""
    from image_matrix.diagnostics import MatrixError
    from image_matrix.errors import CallError
    from image_matrix.project.included_files import included_files, parsed
    from image_matrix.project.inputs import files_on_disk

    included = included_files(session.matrix, text, files_on_disk(session.root))
    parts = [parsed(item, name) for name, item in {session.matrix: text, **included}.items()]
    problems = [problem for _, items in parts for problem in items]
    if problems:
        raise MatrixError(problems)
    values = [document.value if document else None for document, _ in parts]
    if not isinstance(values[0], dict):
        advice = "run `image-matrix check`; or remove the file, and name a registry: `--registry ghcr.io/OWNER/NAME`"
        raise CallError(f"{session.matrix} has no sections", advice)
    return [value for value in values if isinstance(value, dict)]


def _section(session: Session, value: dict[str, Any], name: str) -> dict[str, Any]:
    from image_matrix.errors import CallError

    section = value.get(name) or {}
    if not isinstance(section, dict):
        raise CallError(
            f"`{name}` of {session.matrix} is not a mapping", "run `image-matrix check`, and correct it first"
        )
    return section


def _image_of(source: object) -> str:
    return str(source.get("image", "")) if isinstance(source, dict) else ""


def validated(session: Session, text: str) -> tuple[Inputs, Loaded]:
    """Load the project with a text in place of its matrix; raises :class:`MatrixError` if something is wrong."""
    from image_matrix.cli.project import load_inputs
    from image_matrix.diagnostics import MatrixError
    from image_matrix.project.inputs import inputs_with

    inputs = inputs_with(text, session.root, session.matrix, session.overlays)
    try:
        return inputs, load_inputs(inputs)
    except MatrixError:
        _say_that_nothing_is_written(session)
        raise


def validate_beside(session: Session, text: str, waiting: Collection[str]) -> list[str]:
    """Do as :func:`validated`, except that some sites may have no profile yet; return those that have none."""
    from image_matrix.cli.project import load_inputs
    from image_matrix.diagnostics import MatrixError
    from image_matrix.diagnostics.catalogue import NOTHING_OFFERED
    from image_matrix.project.inputs import inputs_with

    try:
        load_inputs(inputs_with(text, session.root, session.matrix, session.overlays))
    except MatrixError as error:
        empty = {
            item: site
            for item in error.diagnostics
            for site in waiting
            if item.code == NOTHING_OFFERED.code and item.message.startswith(f"the site `{site}` ")
        }
        if any(item.severity == "error" and item not in empty for item in error.diagnostics):
            _say_that_nothing_is_written(session)
            raise
        return [*empty.values()]
    return []


def _say_that_nothing_is_written(session: Session) -> None:
    problem = f"nothing is written: with the new entries, {session.matrix} has the problems below"
    note(session, f"{problem}; correct the matrix, or what is added")


def write_matrix(session: Session, text: str) -> None:
    """Replace the matrix as a whole."""
    from image_matrix.output_tree.atomic import write_atomically
    from image_matrix.output_tree.files import File

    write_atomically(session.root / session.matrix, File(text.encode()))


def refuse_source(session: Session, known: Known, image: str) -> None:
    """Raise :class:`CallError` for an image with the name of a source."""
    from image_matrix.errors import CallError

    if image in known.sources:
        raise CallError(f"there is a source `{image}` in {session.matrix}", "give the image another name")


def has_image(session: Session, known: Known, image: str) -> bool:
    """Say whether a matrix has an image already, and say so to the user: an import can be repeated."""
    if image in known.images:
        say(session, f"{image} is in {session.matrix} already and stays as it is")
    return image in known.images


def take_over(session: Session, matrix: OpenMatrix, imported: ImportedImage) -> int:
    """Write an imported image into the matrix; one that is there stays as it is, so that an import can be repeated."""
    from dataclasses import replace

    if has_image(session, matrix.known, imported.name):
        return 0
    refuse_source(session, matrix.known, imported.name)
    text = text_with(matrix, imported)
    loaded = validated(session, text)[1]
    write_matrix(session, text)
    advice = without_python(loaded, imported.name)
    report_added(session, replace(imported, notes=(*imported.notes, *([advice] if advice else []))))
    return 0


def text_with(matrix: OpenMatrix, imported: ImportedImage) -> str:
    """Return the text of a matrix with one more image."""
    from image_matrix.importing.edit import with_entries

    return with_entries(matrix.text, imported.sources, {imported.name: imported.image})


def report_added(session: Session, imported: ImportedImage) -> None:
    """Print what was added, what was not carried over, and what to run next."""
    from image_matrix.importing.package_lists import summary

    for name, reference in imported.sources.items():
        say(session, f"added the source {name}: {reference}")
    say(session, f"added {imported.name}: {summary(imported.image)}")
    for problem in imported.notes:
        note(session, problem)
    say(session, f"run `image-matrix lock`, `image-matrix render`, then `image-matrix build {imported.name}`")


def without_python(loaded: Loaded, image: str) -> str | None:
    """Return what to write where Python packages cannot be locked: nothing says which Python an image has."""
    from image_matrix.lock.distributions import python_of
    from image_matrix.lock.unknown_pythons import statement_of_python

    for item in loaded.variants.values():
        if item.image == image and item.packages.get("pip") and python_of(loaded.matrix, item) is None:
            statement = statement_of_python(loaded, item)
            return f"`lock` needs the Python version of {statement.what}; {statement.advice}"
    return None
