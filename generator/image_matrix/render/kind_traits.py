"""Reads what the template of a kind says about its images: their contract, and the fields that it never reads."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.config.model import CONTRACTS, MANAGERS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.output_tree.files import File

_EXTENDS = re.compile(r"""\{%[-+]?\s*extends\s+(["'])(.+?)\1\s*[-+]?%\}""")
_PYTHON_BLOCK = re.compile(r"\{%[-+]?\s*block\s+python\b.*?\{%[-+]?\s*endblock\b", re.DOTALL)
CONTRACT = re.compile(r"""\{%[-+]?\s*set\s+contract\s*=\s*(["'])(.*?)\1\s*[-+]?%\}""")
"""How a template says what its images promise."""
NEEDS = re.compile(r"""\{%[-+]?\s*(?:extends|include|import|from)\s+(["'])(?P<name>.+?)\1""")
"""A tag with the name of another template."""
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_USES = re.compile(r"\{%[-+]?\s*(?:extends|import|include|from)\b.*?%\}", re.DOTALL)
_LITERAL_USE = re.compile(
    r"""\{%[-+]?\s*(?:extends|import|include|from)\s+(["'])([^"']+)\1(?!\s*(?:if|[~+|])).*?%\}""", re.DOTALL
)
_READS: Mapping[str, str] = {
    **{manager: rf"\bpackages\b(?!\.)|\bpackages\.{manager}\b" for manager in MANAGERS},
    "apt.repositories": r"\bvariant\.apt_repositories\b",
    "apt.files": r"\bvariant\.apt_files\b",
    "extensions": r"\bextensions\b",
    "downloads": r"\bdownloads\b|\bmicromamba\b",
    "files": r"\bvariant\.files\b",
    "path": r"\bvariant\.path\b",
    "secrets": r"\bvariant\.secrets\b",
    "scripts": r"\bvariant\.scripts\b",
    "env": r"\bvariant\.env\b",
    "locale": r"\bvariant\.locale\b",
    "labels": r"\blabels\b",
}
"""Field of an image to what a template that installs or sets its values has."""
_RUN = re.compile(r"(etc/services\.d/[^/]+/)run")
"""The start script of a service in an image, below ``/``."""


def needed(text: str) -> list[str]:
    """Return the names in quotes of the templates that a template extends, imports or includes."""
    return [match["name"] for match in NEEDS.finditer(text)]


def extended(texts: Mapping[str, str], name: str) -> str | None:
    """Return the template that a template extends, if it exists and is named by a literal."""
    match = _EXTENDS.search(texts[name])
    return match[2] if match and match[2] in texts else None


def has_contract(texts: Mapping[str, str], name: str) -> bool:
    """Say whether a template of a kind's chain calls the step that makes the notebook user and ``/init``."""
    parent = extended(texts, name)
    return ".contract(" in texts[name] or (parent is not None and has_contract(texts, parent))


def traits(texts: Mapping[str, str], name: str) -> Kind:
    """Return what a template, or the nearest one that it extends, says; the skeleton's steps make a notebook image."""
    lays_out = has_contract(texts, name)
    stated = stated_contract(texts, name)
    contract = next((one for one in CONTRACTS if one == stated), "notebook" if lays_out else None)
    return Kind(contract, lays_out, _ignores(texts, name))


def _ignores(texts: Mapping[str, str], name: str) -> frozenset[str]:
    """Return the fields of an image that neither a template nor one that it uses reads.

    None if one of them is missing or cannot be read: what it would read is not known, and its own error says more.
    """
    used = _used_templates(texts, name)
    ignored = frozenset(_READS).difference(*(_read(texts[one]) for one in used))
    whole = not ignored or all(_is_whole(texts, texts[one]) for one in used)
    return ignored if whole else frozenset()


def _is_whole(texts: Mapping[str, str], text: str) -> bool:
    return texts.keys() >= {*needed(_COMMENT.sub("", text))} and _parses(text)


@cache
def _parses(text: str) -> bool:
    """Say whether a template has Jinja's syntax."""
    from jinja2 import Environment, TemplateSyntaxError

    try:
        Environment().parse(text)  # noqa: S701 - nothing is rendered
    except TemplateSyntaxError:
        return False
    return True


@cache
def _read(text: str) -> frozenset[str]:
    """Return the fields of an image that one template reads; all if an expression names a template that it uses."""
    text = _COMMENT.sub("", text)
    if len(_USES.findall(text)) != len(_LITERAL_USE.findall(text)):
        return frozenset(_READS)
    return frozenset(field for field, reads in _READS.items() if re.search(reads, text))


def _used_templates(texts: Mapping[str, str], name: str) -> list[str]:
    """Return a template with all that it extends, imports or includes by a literal name."""
    used: dict[str, None] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in texts and one not in used:
            used[one] = None
            waiting += needed(texts[one])
    return list(used)


def stated_contract(texts: Mapping[str, str], name: str) -> str | None:
    """Return the contract that a template, or the nearest one that it extends, sets: `{% set contract = "none" %}`."""
    match = CONTRACT.search(texts[name])
    if match:
        return match[2]
    parent = extended(texts, name)
    return stated_contract(texts, parent) if parent else None


def has_custom_pip(texts: Mapping[str, str], name: str) -> bool:
    """Say whether no template of a kind's chain calls the step, or one overrides block ``python`` without it."""
    text, parent = texts[name], extended(texts, name)
    block = _PYTHON_BLOCK.search(text)
    if block and not re.search(r"\.pip\(|\bsuper\(", block[0]):
        return True
    return has_custom_pip(texts, parent) if parent else ".pip(" not in text


def serves(files: Mapping[str, File]) -> bool:
    """Say whether one of the files starts a service, without a file ``background`` in the same folder."""
    services = (match[1] for match in map(_RUN.fullmatch, files) if match)
    return any(f"{folder}background" not in files for folder in services)
