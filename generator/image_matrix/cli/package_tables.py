"""Formats what ``packages`` prints: rows for people, and data for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.inventory.model import Inventory
    from image_matrix.inventory.rows import Holding, Row

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Header and rows."""


def packages_text(every: Sequence[Holding], compared: Sequence[str], format_: str) -> str:
    """Return packages in one of the formats of ``--format``; ``compared`` are the variants that were searched."""
    from image_matrix.inventory.rows import as_data

    return (
        _json([as_data(one) for one in every])
        if format_ == "json"
        else _shown(_table(every, compared), format_)
    )


def _table(every: Iterable[Holding], compared: Sequence[str]) -> Table:
    """Return the rows by package; of a single image, only what tells its variants is in front."""
    from image_matrix.inventory.rows import label_of, rows

    joined = sorted(rows(every), key=lambda row: row.package.name)
    labels = [label_of(row.variants, compared) for row in joined]
    single = len({image_of(name) for name in compared}) == 1
    if single:
        shown = ["" if ":" not in label else _labels(row) for row, label in zip(joined, labels, strict=True)]
    else:
        shown = labels
    header = ("variant" if single else "image", "package", "version", "by", "from", "asked for by")
    lines = [(name, *_cells(row)) for name, row in zip(shown, joined, strict=True)]
    start = 0 if any(shown) else 1
    return header[start:], [line[start:] for line in lines]


def _labels(row: Row) -> str:
    return ", ".join(name.partition(":")[2] for name in row.variants)


def _cells(row: Row) -> tuple[str, ...]:
    return (row.package.name, row.version, row.package.manager, row.brought_by, row.why)


def counts_text(inventory: Mapping[str, Inventory], format_: str) -> str:
    """Return how many packages each variant has by each installer, and how many of them the matrix names."""
    from image_matrix.inventory.rows import counts

    numbers = counts(inventory)
    if format_ == "json":
        return _json(
            [
                {
                    "image": image_of(name),
                    "variant": name.partition(":")[2],
                    "packages": {
                        manager: {"asked_for": listed, "all": every}
                        for manager, (listed, every) in one.items()
                    },
                }
                for name, one in numbers.items()
            ]
        )
    managers = list(dict.fromkeys(manager for one in numbers.values() for manager in one))
    rows = [
        (
            *name.split(":", 1),
            *(_count(*one[manager]) if manager in one else "" for manager in managers),
        )
        for name, one in numbers.items()
    ]
    return _shown((("image", "variant", *managers), rows), format_)


def _count(listed: int, every: int) -> str:
    return str(every) if listed == every else f"{every} ({listed})"


def _shown(table: Table, format_: str) -> str:
    """Return a table for the terminal or in Markdown; nothing without rows."""
    from image_matrix.cli import table as columns
    from image_matrix.cli.terminal import terminal_width
    from image_matrix.render.docs.markdown import markdown_table

    header, rows = table
    if not rows:
        return ""
    if format_ == "markdown":
        return markdown_table(header, rows)
    return columns.table(header, rows, terminal_width())


def _json(data: object) -> str:
    import json

    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
