"""Adds entries to the text of a matrix; comments, order and quotes of what is there are kept."""

from __future__ import annotations

import copy
import io
import json
import re
from typing import TYPE_CHECKING, Any

from image_matrix.config.resolved_variant import DOCKERFILE
from image_matrix.importing.package_lists import PackageImage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from image_matrix.importing.dockerfiles import Entry
    from image_matrix.importing.package_lists import Package
    from image_matrix.json_data import Json

WIDTH = 4096
"""Characters of a line: an image stays in one."""
SIMPLE_KEY = 1024
"""Characters that a key may have without `?` (YAML 1.2, 7.4.2); commands of tests are long."""
_LEVEL_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[^\n]*\n\1- ", re.MULTILINE)
"""A list whose entries are as far to the left as its key; other matrices have them indented."""
LINE = 90
"""Characters that a list of packages may have in one line."""
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


def with_entries(text: str, sources: Mapping[str, str], images: Mapping[str, Entry | PackageImage]) -> str:
    """Return the text of a matrix with more sources and images; it keeps its line ends."""
    entries = {"sources": dict(sources), "images": {name: _image(image) for name, image in images.items()}}
    return _with_sections(text, entries)


def with_profiles(
    text: str, sources: Mapping[str, Json], sizes: Mapping[str, Json], profiles: Mapping[str, Json]
) -> str:
    """Return the text of a matrix with more sources, sizes and profiles; it keeps its line ends."""
    sections = {"sources": sources, "sizes": sizes, "profiles": profiles}
    return _with_sections(text, {name: _plain(dict(section)) for name, section in sections.items()})


def with_site(text: str, profiles: Collection[str], site: str) -> str:
    """Return the text of a matrix in which profiles that name their sites are for one more."""

    def join(data: Any) -> None:  # noqa: ANN401 - ruamel.yaml has no types
        for name in profiles:
            profile = data["profiles"][name]
            profile["sites"] = sites = _unshared(profile["sites"])
            after = "" if sites.fa.flow_style() else _without_tail(sites)
            sites.append(site)
            _append_tail(sites, after)

    return _with_sites_of_others(text, _changed(text, join), profiles) if profiles else text


def _with_sites_of_others(before: str, after: str, changed: Collection[str]) -> str:
    """Return a text after a change in which profiles that merge a changed one (`<<`) name the sites that they had."""
    from ruamel.yaml import YAML

    old, new = (YAML(typ="safe").load(text)["profiles"] for text in (before, after))
    lost = {
        name: profile["sites"]
        for name, profile in old.items()
        if name not in changed and profile.get("sites") != new[name].get("sites")
    }

    def restore(data: Any) -> None:  # noqa: ANN401 - ruamel.yaml has no types
        for name, sites in lost.items():
            data["profiles"][name]["sites"] = _flow(sites)

    return _changed(after, restore) if lost else after


def _unshared(shared: Any) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return a list as one of its own: behind an alias or a merge key, it is others', too."""
    unshared = copy.deepcopy(shared)
    unshared.yaml_set_anchor(None)
    for at, item in enumerate(shared):
        unshared[at] = item  # its anchor stays one
    return unshared


def _with_sections(text: str, sections: Mapping[str, Any]) -> str:
    def add(data: Any) -> None:  # noqa: ANN401 - ruamel.yaml has no types
        for name, entries in sections.items():
            _add(data, name, entries)

    return _changed(text, add)


def _changed(text: str, change: Callable[[Any], None]) -> str:
    """Return the text of a matrix after a change to its data; it keeps its line ends."""
    if "\r\n" in text:
        return _changed(text.replace("\r\n", "\n"), change).replace("\n", "\r\n")
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.brace_single_entry_mapping_in_flow_sequence = True  # `[{python: "3.11"}]` keeps its braces
    if not _LEVEL_LIST.search(text):
        yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.emitter.MAX_SIMPLE_KEY_LENGTH = SIMPLE_KEY
    data: Any = yaml.load(text)
    change(data)
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def _add(data: Any, section: str, entries: dict[str, Any]) -> None:  # noqa: ANN401 - ruamel.yaml has no types
    """Add entries to a section, which becomes a block if it is empty; what is written behind it stays behind it."""
    from ruamel.yaml.comments import CommentedMap

    if not entries:
        return
    if not data.get(section):
        data[section] = CommentedMap()
        data[section].fa.set_block_style()
    if any(isinstance(entry, dict) for entry in entries.values()):
        data[section].fa.set_block_style()
    after = _without_tail(data[section])
    data[section].update(entries)
    _append_tail(data[section], after)


