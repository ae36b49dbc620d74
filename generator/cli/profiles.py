"""``profiles``: the pods that users get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generator.cli.merge import merge
from generator.cli.session import Project, Session, open_project, render_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.matrix.load import Loaded
    from generator.profiles.offer import ImageChoice, Offer, SizeChoice
    from generator.profiles.pod import Pod


@click.group()
def profiles() -> None:
    """Show what users are offered in the spawner."""


profiles.add_command(merge)


@profiles.command()
@click.option("--profile", "slug", metavar="SLUG", help="Only this profile.")
@click.option("--digests", metavar="FILE", help="Image digests of a release: JSON, IMAGE:LABEL to sha256:….")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def show(session: Session, slug: str | None, digests: str | None, format_: str) -> int:
    """Print the pod that follows from every choice of every profile."""
    project = open_project(session)
    rows = list(_pods(project.loaded, _references(project, digests), slug))
    registry = project.loaded.matrix.registry
    click.echo(_as_json(rows) if format_ == "json" else _as_table(rows, registry), nl=False)
    return 0


def _references(project: Project, digests: str | None) -> Mapping[str, str]:
    """Return the references with digests where a file gives them, else the immutable tags."""
    from generator.keys import compute_keys
    from generator.render.deploy.outputs import needed, tagged

    matrix, variants = project.loaded.matrix, project.loaded.variants
    tags = tagged(matrix, variants, compute_keys(variants, render_project(project)))
    if digests is None:
        return tags
    from pathlib import Path

    from generator.profiles.references import read_digests, with_digests
    from generator.project import read_text

    return with_digests(
        tags, read_digests(read_text(Path(digests), digests), digests), needed(matrix, variants)
    )


_Row = tuple["Offer", "ImageChoice", "SizeChoice", "Pod"]


def _pods(loaded: Loaded, references: Mapping[str, str], slug: str | None) -> Iterator[_Row]:
    from generator.profiles.offer import offers
    from generator.profiles.pod import pod

    found = offers(loaded.matrix, loaded.variants)
    if slug is not None and slug not in (offer.slug for offer in found):
        from generator.diagnostics import did_you_mean
        from generator.errors import CallError

        raise CallError(f"there is no profile `{slug}`", did_you_mean(slug, [offer.slug for offer in found]))
    for offer in found:
        for image in offer.images if slug in (None, offer.slug) else ():
            for size in offer.sizes:
                yield offer, image, size, pod(loaded.matrix, offer, image, size, references)


def _as_json(rows: list[_Row]) -> str:
    import json
    from dataclasses import asdict

    data = [
        {"profile": offer.slug, "image_choice": image.key, "resources_choice": size.key or None,
         "variant": image.variant.id, "groups": list(offer.profile.groups), "pod": asdict(made)}
        for offer, image, size, made in rows
    ]  # fmt: skip
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _as_table(rows: list[_Row], registry: str) -> str:
    from generator.cli.table import table
    from generator.profiles.units import human

    header = ("profile", "image", "resources", "cpu", "memory", "devices", "placement", "reference")
    cells = [
        (
            offer.slug + ("*" if offer.default and image.default and size.default else ""),
            image.key,
            size.key or "-",
            _range(_number(made.cpu_guarantee), _number(made.cpu_limit)),
            _range(human(made.memory_guarantee), human(made.memory_limit)),
            ", ".join(f"{key}={count}" for key, count in made.devices.items()) or "-",
            _placement(made),
            made.image.removeprefix(f"{registry}/"),
        )
        for offer, image, size, made in rows
    ]
    return table(header, cells)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _range(low: str, high: str) -> str:
    return f"{low}-{high}" if low and high else high or (f"{low}-" if low else "-")


def _placement(made: Pod) -> str:
    parts = [f"{key}={value}" for key, value in made.node_selector.items()]
    parts += [f"runtime {made.runtime_class}"] if made.runtime_class else []
    keys = [
        str(item.get("key", "*")) for item in made.tolerations if not str(item.get("key")).startswith("hub.")
    ]
    parts += [f"tolerates {', '.join(keys)}"] if keys else []
    return "; ".join(parts) or "-"
