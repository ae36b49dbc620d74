"""Provides what all commands share: the project, output and failures."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.diagnostics import MatrixError
from image_matrix.errors import EnvironmentFailure, Failure, of_the_system
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.lock.model import Lock
    from image_matrix.lock.pins import Pins
    from image_matrix.output_tree.files import File
    from image_matrix.project.inputs import Inputs
    from image_matrix.registry.client import Registry
    from image_matrix.render.templates import Templates

_COLOURS = {
    "error": "red",
    "warning": "yellow",
    "help": "cyan",
    "add": "green",
    "remove": "red",
    "good": "green",
}


@dataclass(frozen=True, slots=True)
class Session:
    """The global options."""

    root: Path
    matrix: str
    overlays: tuple[str, ...]
    verbosity: int = 0
    overlays_from_environment: bool = False
    """Whether the overlays come from the environment variable rather than from options."""


@dataclass(frozen=True, slots=True)
class Project:
    """A repository that was read and loaded."""

    inputs: Inputs
    loaded: Loaded
    lock: Lock
    pins: Pins


def session(
    root: str, matrix: str, overlays: tuple[str, ...], color: str, quiet: int, verbose: int
) -> Session:
    """Return a session with the global options."""
    _choose_colour(color)
    if not Path(root).is_dir():
        raise click.BadParameter(f"the folder {root} does not exist", param_hint="-C")
    source = click.get_current_context().get_parameter_source("overlays")
    overlays_from_environment = source is click.core.ParameterSource.ENVIRONMENT
    return Session(
        Path(root), _below(Path(root), matrix), _named(overlays), verbose - quiet, overlays_from_environment
    )


def _below(root: Path, matrix: str) -> str:
    """Return the matrix's path below ``root``, as git writes it; raises :class:`click.BadParameter`."""
    file = root / matrix
    real, folder = file.parent.resolve() / file.name, root.resolve()
    if not real.is_relative_to(folder):
        place = shlex.quote(os.path.normpath(file.parent))
        problem = (
            f"{matrix} is not below {root}: templates, lock and outputs are beside a matrix; use `-C {place}`"
        )
        raise click.BadParameter(problem, param_hint="--matrix")
    return real.relative_to(folder).as_posix()


def _named(overlays: tuple[str, ...]) -> tuple[str, ...]:
    """Drop empty parts of the variable, as in PATH; an empty option is an error."""
    source = click.get_current_context().get_parameter_source("overlays")
    if source is click.core.ParameterSource.COMMANDLINE and "" in overlays:
        raise click.BadParameter("the name of the file is empty", param_hint="--overlay")
    return tuple(overlay for overlay in overlays if overlay)


def _choose_colour(color: str) -> None:
    """Set click's colours: ``auto`` follows the terminal, NO_COLOR (no-color.org) and FORCE_COLOR."""
    context = click.get_current_context()
    if color == "always" or (color == "auto" and os.environ.get("FORCE_COLOR")):
        context.color = True
    elif color == "never" or os.environ.get("NO_COLOR"):
        context.color = False


def paint(text: str, role: str) -> str:
    """Colour a text by its role."""
    return click.style(text, fg=_COLOURS.get(role), bold=role in ("error", "warning", "bold", "help") or None)


def open_project(session: Session) -> Project:
    """Read and load the repository, and print its warnings; raises :class:`MatrixError`."""
    from image_matrix.project.inputs import read_inputs

    project = load_project(read_inputs(session.root, session.matrix, session.overlays))
    warn(session, project.loaded.warnings)
    return project


def inputs_at(session: Session, revision: str, option: str) -> Inputs | None:
    """Read the repository at a revision, with the current overlays; ``None`` if it had no matrix.

    ``option`` is the option that named the revision.
    """
    from image_matrix.project.history import read_inputs_at
    from image_matrix.project.text_files import read_text

    overlays = {name: read_text(Path(name), name) for name in session.overlays}
    return read_inputs_at(session.root, revision, session.matrix, overlays, option)


