"""Copies the comments of a lock file into the text that replaces it.

ruamel.yaml reads and writes them. It keeps the lines below an entry with that entry; in a lock they belong to the entry
that follows, and go only when that one goes.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ruamel.yaml import YAML

YamlNode: TypeAlias = Any
"""ruamel.yaml's mapping or list, of which it gives no types."""
Key: TypeAlias = Any
"""A key of a mapping, or the position in a list."""
Token: TypeAlias = Any
WIDTH = 1_000_000
"""Columns after which a text goes on in the next line; none is as long."""
_COMMENT = re.compile(r"^\s*#|\s#", re.MULTILINE)
_BEHIND_ITEM, _ABOVE, _BEHIND_KEY, _BELOW = range(4)
"""Positions in ruamel.yaml's list of an entry's comments; below: above the first entry of its value."""


@dataclass(frozen=True, slots=True)
class Comments:
    """Comments by the path of their entry; an item of a list is known by its text."""

    above: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    behind: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    """On the entry's line, each with its column."""


def with_comments(text: str, before: str, header: str) -> str:
    """Return ``text`` with the comments of ``before`` at the entries that they were at.

    ``header`` is the comment that every text starts with.
    """
    if not _COMMENT.search(before.removeprefix(header)):
        return text
    yaml = _yaml_of_texts()
    comments, root = _comments(yaml.load(before), header), yaml.load(text)
    _attach(comments, root)
    stream = io.StringIO()
    yaml.dump(root, stream)
    return stream.getvalue()


def _yaml_of_texts() -> YAML:
    """Return a YAML to which every value is a text: a fingerprint such as 47e988 is no number."""
    from ruamel.yaml import YAML
    from ruamel.yaml.resolver import VersionedResolver

    class TextResolver(VersionedResolver):
        @property
        def versioned_resolver(self) -> dict[str, Any]:
            return {}

    yaml = YAML()
    yaml.Resolver, yaml.width, yaml.preserve_quotes = TextResolver, WIDTH, True
    return yaml


def _comments(root: YamlNode, header: str) -> Comments:
    comments = Comments()
    waiting = [line for line in _lines(_text(root.ca.comment, _ABOVE)) if line != header.strip()]
    for path, owner, key in _entries(root):
        kept, behind = _kept(owner, key), _behind(owner)
        comments.above[path] = waiting + _lines(_text(kept, _ABOVE))
        comment, _, below = _text(kept, behind).partition("\n")
        if comment:
            comments.behind[path] = comment, kept[behind].start_mark.column
        waiting = _lines(below + _text(kept, _BELOW))
    return comments


def _attach(comments: Comments, root: YamlNode) -> None:
    for path, owner, key in [*_entries(root)]:
        kept, behind = _kept(owner, key), _behind(owner)
        if lines := comments.above.get(path):
            column = owner.lc.key(key)[1] if behind == _BEHIND_KEY else owner.lc.item(key)[1] - len("- ")
            kept[_ABOVE] = [_token(f"{line}\n", column) for line in lines]
        if path in comments.behind:
            comment, column = comments.behind[path]
            kept[behind] = _token(comment + (_text(kept, behind) or "\n"), column)


def _entries(node: YamlNode, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], YamlNode, Key]]:
    """Yield the path of every entry, in the order of the text, with its mapping or list and its key or position."""
    for key in node if _behind(node) == _BEHIND_KEY else range(len(node)):
        value = node[key]
        below = (*path, str(key if _behind(node) == _BEHIND_KEY else value))
        yield below, node, key
        if hasattr(value, "ca"):
            yield from _entries(value, below)


def _behind(owner: YamlNode) -> int:
    return _BEHIND_KEY if hasattr(owner, "items") else _BEHIND_ITEM


def _kept(owner: YamlNode, key: Key) -> list[Token]:
    """Return ruamel.yaml's comments of an entry."""
    kept: list[Token] = owner.ca.items.setdefault(key, [None, None, None, None])
    return kept


def _text(kept: list[Token] | None, at: int) -> str:
    """Return the text of a comment, or of several."""
    tokens = kept[at] if kept else None
    return "".join(token.value for token in (tokens if isinstance(tokens, list) else [tokens]) if token)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _token(text: str, column: int) -> Token:
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    return CommentToken(text, CommentMark(column), None)
