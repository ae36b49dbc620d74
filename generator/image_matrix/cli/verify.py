"""``verify``: runs built images, and checks the contract and their tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.failures import annotate, terminable
from image_matrix.cli.options import not_empty
from image_matrix.cli.printing import paint, say
from image_matrix.cli.project import open_locked
from image_matrix.cli.variant_images import BUILD, REFERENCE, get_images, images_of
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.verify.engine import Engine
    from image_matrix.verify.model import Report, Subject


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option(
    "--image",
    metavar="REFERENCE",
    callback=not_empty,
    help="Check this image instead of the one with the variant's key; needs exactly one VARIANT.",
)
@click.option("--platform", metavar="OS/ARCH", help="Run it for this platform, emulated if necessary.")
@click.option(
    "--deadline",
    metavar="SECONDS",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Longest time from the start of a container to its first answer.",
)
@click.option(
    "--format", "format_", type=click.Choice(["table", "json", "junit"]), default="table", show_default=True
)
@click.option(
    "--junit",
    "junit_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Also write JUnit XML to FILE.",
)
@click.pass_obj
def verify(
    session: Session,
    names: tuple[str, ...],
    image: str | None,
    platform: str | None,
    deadline: float,
    format_: str,
    junit_file: str | None,
) -> int:
    """Run built images, and check the contract and their tests.

    VARIANT is IMAGE or IMAGE:LABEL, as `list` prints it; the default is all.
    """
    from image_matrix.verify.engine import docker
    from image_matrix.verify.run import subject_of

    _refuse_no_folder(junit_file)
    project = open_locked(session)
    chosen = _chosen(project, names, image, platform)
    engine = docker()
    images = dict.fromkeys(chosen, image) if image else images_of(project, chosen, platform)
    subjects = [subject_of(project.loaded, name, images[name], platform, deadline) for name in chosen]
    get_images(session, engine, images, platform, REFERENCE if image else BUILD)
    reports: list[Report] = []
    try:
        for subject in subjects:
            say(session, f"{subject.id}: checking {subject.image}")
            with span("verify image", image_matrix__variant=subject.id):
                reports.append(_verify(session, engine, subject))
            _show(reports[-1], format_)
    finally:  # if the engine fails halfway, CI still shows the results so far
        _write(reports, junit_file)
    _print(reports, format_)
    return 0 if all(report.passed for report in reports) else 1


def _chosen(project: Project, names: Sequence[str], image: str | None, platform: str | None) -> list[str]:
    """Return the variants to check; raises :class:`CallError` if ``--image`` is used with several."""
    from image_matrix.config.variant_selectors import select, select_legs
    from image_matrix.errors import CallError

    variants = project.loaded.variants
    if platform is None:
        chosen = select(variants, names)
    else:
        chosen = [name for name, _ in select_legs(variants, names, (platform,))]
    if image and len(chosen) != 1:
        raise CallError("--image needs exactly one VARIANT", f"name one of {', '.join(chosen)}")
    return chosen


def _verify(session: Session, engine: Engine, subject: Subject) -> Report:
    """Check a subject; a terminal, or ``-v``, shows the progress, because it can take minutes."""
    import sys

    from image_matrix.verify.run import verify

    level = 0 if sys.stderr.isatty() else 1
    with terminable():
        return verify(engine, subject, lambda line: say(session, f"{subject.id}: {line}", level))


def _show(report: Report, format_: str) -> None:
    """Print a report; on GitHub, also annotate the run with failures."""
    if format_ == "table":
        click.echo(_table(report), nl=False)
    for result in report.results:
        if result.status == "failed":
            annotate(f"test of {report.id}", f"{result.name}: {result.detail}")


def _table(report: Report) -> str:
    from image_matrix.verify.report import table

    return table(report, paint)


def _refuse_no_folder(file: str | None) -> None:
    """Raise :class:`CallError` if the folder of a report does not exist, before minutes of work."""
    from pathlib import Path

    from image_matrix.errors import CallError

    if file and not Path(file).parent.is_dir():
        raise CallError(
            f"--junit: the folder {Path(file).parent} does not exist", "create it, or name another file"
        )


def _write(reports: Sequence[Report], junit_file: str | None) -> None:
    from pathlib import Path

    from image_matrix.errors import naming
    from image_matrix.verify.report import junit

    if junit_file:
        with naming(Path(junit_file)):
            Path(junit_file).write_text(junit(reports), encoding="utf-8")


def _print(reports: Sequence[Report], format_: str) -> None:
    from image_matrix.verify.report import as_json, junit

    if format_ != "table":
        click.echo(as_json(reports) if format_ == "json" else junit(reports), nl=False)
