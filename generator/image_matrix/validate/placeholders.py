"""Finds invalid placeholders: misspelt, with missing or extra braces, or without a value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.filling import placeholder_values
from image_matrix.config.per_platform import MARKS
from image_matrix.config.placeholders import RESERVED, unknown_placeholders, version_parts
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.validate.addresses import of_mirrors
from image_matrix.validate.findings import bad_value
from image_matrix.validate.references import every_settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from image_matrix.config.accelerators import Accelerator
    from image_matrix.config.apt_repositories import AptRepository
    from image_matrix.config.model import Matrix, Settings, Variant
    from image_matrix.diagnostics import Finding, Target
    from image_matrix.diagnostics import Path as FieldPath

Text = tuple["FieldPath", str]
"""A text of the matrix and its path; a text that is the last step of its path is a key."""


def reserved_axes(matrix: Matrix) -> Iterator[Finding]:
    """Axes with the name of another placeholder."""
    paths: list[FieldPath] = [("axes", axis) for axis in matrix.axes]
    paths += [
        ("images", name, "axes", axis)
        for name, image in matrix.images.items()
        for axis in image.axes.keys() - matrix.axes.keys()
    ]
    for path in (path for path in paths if path[-1] in RESERVED):
        yield bad_value(path, f"`{path[-1]}` is the name of a placeholder", "name the axis otherwise", "key")


def unknown_in_downloads(matrix: Matrix) -> Iterator[Finding]:
    """Braces in the addresses of downloads."""
    for name, item in matrix.downloads.items():
        known = ("arch", "machine", *version_parts("version", item.version))
        yield from unknown([(("downloads", name, "url"), item.url)], known)


def unknown_in_images(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Braces in texts of images, and of the bundles, accelerators and defaults that they use."""
    known = known_by_image(matrix, expanded)
    if not known:
        return  # why there is no variant is reported already
    common = set.intersection(*known.values())
    for path, settings in every_settings(matrix):
        if path[0] == "images":
            names = known.get(str(path[1]))
        elif path[0] == "bundles":
            users = [known[user] for user in _users(matrix, str(path[1])) if user in known]
            names = set.intersection(*users) if users else None
        else:
            names = common
        if names is not None:
            yield from unknown(_texts(path, settings), names)
            yield from unknown(_variables(path, settings.env), {*names, *MARKS})
    for name, accelerator in matrix.accelerators.items():
        users = [known[item.image] for item in expanded.values() if item.accelerator == name]
        names = set.intersection(*users) if users else common
        yield from _of_accelerator(name, accelerator, names)


def known_by_image(matrix: Matrix, expanded: Mapping[str, Variant]) -> dict[str, set[str]]:
    """Return the placeholders that every variant of an image has."""
    known: dict[str, set[str]] = {}
    for item in expanded.values():
        parent = expanded.get(item.parent or "")
        names = set(placeholder_values(matrix.images[item.image], item.values, parent, None))
        known[item.image] = known.get(item.image, names) & names
    return known


def _users(matrix: Matrix, bundle: str) -> list[str]:
    users = (str(path[1]) for path, settings in settings_of(matrix) if bundle in settings.bundles)
    return list(dict.fromkeys(users))


