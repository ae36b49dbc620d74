"""``profiles``: shows the pods that users get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.merge import merge
from image_matrix.cli.printing import note
from image_matrix.cli.project import Project, open_locked, render_builds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice
    from image_matrix.profiles.pod import Pod


@click.group()
def profiles() -> None:
    """Show the profiles of the spawner."""


profiles.add_command(merge)


@profiles.command()
@click.option("--profile", "slug", metavar="SLUG", help="Show this profile only.")
@click.option("--digests", metavar="FILE", help="Image digests of a release: JSON, IMAGE:LABEL to sha256:….")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def show(session: Session, slug: str | None, digests: str | None, format_: str) -> int:
    """Print the pod of every choice of every profile."""
    project = open_locked(session)
    rows = list(_pods(project.loaded, _references(project, digests), slug))
    if not rows:
        note(session, "the matrix has no profiles; declare them under `profiles:`")
    click.echo(
        _as_json(rows) if format_ == "json" else _as_text(rows, project.loaded.matrix.registry), nl=False
    )
    return 0


def _references(project: Project, digests: str | None) -> Mapping[str, str]:
    """Return references with the digests of a file, or else the immutable tags."""
    from image_matrix.planning.keys import compute_keys, dockerfile_inputs, tagged
    from image_matrix.render.kubernetes.outputs import needed

    matrix, variants = project.loaded.matrix, project.loaded.variants
    inputs = dockerfile_inputs(project.loaded, project.pins)
    tags = tagged(
        matrix, variants, compute_keys(variants, render_builds(project), inputs, project.loaded.image_files)
    )
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

    offered = offers(loaded.matrix, loaded.variants)
    if slug is not None and slug not in (offer.slug for offer in offered):
        from image_matrix.diagnostics import did_you_mean
        from image_matrix.errors import CallError

        raise CallError(f"unknown profile `{slug}`", did_you_mean(slug, [offer.slug for offer in offered]))
    for offer in offered:
        for image in offer.images if slug in (None, offer.slug) else ():
            for size in offer.sizes:
                yield offer, image, size, pod(loaded.matrix, offer, image, size, references)


def _as_json(rows: list[_Row]) -> str:
    import json
    from dataclasses import asdict

    data = [
        {"profile": offer.slug, "image_choice": image.key, "size_choice": size.key or None,
         "preselected": offer.default and image.default and size.default, "variant": image.variant.id,
         "groups": list(offer.profile.groups), "pod": asdict(pod)}
        for offer, image, size, pod in rows
    ]  # fmt: skip
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _as_text(rows: list[_Row], registry: str) -> str:
    """Return for each profile its images, then its sizes: users choose one of each."""
    from itertools import groupby

    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    cells: list[tuple[str, str]] = []
    for _, group in groupby(rows, key=lambda row: row[0].slug):
        pods = list(group)
        offer = pods[0][0]
        cells.append((_marked(offer.slug, offer.default), _heading(offer)))
        for image in offer.images:
            pod = next(row[3] for row in pods if row[1] == image)
            cells.append((f"  {_marked(image.key, image.default)}", _short(pod.image, registry)))
        for size in offer.sizes:
            pod = next(row[3] for row in pods if row[2] == size)
            amounts, *further = _size(pod) or ["the hub's defaults"]
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
    """Return a reference without its registry, with a short digest."""
    name, at, digest = reference.removeprefix(f"{registry}/").partition("@sha256:")
    return f"{name}{at}{digest[:12]}"


def _size(pod: Pod) -> list[str]:
    """Return the lines of a size: amounts, devices, and the node that it needs."""
    from image_matrix.profiles.units import human

    cpu = _range(_number(pod.cpu_guarantee), _number(pod.cpu_limit))
    memory = _range(human(pod.memory_guarantee), human(pod.memory_limit))
    parts = [f"CPU {cpu}"] if cpu else []
    parts += [f"memory {memory}"] if memory else []
    parts += [f"/dev/shm {human(pod.shm)}"] if pod.shm is not None else []  # noqa: S108 - in a pod
    devices = [f"{key}={count}" for key, count in pod.devices.items()]
    return [line for line in (", ".join(parts), ", ".join(devices), _placement(pod)) if line]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _range(low: str, high: str) -> str:
    return f"{low}-{high}" if low and high else high or (f"{low}-" if low else "")


def _placement(pod: Pod) -> str:
    parts = [f"{key}={value}" for key, value in pod.node_selector.items()]
    parts += [f"runtime {pod.runtime_class}"] if pod.runtime_class else []
    keys = [
        str(item.get("key", "*")) for item in pod.tolerations if not str(item.get("key")).startswith("hub.")
    ]
    parts += [f"tolerates {', '.join(keys)}"] if keys else []
    return "; ".join(parts)
