"""Reads from the image layers of a source where its apt fetches packages.

Source of the forms: sources.list(5), "ONE-LINE-STYLE FORMAT" and "DEB822-STYLE FORMAT".
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.registry.answers import Manifest, words
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.image_layers import laid_over, read_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.registry.client import Registry
    from image_matrix.registry.image_layers import Files, LayerContents, Reader

    Addresses = tuple[str, ...]

LARGEST_LAYER = 64 << 20
"""Bytes, compressed, of a layer that is read; the lowest one, which is the distribution's, is read in any case."""
_ONE_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(\S+)")


def read_apt_lists(registry: Registry, image: str) -> Addresses:
    """Return the addresses in the lists of one platform's image.

    ``image`` is a reference with the digest of the platform's manifest. Raises :class:`ConnectionFailed` where the
    registry does not give it, and :class:`image_matrix.registry.image_layers.LayerError`.
    """
    manifest = registry.manifest(image)
    if not isinstance(manifest, Manifest):
        raise ConnectionFailed(words(manifest), retry=None)
    files: Files[Addresses] = {}
    for number, layer in enumerate(manifest.layers):
        if number == 0 or layer.size <= LARGEST_LAYER:
            contents = registry.blob(image, layer.digest, partial(_read, lower=files))
            files = laid_over(files, contents)
    return tuple(sorted({address for listed in files.values() for address in listed or ()}))


def _read(chunks: Iterator[bytes], lower: Files[Addresses]) -> LayerContents[Addresses]:
    return read_layer(chunks, lower, _reader_of)


def _reader_of(path: str) -> Reader[Addresses] | None:
    if path == "etc/apt/sources.list" or re.fullmatch(r"etc/apt/sources\.list\.d/[^/]+\.list", path):
        return _with(one_line_style)
    return _with(deb822_style) if re.fullmatch(r"etc/apt/sources\.list\.d/[^/]+\.sources", path) else None


def _with(parse: Callable[[str], Iterator[str]]) -> Reader[Addresses]:
    def read(content: Callable[[], bytes]) -> Addresses:
        return tuple(address for text in parse(content().decode(errors="replace")) for address in _web(text))

    return read


def one_line_style(text: str) -> Iterator[str]:
    """Yield the address of each line of binary packages."""
    for line in text.splitlines():
        match = _ONE_LINE.match(line.strip())
        if match:
            yield match[1]


def deb822_style(text: str) -> Iterator[str]:
    """Yield the addresses of each stanza of binary packages that is not switched off."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = dict(re.findall(r"^(\S+?):((?:.*)(?:\n[ \t].*)*)", stanza, flags=re.MULTILINE))
        named = {name.lower(): value.split() for name, value in fields.items()}
        is_on = named.get("enabled", ["yes"]) not in (["no"], ["false"], ["0"], ["off"])
        if is_on and "deb" in named.get("types", ()):
            yield from named.get("uris", ())


def _web(address: str) -> Iterator[str]:
    """Yield an address that apt fetches from the network, without the login that may stand in it."""
    match = re.fullmatch(r"(?:mirror\+|tor\+)?(https?://)(?:[^/@]*@)?(.*?)/*", address)
    if match:
        yield f"{match[1]}{match[2]}"