def _texts(path: FieldPath, settings: Settings) -> Iterator[Text]:
    """Yield every text of an image, bundle or override that placeholders may stand in."""
    yield (*path, "description"), settings.description or ""
    yield (*path, "repository"), settings.repository or ""
    yield (*path, "pip", "index_url"), settings.index_url or ""
    yield (*path, "cran", "snapshot"), settings.cran_snapshot or ""
    yield from _numbered((*path, "pip", "extra_index_urls"), settings.extra_index_urls)
    yield from _numbered((*path, "conda", "channels"), settings.channels)
    of_dockerfile = {
        "context": settings.context,
        "dockerfile": settings.dockerfile,
        "target": settings.target,
    }
    yield from (((*path, field), text) for field, text in of_dockerfile.items() if text)
    yield from (((*path, "args", key), value) for key, value in settings.args.items())
    yield from (((*path, "contexts", key), key) for key in settings.contexts)
    for manager, items in settings.packages.items():
        yield from _numbered((*path, manager), items)
    yield from (((*path, "files", key), source) for key, source in settings.files.items())
    yield from _numbered((*path, "scripts"), settings.scripts)
    yield from _of_apt((*path, "apt"), settings.apt_repositories)
    yield from _numbered((*path, "apt", "files"), settings.apt_files)
    yield from _numbered((*path, "path"), settings.path)
    for field, texts in (("labels", settings.labels), ("provides", settings.provides)):
        for key, value in texts.items():
            yield (*path, field, key), value
    for kind, tests in settings.tests.items():
        for key, value in tests.items():
            yield from (((*path, "tests", kind, key), text) for text in (key, value))


def _of_apt(path: FieldPath, repositories: Sequence[AptRepository]) -> Iterator[Text]:
    """Yield every text of repositories of apt."""
    for at, one in enumerate(repositories):
        place: FieldPath = (*path, "repositories", at)
        yield from (((*place, "url"), one.url), ((*place, "suite"), one.suite), ((*place, "key"), one.key))
        yield from _numbered((*place, "components"), one.components)


def _variables(path: FieldPath, variables: Mapping[str, str]) -> Iterator[Text]:
    return (((*path, "env", key), value) for key, value in variables.items())


def _numbered(path: FieldPath, texts: Sequence[str]) -> Iterator[Text]:
    return (((*path, at), text) for at, text in enumerate(texts))


def _of_accelerator(name: str, item: Accelerator, names: Collection[str]) -> Iterator[Finding]:
    path: FieldPath = ("accelerators", name)
    texts: list[Text] = [((*path, "pip", "index_url"), item.index_url or "")]
    texts += _numbered((*path, "pip", "extra_index_urls"), item.extra_index_urls)
    texts += _numbered((*path, "conda", "channels"), item.channels)
    texts += _of_apt((*path, "apt"), item.apt_repositories)
    version = version_parts("version", item.version) if item.version else {}
    findings = [
        *unknown(_variables(path, item.env), [*names, *version, *MARKS]),
        *unknown(texts, [*names, *version]),
    ]
    for finding in findings:
        missing = not item.version and str(finding.fields["placeholder"]).startswith("{version")
        advice = f'add `version: "13.0"`, or what it is, to `accelerators.{name}`'
        yield replace(finding, fields={**finding.fields, "advice": advice}) if missing else finding


def unknown(texts: Iterable[Text], known: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for everything with braces that is neither a known placeholder nor an escaped brace."""
    for path, text in texts:
        target: Target = "key" if text == path[-1] else "value"
        for part in unknown_placeholders(text, known):
            yield rules.UNKNOWN_PLACEHOLDER.at(path, target, placeholder=part, advice=_instead(part, known))


def _instead(part: str, known: Collection[str]) -> str:
    name = part.strip("{}")
    if name in known or name.lower() in known:
        return f"write `{{{name if name in known else name.lower()}}}`"
    if part in ("{", "}") or not name.replace(".", "_").isidentifier():
        return f"write `{part.replace('{', '{{').replace('}', '}}')}`: a brace of the text is doubled"
    return did_you_mean(f"{{{name}}}", [f"{{{item}}}" for item in known])


def in_mirrors(matrix: Matrix) -> Iterator[Finding]:
    """Braces in addresses of mirrors, which have no placeholders."""
    advice = "write the address as it is after the version was put in: mirrors have no placeholders"
    for path, target, text in of_mirrors(matrix.network.mirrors):
        for part in unknown_placeholders(text, ()):
            yield rules.UNKNOWN_PLACEHOLDER.at(path, target, placeholder=part, advice=advice)
