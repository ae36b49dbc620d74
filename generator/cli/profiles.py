"""``profiles``: the pods that users get, and how Flux merges our values with a site's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from generator.cli.session import Project, Session, open_project, paint, render_project, report, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.diagnostics import Diagnostic
    from generator.matrix.load import Loaded
    from generator.profiles.compose import Composed
    from generator.profiles.helmrelease import Release
    from generator.profiles.offer import ImageChoice, Offer, SizeChoice
    from generator.profiles.pod import Pod


@click.group()
def profiles() -> None:
    """Show what users are offered in the spawner."""


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


@profiles.command()
@click.option(
    "--helmrelease", "files", metavar="FILE", multiple=True, required=True,
    help="The HelmRelease, and ConfigMaps or Secrets that it takes values from; repeatable.",
)  # fmt: skip
@click.argument("more", nargs=-1, metavar="[FILE]...")
@click.option(
    "--format", "format_", type=click.Choice(["table", "yaml", "json"]), default="table", show_default=True
)
@click.pass_obj
def merge(session: Session, files: tuple[str, ...], more: tuple[str, ...], format_: str) -> int:
    """Compose values as Flux does, offline, and say who wins where.

    The ConfigMap of deploy/ is taken as it would be rendered, unless a FILE has one of its name.
    """
    from pathlib import Path

    from generator.errors import CallError
    from generator.profiles.compose import compose
    from generator.profiles.helmrelease import find_release, sources
    from generator.project import read_text
    from generator.render.deploy.flux import CONFIG_MAP

    rendered = render_project(open_project(session)).get("deploy/jupyterhub/configmap.yaml")
    if rendered is None:
        raise CallError("there is no profile, so nothing to merge", "declare one under `profiles:`")
    texts = {name: read_text(Path(name), name) for name in (*files, *more)}
    release = find_release(texts, rendered.content.decode())
    taken, absent = sources(release)
    for name in absent:
        say(session, f"{paint('note', 'help')}: {name} is in none of the files: left out")
    ours = f"ConfigMap {CONFIG_MAP}"
    if not any(item.name == ours for item in taken):
        raise CallError(
            f"HelmRelease {release.name} does not take values from {ours}",
            f"add `- {{kind: ConfigMap, name: {CONFIG_MAP}}}` to its `spec.valuesFrom`",
        )
    made = compose(taken)
    click.echo(_merged(made, format_), nl=False)
    report(_lost(made, release, ours))
    return 0


def _merged(made: Composed, format_: str) -> str:
    if format_ == "json":
        import json

        from generator.profiles.compose import shown

        setters = {shown(path): list(names) for path, names in made.setters.items()}
        return json.dumps({"values": made.values, "setters": setters}, indent=2, ensure_ascii=False) + "\n"
    if format_ == "yaml":
        from generator.render.deploy.dump import dump

        return dump(made.values)
    from generator.cli.table import table
    from generator.profiles.compose import shown

    rows = [(shown(path), names[-1], ", ".join(names[:-1]) or "-") for path, names in made.setters.items()]
    return table(("path", "set by", "instead of"), rows)


def _lost(made: Composed, release: Release, ours: str) -> list[Diagnostic]:
    """Return a warning for every path of ours that something else wins."""
    from generator.diagnostics import catalogue as rules
    from generator.diagnostics import diagnostic
    from generator.profiles.compose import shown

    return [
        diagnostic(rules.INLINE_WINS, release.place(path), path=shown(path), ours=ours, who=names[-1])
        for path, names in made.setters.items()
        if ours in names[:-1]
    ]


def refuse_vanished(session: Session, project: Project, revision: str) -> int:
    """Report slugs and choice keys that a revision had; return the exit code."""
    from generator.cli.session import understand
    from generator.diagnostics import MatrixError, diagnose
    from generator.errors import CallError
    from generator.history import read_inputs_at
    from generator.profiles.against import vanished

    inputs = read_inputs_at(session.root, revision, session.matrix, dict(_overlays(session)))
    if inputs is None:
        say(session, f"{revision} has no {session.matrix}: no choice of it can vanish")
        return 0
    try:
        old = understand(inputs).loaded
    except MatrixError as error:
        first = error.diagnostics[0]
        raise CallError(
            f"the matrix at {revision} is not valid by today's rules: {first.code} {first.message}",
            "compare with a later revision, or compare the slugs by hand",
        ) from error
    found = diagnose(vanished(old, project.loaded, revision), project.loaded.documents)
    report(found)
    return 1 if found else 0


def _overlays(session: Session) -> Iterator[tuple[str, Any]]:
    from pathlib import Path

    from generator.project import read_text

    for name in session.overlays:
        yield name, read_text(Path(name), name)
