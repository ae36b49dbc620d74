"""Writes YAML in block style, one value a line, and quotes each text that a YAML parser could read as another type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from image_matrix.json_data import Json

_SURE = re.compile(r"[A-Za-z][A-Za-z0-9._/@+-]*( [A-Za-z0-9._/@+-]+)*")
"""Texts that no parser reads as a number, a date or YAML syntax."""
_REFERENCE = re.compile(r"[a-z0-9][a-z0-9._-]*(\.[a-z0-9-]+|:[0-9]+)*/[a-z0-9._/@:-]*[a-z0-9]")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"}


class Block(str):
    """A text that is written as a literal block (``|``)."""

    __slots__ = ()


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """A dumper with our representers; libyaml's is ten times as fast as PyYAML's."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - PyYAML's interface
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    sure = (_SURE.fullmatch(value) or _REFERENCE.fullmatch(value)) and value.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if sure else '"')


def _block(dumper: yaml.SafeDumper, value: Block) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style="|")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Block, _block)


def dump(*documents: Json, about: str = "") -> str:
    """Return YAML documents, with comment lines on top."""
    head = "".join(f"# {line}\n" for line in about.splitlines())
    text = yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=10**6,
        explicit_start=len(documents) > 1,
    )  # fmt: skip
    return head + text
