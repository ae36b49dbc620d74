"""``list``: lists images and variants, or the settings of one image with their origins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.project import open_project
from image_matrix.config.layers import Sourced
from image_matrix.config.model import DEFAULT_CHANNELS
from image_matrix.config.per_platform import as_placeholders
from image_matrix.config.platforms import architecture
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.document import Documents
    from image_matrix.config.layers import Origin
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.resolve import Resolution
    from image_matrix.diagnostics import Path

    Entries = list[dict[str, Any]]

CONDA_LOCK = "conda_lock"
SINGLE = ("pip.index_url", "cran.snapshot", "cran.system_libraries")
"""Fields of an installer that have one text."""
MOST_USERS = 3
"""R packages that are named for a Debian package that they need."""


@click.command("list")
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--resolved",
    metavar="IMAGE",
    help="Print the settings of IMAGE, or of IMAGE:LABEL, and the origin of each.",
)
@click.option(
    "--actions", is_flag=True, help="Print the GitHub actions that the workflows use, for allow lists."
)
@click.option("--repositories", is_flag=True, help="Print the repositories that the workflow writes.")
@click.pass_obj
def list_images(
    session: Session,
    names: tuple[str, ...],
    format_: str,
    resolved: str | None,
    actions: bool,
    repositories: bool,
) -> int:
    """List images and their variants in build order.

    VARIANT is IMAGE or IMAGE:LABEL; the default is all.
    """
    from image_matrix.config.variant_selectors import select
    from image_matrix.render.listing import listing

    if names and resolved is not None:
        raise click.UsageError("--resolved takes the image's name: remove VARIANT")
    if actions:
        if names or resolved is not None:
            raise click.UsageError("--actions takes neither VARIANT nor --resolved")
        click.echo(_actions(session, format_), nl=False)
        return 0
    if repositories and (names or resolved is not None):
        raise click.UsageError("--repositories is for all images: remove VARIANT and --resolved")
    project = open_project(session)
    loaded = project.loaded
    if repositories:
        text = _repositories(loaded, format_)
    elif resolved is None:
        chosen = set(select(loaded.variants, names))
        every = listing(loaded.variants, loaded.matrix.order.layers)
        entries = [entry for entry in every if entry["variant"] in chosen]
        text = _json(entries) if format_ == "json" else _variants(entries)
    else:
        entries = list(_resolved(project, resolved))
        text = _json(entries) if format_ == "json" else _settings_of(entries)
    click.echo(text, nl=False)
    return 0


def _actions(session: Session, format_: str) -> str:
    """Return one action a line, or a JSON list."""
    from image_matrix.cli.project import open_locked, render_project
    from image_matrix.render.used_actions import used_actions

    names = used_actions(render_project(open_locked(session)))
    return _names(names, format_)


def _repositories(loaded: Loaded, format_: str) -> str:
    """Return the repositories, one a line or as a list."""
    from image_matrix.config.written_repositories import written_repositories

    names = written_repositories(loaded.matrix, loaded.variants)
    return _names(names, format_)


def _names(names: Sequence[str], format_: str) -> str:
    import json

    return json.dumps(names, indent=2) + "\n" if format_ == "json" else "".join(f"{name}\n" for name in names)


def _json(entries: Entries) -> str:
    import json

    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _variants(variants: Entries) -> str:
    """Return one line for each variant, without columns in which nothing stands."""
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    header = ("image", "variant", "layer", "parent", "platforms", "accelerator", "tags")
    rows = [
        (
            entry["image"],
            entry["label"],
            str(entry["layer"]),
            _parent(entry),
            ", ".join(architecture(platform) for platform in entry["platforms"]),
            entry["accelerator"] or "",
            ", ".join(entry["tags"]) if entry["publish"] else "not published",
        )
        for entry in variants
    ]
    shown = [at for at in range(len(header)) if any(row[at] for row in rows)]
    cells = [[row[at] for at in shown] for row in rows]
    return table([header[at] for at in shown], cells, terminal_width())


def _parent(entry: dict[str, Any]) -> str:
    """Return the parent of a variant; its label only if it differs from the variant's."""
    image, _, label = (entry["parent"] or entry["source"]).partition(":")
    return f"{image}:{label}" if label not in ("", entry["label"]) else image


def _settings_of(settings: Entries) -> str:
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    header = ("variant", "setting", "value", "from")
    rows = [
        (entry["variant"].partition(":")[2], entry["setting"], _text(entry["value"]), entry["from"])
        for entry in settings
    ]
    return table(header, rows, terminal_width())


