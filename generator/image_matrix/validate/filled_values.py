"""Checks addresses, versions and paths with placeholders once the values of a variant are put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.model import DEFAULT_CHANNELS
from image_matrix.config.pattern import fits
from image_matrix.config.placeholders import fill, unknown_placeholders
from image_matrix.config.schema import schema
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics.redact import has_user
from image_matrix.validate.filled_texts import settings_at, texts_of
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.accelerators import Accelerator
    from image_matrix.config.model import Matrix, Settings, Variant
    from image_matrix.config.resolve import Resolution
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

_PLAIN = re.compile(r"[A-Za-z0-9._+-]+")
"""What any address or version may have in it."""
_LOGIN = (
    "take the login out of the data of the axis value, and change the password if this was committed; "
    "put logins into a file that only an uncommitted overlay names: `network: {netrc: FILE}`"
)


def unreadable(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Indexes and channels that are none or have a login, versions and paths that are none, once they are filled."""
    seen: set[Path] = set()
    for item in expanded.values():
        texts = _texts(matrix, expanded, item) if _has_odd_data(item) else ()
        for path, text in (*texts, *_days(matrix, expanded, item), *_channels(matrix, expanded, item)):
            finding = _finding(path, text, item)
            if finding and path not in seen:
                seen.add(path)
                yield finding


def _has_odd_data(item: Variant) -> bool:
    """Say whether data of a variant may spoil a text: values of axes and names cannot."""
    return not all(map(_PLAIN.fullmatch, item.axis_data.values()))


def _texts(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Iterator[tuple[Path, str]]:
    """Yield every index and version of a variant that placeholders are put into, with its place."""
    resolution, values = resolution_of(matrix, expanded, item), texts_of(matrix, expanded, item)
    for path in _indexes(resolution):
        yield from _filled(path, _written_address(matrix, path), values)
    for name, version in resolution.provides.items():
        if version.origin.kind != "source":
            written = settings_at(matrix, version.origin.path).provides.get(name, "")
            yield from _filled((*version.origin.path, "provides", name), written, values)
    yield from _paths(resolution)


def _paths(resolution: Resolution) -> Iterator[tuple[Path, str]]:
    """Yield what COPY reads, and the folders of PATH: a variable, a wildcard or a colon would be no text there."""
    for folder in resolution.path:
        if folder.origin.path and folder.origin.kind != "parent" and folder.position is not None:
            yield (*folder.origin.path, "path", folder.position), folder.value
    for name, source in resolution.files.items():
        if source.origin.path and source.origin.kind != "parent":
            yield (*source.origin.path, "files", name), source.value


def _days(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Iterator[tuple[Path, str]]:
    """Yield the day of CRAN of a variant, if placeholders are put into it: any value may spoil it."""
    day = resolution_of(matrix, expanded, item).cran_snapshot if item.cran_snapshot else None
    if day and day.origin.path and day.origin.kind != "parent":
        written = settings_at(matrix, day.origin.path).cran_snapshot or ""
        yield from _filled((*day.origin.path, "cran", "snapshot"), written, texts_of(matrix, expanded, item))


def _channels(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Iterator[tuple[Path, str]]:
    """Yield the channels of a variant that placeholders are put into: any value may spoil one."""
    if item.channels == DEFAULT_CHANNELS:
        return
    for channel in resolution_of(matrix, expanded, item).channels:
        origin = channel.origin
        if origin.path and origin.kind != "parent" and channel.position is not None:
            path: Path = (*origin.path, "conda", "channels", channel.position)
            yield from _filled(path, _written_channel(matrix, path), texts_of(matrix, expanded, item))


def _written_channel(matrix: Matrix, path: Path) -> str:
    """Return a channel as it is written, with the version of an accelerator."""
    owner, position = path[: path.index("conda")], int(path[-1])
    if owner[0] == "accelerators":
        accelerator = matrix.accelerators[str(owner[1])]
        return accelerator.versioned(accelerator.channels[position])
    return settings_at(matrix, owner).channels[position]


def _indexes(resolution: Resolution) -> Iterator[Path]:
    """Yield the place of every index that the matrix names for an image, and not for its parent."""
    default = [resolution.index_url] if resolution.index_url else []
    for address in (*default, *resolution.extra_index_urls):
        if address.origin.path and address.origin.kind != "parent":
            steps = ("index_url",) if address.position is None else ("extra_index_urls", address.position)
            yield (*address.origin.path, "pip", *steps)


def _written_address(matrix: Matrix, path: Path) -> str:
    """Return an index as it is written, with the version of an accelerator."""
    owner = path[: path.index("pip")]
    if owner[0] == "accelerators":
        accelerator = matrix.accelerators[str(owner[1])]
        return accelerator.versioned(_index_at(accelerator, path))
    return _index_at(settings_at(matrix, owner), path)


def _index_at(item: Accelerator | Settings, path: Path) -> str:
    return item.index_url or "" if path[-1] == "index_url" else item.extra_index_urls[int(path[-1])]


def _filled(path: Path, written: str, values: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    if "{" in written and not any(unknown_placeholders(written, values)):
        yield path, fill(written, values)


def _finding(path: Path, text: str, item: Variant) -> Finding | None:
    definition = _definition(path)
    if ("pip" in path or "channels" in path) and has_user(text):
        return rules.PASSWORD_IN_ADDRESS.at(path, advice=_LOGIN)
    if fits(definition.get("x-filled", definition["pattern"]), text):
        return None
    problem = f"`{text}` of `{item.id}` is not {definition['x-noun']}"
    return bad_value(path, problem, "change what the placeholder stands for")


def _definition(path: Path) -> Json:
    definitions = schema()["$defs"]
    if path[-2:] == ("cran", "snapshot"):
        return definitions["cranSnapshot"]
    if path[-2] == "path":
        return definitions["path"]["items"]
    if path[-2] == "files":
        return definitions["files"]["additionalProperties"]
    if "channels" in path:
        return definitions["condaSettings"]["properties"]["channels"]["items"]
    indexes = definitions["pipSettings"]["properties"]
    if path[-1] == "index_url":
        return indexes["index_url"]
    if "extra_index_urls" in path:
        return indexes["extra_index_urls"]["items"]
    return definitions["provides"]["additionalProperties"]
