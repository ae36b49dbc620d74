"""``profiles``: the pods that users get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.merge import merge
from image_matrix.cli.session import Project, Session, note, open_locked, render_builds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice
    from image_matrix.profiles.pod import Pod


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
    project = open_locked(session)
    rows = list(_pods(project.loaded, _references(project, digests), slug))
    if not rows:
        note(session, "there is no profile; `profiles:` in the matrix declares them")
    click.echo(
        _as_json(rows) if format_ == "json" else _as_text(rows, project.loaded.matrix.registry), nl=False
    )
    return 0


def _references(project: Project, digests: str | None) -> Mapping[str, str]:
    """Return the references with digests where a file gives them, else the immutable tags."""
    from image_matrix.planning.keys import compute_keys, tagged
    from image_matrix.render.kubernetes.outputs import needed

    matrix, variants = project.loaded.matrix, project.loaded.variants
    tags = tagged(matrix, variants, compute_keys(variants, render_builds(project)))
    if digests is None:
        return tags
    from pathlib import Path

    from image_matrix.profiles.references import read_digests, with_digests
    from image_matrix.project.text_files import read_text

    return with_digests(
        tags, read_digests(read_text(Path(digests), digests), digests), needed(matrix, variants)
    )


_Row = tuple["Offer", "ImageChoice", "SizeChoice", "Pod"]


def _pods(loaded: Loaded, references: Mapping[str, str], slug: str | None) -> Iterator[_Row]:
    from image_matrix.profiles.offer import offers
    from image_matrix.profiles.pod import pod

    found = offers(loaded.matrix, loaded.variants)
    if slug is not None and slug not in (offer.slug for offer in found):
        from image_matrix.diagnostics import did_you_mean
        from image_matrix.errors import CallError

        raise CallError(f"there is no profile `{slug}`", did_you_mean(slug, [offer.slug for offer in found]))
    for offer in found:
        for image in offer.images if slug in (None, offer.slug) else ():
            for size in offer.sizes:
                yield offer, image, size, pod(loaded.matrix, offer, image, size, references)


def _as_json(rows: list[_Row]) -> str:
    import json
    from dataclasses import asdict

    data = [
        {"profile": offer.slug, "image_choice": image.key, "size_choice": size.key or None,
         "preselected": offer.default and image.default and size.default, "variant": image.variant.id,
         "groups": list(offer.profile.groups), "pod": asdict(made)}
        for offer, image, size, made in rows
    ]  # fmt: skip
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _as_text(rows: list[_Row], registry: str) -> str:
    """Return for each profile its images, then its sizes: users choose one of each."""
    from itertools import groupby

    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    cells: list[tuple[str, str]] = []
    for _, found in groupby(rows, key=lambda row: row[0].slug):
        pods = list(found)
        offer = pods[0][0]
        cells.append((_marked(offer.slug, offer.default), _heading(offer)))
        for image in offer.images:
            made = next(row[3] for row in pods if row[1] == image)
            cells.append((f"  {_marked(image.key, image.default)}", _short(made.image, registry)))
        for size in offer.sizes:
            made = next(row[3] for row in pods if row[2] == size)
            amounts, *further = _size(made) or ["what the hub gives"]
            cells.append((f"  {_marked(size.key or '-', size.default)}", amounts))
            cells += [("", line) for line in further]
    return table(("profile", "pod"), cells, terminal_width()) + "* preselected\n" if cells else ""


def _marked(key: str, default: bool) -> str:
    return f"{key}*" if default else key


def _heading(offer: Offer) -> str:
    groups, former = offer.profile.groups, offer.profile.aliases
    parts = [offer.display_name]
    parts += [f"for {', '.join(groups)}"] if groups else []
    parts += [f"once {', '.join(former)}"] if former else []
    settings = [*offer.profile.env, *offer.profile.override]
    parts += [f"sets {', '.join(settings)}"] if settings else []
    return "; ".join(parts)


def _short(reference: str, registry: str) -> str:
    """Return a reference without the registry and with the digest's start."""
    name, at, digest = reference.removeprefix(f"{registry}/").partition("@sha256:")
    return f"{name}{at}{digest[:12]}"


def _size(made: Pod) -> list[str]:
    """Return what a size gives: amounts, devices, and where it runs, each in a line."""
    from image_matrix.profiles.units import human

    cpu = _range(_number(made.cpu_guarantee), _number(made.cpu_limit))
    memory = _range(human(made.memory_guarantee), human(made.memory_limit))
    parts = [f"CPU {cpu}"] if cpu else []
    parts += [f"memory {memory}"] if memory else []
    parts += [f"/dev/shm {human(made.shm)}"] if made.shm is not None else []  # noqa: S108 - in a pod
    devices = [f"{key}={count}" for key, count in made.devices.items()]
    return [line for line in (", ".join(parts), ", ".join(devices), _placement(made)) if line]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _range(low: str, high: str) -> str:
    return f"{low}-{high}" if low and high else high or (f"{low}-" if low else "")


def _placement(made: Pod) -> str:
    parts = [f"{key}={value}" for key, value in made.node_selector.items()]
    parts += [f"runtime {made.runtime_class}"] if made.runtime_class else []
    keys = [
        str(item.get("key", "*")) for item in made.tolerations if not str(item.get("key")).startswith("hub.")
    ]
    parts += [f"tolerates {', '.join(keys)}"] if keys else []
    return "; ".join(parts)
