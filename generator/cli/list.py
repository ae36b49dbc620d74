"""``list``: images and variants, or how one image's settings came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from generator.cli.session import Session, open_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Path
    from generator.matrix.document import Documents
    from generator.matrix.load import Loaded
    from generator.matrix.resolve import Origin, Resolution


@click.command("list")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--resolved", metavar="IMAGE", help="Print IMAGE's settings, each with where it comes from.")
@click.pass_obj
def list_images(session: Session, format_: str, resolved: str | None) -> int:
    """List images and their variants in build order."""
    loaded = open_project(session).loaded
    header: tuple[str, ...] = ("variant", "setting", "value", "from")
    if resolved is not None:
        rows = list(_resolved_rows(loaded, resolved))
    else:
        rows = _rows(loaded)
        header = ("image", "variant", "layer", "parent", "platforms", "accelerator")
    click.echo(_formatted(format_, header, rows), nl=False)
    return 0


def _formatted(format_: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if format_ == "json":
        import json

        return (
            json.dumps([dict(zip(header, row, strict=True)) for row in rows], indent=2, ensure_ascii=False)
            + "\n"
        )
    from generator.cli.table import table

    return table(header, rows)


def _rows(loaded: Loaded) -> list[tuple[str, ...]]:
    from generator.graph import Dag

    layers = Dag({item.id: item.parent for item in loaded.variants.values()}).layers()
    return [
        (
            item.image,
            item.label,
            str(layers[item.id]),
            item.parent or item.source or "",
            ",".join(item.archs),
            item.accelerator or "",
        )
        for item in loaded.variants.values()
    ]


def _resolved_rows(loaded: Loaded, name: str) -> Iterator[tuple[str, ...]]:
    from generator.diagnostics import did_you_mean
    from generator.errors import CallError
    from generator.matrix.variants import resolutions

    image, _, label = name.partition(":")
    if image not in loaded.matrix.images:
        raise CallError(f"there is no image `{image}`", did_you_mean(image, loaded.matrix.images))
    for identifier, found in resolutions(loaded.matrix, loaded.variants, image).items():
        if not label or identifier == name:
            for setting, value, origin, path in _settings(found):
                yield (
                    identifier.partition(":")[2],
                    setting,
                    _text(value),
                    _where(loaded.documents, origin, path),
                )


def _settings(found: Resolution) -> Iterator[tuple[str, Any, Origin, Path]]:
    """Yield every setting: its name, value, origin, and the path below its origin."""
    names = {
        "source": "from",
        "provider": "python.provider",
        "system_site_packages": "python.system_site_packages",
    }
    for name, item in found.scalars.items():
        shown = names.get(name, name)
        yield shown, item.value, item.origin, tuple(shown.split("."))
    yield "platforms", ", ".join(found.platforms.value), found.platforms.origin, ("platforms",)
    for item in found.bundles:
        yield "bundles", item.value, item.origin, ("bundles",)
    for item in found.downloads:
        yield "downloads", item.value, item.origin, ("downloads",)
    for manager, items in found.packages.items():
        for item in items:
            yield manager, item.value, item.origin, (manager, item.value)
    for name, mapping in (("env", found.env), ("labels", found.labels)):
        for key, item in mapping.items():
            yield f"{name}.{key}", item.value, item.origin, (name, key)
    for kind, tests in found.tests.items():
        for key, item in tests.items():
            yield f"tests.{kind}", f"{key}: {item.value}" if item.value else key, item.origin, ("tests", kind)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _where(documents: Documents, origin: Origin, path: Path) -> str:
    """Return ``bundle full (matrix.yaml:31)``."""
    if origin.kind == "default":
        path = path if documents.has(path) else ()
    elif origin.kind == "parent":
        path = ()
    else:
        path = (*origin.path, *path)
    if not path:
        return str(origin)
    place = documents.place(documents.position(path))
    said = "matrix" if origin.kind == "default" else str(origin)
    return f"{said} ({place.file}:{place.line})"