def _resolved(project: Project, name: str) -> Iterator[dict[str, Any]]:
    """Yield every setting of an image, or of one variant: its value and its origin."""
    from image_matrix.config.variants import resolutions
    from image_matrix.diagnostics import did_you_mean
    from image_matrix.errors import CallError

    loaded = project.loaded
    image, _, label = name.partition(":")
    if image not in loaded.matrix.images:
        raise CallError(f"unknown image `{image}`", did_you_mean(image, loaded.matrix.images))
    resolved = resolutions(loaded.matrix, loaded.variants, image)
    if label and name not in resolved:
        raise CallError(f"`{image}` has no variant `{label}`", did_you_mean(name, resolved))
    for variant, resolution in resolved.items():
        if not label or variant == name:
            for setting, value, origin, path in _settings(resolution):
                yield {
                    "variant": variant,
                    "setting": setting,
                    "value": value,
                    "from": _where(loaded.documents, origin, path),
                }
            yield from _locked_libraries(project, variant)


def _locked_libraries(project: Project, variant: str) -> Iterator[dict[str, Any]]:
    """Yield the Debian packages that the lock adds to a variant, each with the R packages that need it."""
    locked = project.pins.system_libraries.get(variant)
    for package, users in locked.packages.items() if locked else ():
        source = f"lock, for {listed(users, MOST_USERS)}"
        yield {"variant": variant, "setting": "cran.system_libraries", "value": package, "from": source}


def _settings(resolution: Resolution) -> Iterator[tuple[str, Any, Origin, Path]]:
    """Yield every setting: its name, value, origin, and the path below its origin."""
    for name, item in resolution.scalars.items():
        shown = "from" if name == "source" else name
        if name != CONDA_LOCK:
            yield shown, item.value, item.origin, (shown,)
    yield "platforms", resolution.platforms.value, resolution.platforms.origin, ("platforms",)
    for item in resolution.bundles:
        yield "bundles", item.value, item.origin, ("bundles",)
    for item in resolution.downloads:
        yield "downloads", item.value, item.origin, ("downloads",)
    for manager, items in resolution.packages.items():
        for item in items:
            yield manager, item.value, item.origin, (manager, item.position or 0)
    for field, entries in _lists(resolution).items():
        for item in entries:
            position = () if field in SINGLE else (item.position or 0,)
            yield field, item.value, item.origin, (*field.split("."), *position)
    for name, mapping in (
        ("files", resolution.files),
        ("env", resolution.env),
        ("labels", resolution.labels),
        ("provides", resolution.provides),
        ("args", resolution.args),
        ("contexts", resolution.contexts),
    ):
        for key, item in mapping.items():
            yield f"{name}.{key}", as_placeholders(item.value), item.origin, (name, key)
    for kind, tests in resolution.tests.items():
        for key, item in tests.items():
            yield f"tests.{kind}", f"{key}: {item.value}" if item.value else key, item.origin, ("tests", kind)


def _lists(resolution: Resolution) -> dict[str, Sequence[Sourced[Any]]]:
    """Return the lists of a variant, by the field of the matrix that they stand in, and the fields of one text."""
    channels = resolution.channels
    lock = resolution.scalars.get(CONDA_LOCK)
    repositories = [
        Sourced(str(item.value), item.origin, item.position) for item in resolution.apt_repositories
    ]
    return {
        "apt.files": resolution.apt_files,
        "conda.files": [Sourced(lock.value.file, lock.origin, 0)] if lock else [],
        "apt.repositories": repositories,
        "scripts": resolution.scripts,
        "secrets": resolution.secrets,
        "path": resolution.path,
        "tags": resolution.tags,
        "pip.index_url": [resolution.index_url] if resolution.index_url else [],
        "cran.snapshot": [resolution.cran_snapshot] if resolution.cran_snapshot else [],
        "cran.system_libraries": [resolution.system_libraries] if resolution.system_libraries else [],
        "pip.extra_index_urls": resolution.extra_index_urls,
        "conda.channels": () if tuple(item.value for item in channels) == DEFAULT_CHANNELS else channels,
    }


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _where(documents: Documents, origin: Origin, path: Path) -> str:
    """Return ``bundle full (matrix.yaml:31)``."""
    if origin.kind == "parent" or not origin.path:
        return str(origin)
    path = (*origin.path, *path)
    place = documents.place(documents.position(path))
    return f"{origin} ({place.file}:{place.line})"
