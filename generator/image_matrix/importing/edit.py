"""Adds entries to the text of a matrix; comments, order and quotes of what is there are kept."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from image_matrix.importing.dockerfiles import Entry, Imported

WIDTH = 4096
"""Characters of a line: an image stays in one."""
START = """\
# yaml-language-server: $schema=./matrix.schema.json
version: 1
registry: {registry}
workflow: none # what the jobs on GitHub install, for a workflow: `workflow: {{generator: …}}`
sources: {{}}
images: {{}}
"""


def new_matrix(registry: str) -> str:
    """Return a matrix without images."""
    return START.format(registry=json.dumps(registry) if ":" in registry else registry)


def with_entries(text: str, imported: Imported) -> str:
    """Return the text of a matrix with more sources and images."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    if "\n  - " in text:
        yaml.indent(mapping=2, sequence=4, offset=2)
    data: Any = yaml.load(text)
    _add(data, "sources", dict(imported.sources))
    _add(data, "images", {name: _image(entry) for name, entry in imported.images.items()})
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def _add(data: Any, section: str, entries: dict[str, Any]) -> None:  # noqa: ANN401 - ruamel.yaml has no types
    """Add entries to a section, which becomes a block if it is empty."""
    from ruamel.yaml.comments import CommentedMap

    if not entries:
        return
    if not data.get(section):
        data[section] = CommentedMap()
        data[section].fa.set_block_style()
    data[section].update(entries)


def _image(entry: Entry) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return an image in one line."""
    from ruamel.yaml.comments import CommentedMap

    fields = CommentedMap({"from": entry.start, "context": entry.context})
    if entry.contexts:
        fields["contexts"] = CommentedMap(entry.contexts)
        fields["contexts"].fa.set_flow_style()
    fields.fa.set_flow_style()
    return fields
