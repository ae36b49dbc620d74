"""Addresses that a Dockerfile fetches without a checksum: nothing locks what they deliver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

_ADDRESS = re.compile(r"(?:https?|ftp)://[^\s\"'<>|;&)]+")
_COMPARES = re.compile(r"\b(?:sha(?:256|384|512)sum|shasum|gpgv?|cosign)\b")
"""Programs that compare what was fetched with what was expected."""
_FETCHES = re.compile(r"(?:^|[\s;&|(`])(?:curl|wget)\s")


def fetched(dockerfile: Dockerfile) -> Iterator[tuple[Instruction, int, str]]:
    """Yield each instruction that fetches an address without a checksum, the line of the address, and the address."""
    for item in dockerfile.with_later:
        if item.name == "ADD" and item.flag("checksum") is None:
            for word in [*words(item.text, dockerfile.escape)][:-1]:
                match = _ADDRESS.match(word.strip("\"',["))
                if match:
                    yield item, item.line, match[0]
        elif item.name == "RUN":
            texts = [item.text, *item.heredocs]
            if any(map(_FETCHES.search, texts)) and not any(map(_COMPARES.search, texts)):
                address = next((match[0] for text in texts if (match := _ADDRESS.search(text))), None)
                if address:
                    yield item, _line_of(dockerfile, item, address), address


def _line_of(dockerfile: Dockerfile, item: Instruction, address: str) -> int:
    numbered = enumerate(dockerfile.lines[item.line - 1 :], start=item.line)
    return next((number for number, line in numbered if address in line), item.line)