def load_project(inputs: Inputs) -> Project:
    """Load a project from a repository's texts; raises :class:`MatrixError`."""
    from image_matrix.lock import text
    from image_matrix.lock.read import pins_of

    loaded = load_inputs(inputs)
    lock = text.read(inputs.lock)
    return Project(inputs, loaded, lock, pins_of(lock, loaded))


def load_inputs(inputs: Inputs) -> Loaded:
    """Load the matrix of a repository's texts; raises :class:`MatrixError`."""
    from image_matrix.project import load
    from image_matrix.project.content_cache import content_cache

    return load.load_inputs(inputs, content_cache())


def open_locked(session: Session) -> Project:
    """Open the project as :func:`open_project` does, and refuse a lock that was written for another matrix.

    All commands that render use it: a locked value must not float. Raises :class:`MatrixError`.
    """
    project = open_project(session)
    refuse_contradictions(project)
    return project


def refuse_contradictions(project: Project) -> None:
    """Raise :class:`MatrixError` if a locked value has changed in the matrix, or a source does not fit the matrix."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.lock.moved import moved
    from image_matrix.lock.source_checks import source_findings

    custom = project.inputs.templates.custom_contract
    findings = [
        *moved(project.lock, project.loaded, project.pins, _without_overlays(project.inputs)),
        *source_findings(project.loaded, project.lock.sources, custom),
    ]
    if findings:
        raise MatrixError(diagnose(findings, project.loaded.documents))


def _without_overlays(inputs: Inputs) -> Loaded | None:
    """Return the matrix without overlays, if there are overlays and it is valid without them."""
    from dataclasses import replace

    first = dict([next(iter(inputs.texts.items()))])
    if len(first) == len(inputs.texts):
        return None
    try:
        return load_inputs(replace(inputs, texts=first))
    except MatrixError:
        return None


def workflow_settings(project: Project) -> list[Diagnostic]:
    """Return the warnings about a workflow's settings; raises :class:`MatrixError` if it cannot be rendered."""
    from image_matrix.diagnostics import errors
    from image_matrix.validate.workflow import diagnostics

    warnings = diagnostics(project.loaded)
    if errors(warnings):
        raise MatrixError(warnings)
    return warnings


def note_overlays(session: Session) -> None:
    """Print a note if outputs are rendered with overlays from the environment."""
    if session.overlays_from_environment and session.overlays:
        note(session, f"rendered with {', '.join(session.overlays)}, from IMAGE_MATRIX_OVERLAY")


