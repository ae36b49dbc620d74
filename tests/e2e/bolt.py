"""Writes files of the key-value store bbolt, in which Trivy keeps what it knows.

Source: github.com/etcd-io/bbolt, internal/common/page.go, meta.go, bucket.go: two pages with the root's place and a
checksum, a list of free pages, and the root as one leaf with its buckets in it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TypeAlias

Bucket: TypeAlias = Mapping[str, "bytes | Bucket"]
SIZE = 4096
"""Bytes of a page."""
LEAF, META, FREE = 0x02, 0x04, 0x10
"""Kinds of pages."""
ROOT = 3
"""Number of the first page of the root."""
MAGIC, VERSION = 0xED0CDAED, 2


def bolt_file(root: Bucket) -> bytes:
    """Return a file with these buckets."""
    leaf = _padded(_leaf(root, ROOT))
    pages = ROOT + len(leaf) // SIZE
    metas = b"".join(_padded(_page(number, META, 0, _meta(number, pages))) for number in (0, 1))
    return metas + _padded(_page(2, FREE, 0, b"")) + leaf


def _padded(page: bytes) -> bytes:
    return page + bytes(-len(page) % SIZE)


def _page(number: int, kind: int, count: int, body: bytes, more: int = 0) -> bytes:
    """Return a page; ``more`` are the pages that follow it as a part of it."""
    return struct.pack("<QHHI", number, kind, count, more) + body


def _meta(transaction: int, pages: int) -> bytes:
    content = struct.pack("<IIIIQQQQQ", MAGIC, VERSION, SIZE, 0, ROOT, 0, 2, pages, transaction)
    return content + struct.pack("<Q", _fnv(content))


def _fnv(content: bytes) -> int:
    """Return the checksum FNV-1a of 64 bits."""
    value = 0xCBF29CE484222325
    for byte in content:
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def _leaf(bucket: Bucket, number: int = 0) -> bytes:
    """Return a bucket's page; one without a number stands inside the value of its key."""
    entries = sorted((key.encode(), value) for key, value in bucket.items())
    heads, data = b"", b""
    for at, (key, value) in enumerate(entries):
        nested = not isinstance(value, bytes)
        content = value if isinstance(value, bytes) else struct.pack("<QQ", 0, 0) + _leaf(value)
        start = 16 * (len(entries) - at) + len(data)
        heads += struct.pack("<IIII", nested, start, len(key), len(content))
        data += key + content
    body = heads + data
    return _page(number, LEAF, len(entries), body, (15 + len(body)) // SIZE if number else 0)
