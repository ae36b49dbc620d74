"""``profiles``: shows the pods that users get."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from image_matrix.cli.merge import merge
from image_matrix.cli.printing import note
from image_matrix.cli.project import Project, open_locked, render_builds
from image_matrix.cli.sites import seen_from, site_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.profiles.pod import OfferedPod


@click.group()
def profiles() -> None:
    """Show the profiles of the spawner."""


profiles.add_command(merge)


@profiles.command()
@click.option("--profile", "slug", metavar="SLUG", help="Show this profile only.")
@site_option
@click.option("--digests", metavar="FILE", help="Image digests of a release: JSON, IMAGE:LABEL to sha256:….")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def show(session: Session, slug: str | None, name: str | None, digests: str | None, format_: str) -> int:
    """Print the pod of every choice of every profile."""
    project = open_locked(session)
    matrix = seen_from(project.loaded.matrix, name)
    rows = list(_pods(replace(project.loaded, matrix=matrix), _references(project, digests), slug))
    if not rows:
        note(session, "the matrix has no profiles; declare them under `profiles:`")
    click.echo(
        _as_json(rows) if format_ == "json" else _as_text(rows, project.loaded.matrix.registry), nl=False
    )
    return 0


def _references(project: Project, digests: str | None) -> Mapping[str, str]:
    """Return references with the digests of a file, or else the immutable tags."""
    from image_matrix.planning.keys import compute_keys, dockerfile_inputs, tagged
    from image_matrix.profiles.references import with_sources
    from image_matrix.render.kubernetes.outputs import needed

    matrix, variants = project.loaded.matrix, project.loaded.variants
    inputs = dockerfile_inputs(project.loaded, project.pins)
    tags = tagged(
        matrix, variants, compute_keys(variants, render_builds(project), inputs, project.loaded.image_files)
    )
    if digests is None:
        return with_sources(matrix, tags, project.pins.pinned)
    from pathlib import Path

    from image_matrix.profiles.references import read_digests, with_digests
    from image_matrix.project.text_files import read_text

    released = with_digests(
        tags, read_digests(read_text(Path(digests), digests), digests), needed(matrix, variants)
    )
    return with_sources(matrix, released, project.pins.pinned)


def _pods(loaded: Loaded, references: Mapping[str, str], slug: str | None) -> Iterator[OfferedPod]:
    from image_matrix.profiles.offer import offers
    from image_matrix.profiles.pod import offered_pods

    offered = offers(loaded.matrix, loaded.variants)
    if slug is not None and slug not in (offer.slug for offer in offered):
        from image_matrix.diagnostics import did_you_mean
        from image_matrix.errors import CallError

        raise CallError(f"unknown profile `{slug}`", did_you_mean(slug, [offer.slug for offer in offered]))
    shown = (offer for offer in offered if slug in (None, offer.slug))
    return offered_pods(loaded.matrix, shown, references)


def _as_json(rows: list[OfferedPod]) -> str:
    import json
    from dataclasses import asdict

    data = [
        {"profile": row.offer.slug, "image_choice": row.image.key or None, "size_choice": row.size.key or None,
         "preselected": row.offer.default and row.image.default and row.size.default,
         "variant": row.image.variant and row.image.variant.id, "groups": list(row.offer.profile.groups),
         "image_groups": list(row.image.listed.groups), "size_groups": list(row.size.listed.groups),
         "pod": asdict(row.pod)}
        for row in rows
    ]  # fmt: skip
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _as_text(rows: list[OfferedPod], registry: str) -> str:
    """Return for each profile its images, then its sizes: users choose one of each."""
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width
    from image_matrix.profiles.pod_text import profile_cells

    cells = [cell for profile in profile_cells(rows, registry) for item in profile.items for cell in item]
    return table(("profile", "pod"), cells, terminal_width()) + "* preselected\n" if cells else ""