def ca_bundle(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the CA bundle; raises :class:`MatrixError` if it does not exist."""
    return _site_file(session, loaded, "ca_bundle", loaded.matrix.network.ca_bundle)


def registry_of(session: Session, loaded: Loaded) -> Registry:
    """Return a new client for the registries."""
    from image_matrix.registry.client import open_registry

    return open_registry(loaded.matrix, ca_bundle(session, loaded), lambda text: say(session, text))


def netrc(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the file with logins; raises :class:`MatrixError` if it does not exist."""
    return _site_file(session, loaded, "netrc", loaded.matrix.network.netrc)


def public_key(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the public key of signatures; raises :class:`MatrixError` if it does not exist."""
    return _site_file(session, loaded, "release.sign.public_key", loaded.matrix.release.sign.public_key)


def _site_file(session: Session, loaded: Loaded, field: str, value: str | None) -> str | None:
    from image_matrix.diagnostics import catalogue as rules
    from image_matrix.diagnostics import diagnose

    if value is None:
        return None
    path = (session.root / value).resolve()
    if path.is_file():
        return str(path)
    problem, advice = (
        f"the file {value} does not exist",
        f"the path is relative to {session.root.resolve().name}/",
    )
    finding = rules.BAD_VALUE.at(tuple(field.split(".")), where=f"`{field}`", problem=problem, advice=advice)
    raise MatrixError(diagnose([finding], loaded.documents))


def render_project(project: Project) -> dict[str, File]:
    """Render every output in memory."""
    from image_matrix.project.render import render_all

    return _rendered(project, render_all)


def render_builds(project: Project) -> dict[str, File]:
    """Render the files that builds read and keys hash, in memory."""
    from image_matrix.project import render as outputs

    return _rendered(project, outputs.render_builds)


def _rendered(
    project: Project, render: Callable[[Loaded, Pins, Templates], dict[str, File]]
) -> dict[str, File]:
    from image_matrix.render.templates import with_builtin_hint

    templates = project.inputs.templates
    try:
        return render(project.loaded, project.pins, templates)
    except MatrixError as error:
        raise with_builtin_hint(error, templates) from error


def note_floating(session: Session, project: Project) -> None:
    """Print a note about everything that is rendered without a lock entry."""
    from image_matrix.lock.read import unlocked

    floating = unlocked(project.loaded, project.pins)
    if floating:
        shown = listed((item.what for item in floating), 3)
        note(session, f"not locked: {shown}; `image-matrix lock` pins them")


def say(session: Session, text: str, level: int = 0) -> None:
    """Print a line about the work to stderr, unless ``-q`` asks for silence."""
    if session.verbosity >= level:
        click.echo(text, err=True)


def note(session: Session, text: str) -> None:
    """Print a note; on a terminal, in lines that fit."""
    from image_matrix.cli.terminal import terminal_width, wrapped

    say(session, wrapped(f"{paint('note', 'help')}: {text}", terminal_width(sys.stderr)))


def warn(session: Session, warnings: Sequence[Diagnostic]) -> None:
    """Print warnings, unless ``-q`` asks for silence."""
    if session.verbosity >= 0:
        report(warnings)


def report(diagnostics: Sequence[Diagnostic]) -> None:
    """Print diagnostics to stderr; on GitHub Actions also as annotations."""
    from image_matrix.diagnostics.report import github, terminal

    click.echo(terminal(diagnostics, paint), err=True, nl=False)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        click.echo(github(diagnostics), err=True, nl=False)


@contextmanager
def terminable() -> Iterator[None]:
    """Make SIGTERM end the work as Ctrl-C does, with cleanup: CI systems and `timeout` send it."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def report_failure(error: Exception) -> int:
    """Print an exception for users; return the exit code."""
    if isinstance(error, MatrixError):
        report(error.diagnostics)
        return 2
    if isinstance(error, OSError):
        error = of_the_system(error)
    if isinstance(error, Failure):
        click.echo(f"{paint('error', 'error')}: {error.message}", err=True)
        if error.help:
            click.echo(f"  {paint('help', 'help')}: {error.help}", err=True)
        annotate("image-matrix", "; ".join(part for part in (error.message, error.help) if part), error.place)
        return error.exit_code
    return _report_bug(error)


def annotate(title: str, text: str, place: tuple[str, int | None] | None = None) -> None:
    """On GitHub Actions, add an error to the run's page and, with a place, to that line."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from image_matrix.diagnostics.report import command

        file, line = place or (None, None)
        click.echo(command("error", {"file": file, "line": line, "title": title}, text), err=True)


def _report_bug(error: Exception) -> int:
    """Save the traceback of a bug in a file, for a bug report."""
    import traceback

    from image_matrix import __version__

    text = f"image-matrix {__version__}, Python {sys.version}\n\n{''.join(traceback.format_exception(error))}"
    try:
        report = f"please report it with {_bug_report(text)}"
    except OSError as full:
        report = f"please report it; the traceback cannot be kept: {(full.strerror or str(full)).lower()}"
    click.echo(
        f"{paint('error', 'error')}: this is a bug in image-matrix: {type(error).__name__}: {error}", err=True
    )
    click.echo(f"  {paint('help', 'help')}: {report}", err=True)
    return EnvironmentFailure.exit_code


def _bug_report(text: str) -> str:
    """Write a text to a new file in the system's temporary folder; return its path."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", prefix="image-matrix-", suffix=".log", delete=False) as log:
        log.write(text)
    return log.name