def _without_tail(node: Any) -> str:  # noqa: ANN401 - ruamel.yaml has no types
    """Take empty lines and comments behind a section away from its last entry, which has them, and return them."""
    token = _last_token(node)
    if token is None:
        return ""
    lines = token.value.split("\n")
    first = len(lines)
    while first > 1 and not lines[first - 1].startswith(" "):
        first -= 1
    token.value = "\n".join(lines[:first]) + "\n"
    return "\n".join(lines[first:])


def _append_tail(node: Any, tail: str) -> None:  # noqa: ANN401 - ruamel.yaml has no types
    """Write lines behind the last entry of a section."""
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    if not tail:
        return
    token = _last_token(node)
    if token is not None:
        token.value = f"{token.value.rstrip()}\n{tail}"
        return
    parent, key = _last(node)
    token = CommentToken(f"\n{tail}", CommentMark(0), None)
    is_list = isinstance(parent, list)
    parent.ca.items[key] = [token, None, None, None] if is_list else [None, None, token, None]


def _last_token(node: Any) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return the comment behind the last entry of a block, which holds the lines up to the next section."""
    if not node:
        return None
    parent, key = _last(node)
    tokens = parent.ca.items.get(key) or [None, None, None]
    return tokens[0] if isinstance(parent, list) else tokens[2]


def _last(node: Any) -> tuple[Any, Any]:  # noqa: ANN401 - ruamel.yaml has no types
    """Return the innermost last block of a block, and its last key or position."""
    key = len(node) - 1 if isinstance(node, list) else [*node][-1]
    inner: Any = node[key]
    has_lines = isinstance(inner, (dict, list)) and inner and not inner.fa.flow_style()  # type: ignore[union-attr]
    return _last(inner) if has_lines else (node, key)


def _image(image: Entry | PackageImage) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    return _block_image(image) if isinstance(image, PackageImage) else _dockerfile(image)


def _dockerfile(entry: Entry) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return an image in one line."""
    fields: dict[str, Any] = {"from": entry.start, "context": entry.context}
    fields |= {"dockerfile": entry.dockerfile} if entry.dockerfile != DOCKERFILE else {}
    return _flow(fields | ({"contexts": _flow(dict(entry.contexts))} if entry.contexts else {}))


def _block_image(image: PackageImage) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return an image with one line for each field, or for each package where that is too long."""
    from ruamel.yaml.comments import CommentedMap

    fields = CommentedMap({"description": image.description} if image.description else {})
    fields["from"] = image.start
    if image.conda_file:
        fields["conda"] = _flow({"files": _flow([image.conda_file])})
    for installer, items in image.packages.items():
        packages: Any = _list(items) if items else None
        settings = _settings(image, installer)
        if settings:
            packages = CommentedMap({"packages": packages, **settings}) if items else settings
        if packages is not None:
            fields[installer] = packages
    return fields


def _settings(image: PackageImage, installer: str) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return the settings of an installer beside its packages."""
    from ruamel.yaml.comments import CommentedMap

    settings = CommentedMap()
    if installer == "pip" and image.index_url:
        settings["index_url"] = image.index_url
    if installer == "pip" and image.extra_index_urls:
        settings["extra_index_urls"] = _flow([*image.extra_index_urls])
    if installer == "conda" and image.channels:
        settings["channels"] = _flow([*image.channels])
    return settings


def _list(items: tuple[Package, ...]) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    from ruamel.yaml.comments import CommentedSeq

    if not _is_block(items):
        return _flow([item.text for item in items])
    block = CommentedSeq([item.text for item in items])
    for position, item in enumerate(items):
        if item.comment:
            block.yaml_add_eol_comment(f"# {item.comment}", position)
    return block


def _is_block(items: tuple[Package, ...]) -> bool:
    """Return whether a list of packages has a line for each entry."""
    return any(item.comment for item in items) or len(", ".join(item.text for item in items)) > LINE


def _plain(value: Json) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return plain data as blocks, of which those that fit into one line are in one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if not isinstance(value, (dict, list)):
        return value
    is_short = len(json.dumps(value)) <= LINE
    if isinstance(value, list):
        return _flow(value) if is_short else CommentedSeq([_plain(item) for item in value])
    below = {key: _plain(item) for key, item in value.items()}
    is_level = not any(isinstance(item, dict) for item in value.values())
    return _flow(below) if is_short and is_level else CommentedMap(below)


def _flow(value: dict[str, Any] | list[str]) -> Any:  # noqa: ANN401 - ruamel.yaml has no types
    """Return a collection in one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    collection: Any = CommentedMap(value) if isinstance(value, dict) else CommentedSeq(value)
    collection.fa.set_flow_style()
    return collection
