"""A shared object that needs one library and has nothing in it, written without a compiler."""

from __future__ import annotations

import platform
import struct

MACHINES = {"x86_64": 62, "aarch64": 183}
"""What `uname -m` prints, to the number of the ABI (System V gABI, "ELF Header")."""
HEADER, SEGMENT, PAGE = 64, 56, 0x10000
LOAD, DYNAMIC, STACK = 1, 2, 0x6474E551
READ_WRITE = 6
NEEDED, HASH, STRINGS, SYMBOLS, STRINGS_SIZE, SYMBOL_SIZE, END = 1, 4, 5, 6, 10, 11, 0


def shared_object(needed: str) -> bytes:
    """Return a shared object for this machine whose loading fails where a library with this soname is missing."""
    symbols = HEADER + 3 * SEGMENT
    table = symbols + 24
    strings = table + 16
    names = b"\0" + needed.encode() + b"\0"
    names += b"\0" * (-(strings + len(names)) % 8)
    dynamic = strings + len(names)
    entries = (
        (NEEDED, 1), (HASH, table), (STRINGS, strings), (SYMBOLS, symbols),
        (STRINGS_SIZE, len(names)), (SYMBOL_SIZE, 24), (END, 0),
    )  # fmt: skip
    size = dynamic + 16 * len(entries)
    return b"".join(
        [
            b"\x7fELF\x02\x01\x01" + b"\0" * 9,
            struct.pack(
                "<HHIQQQIHHHHHH",
                3,
                MACHINES[platform.machine()],
                1,
                0,
                HEADER,
                0,
                0,
                HEADER,
                SEGMENT,
                3,
                0,
                0,
                0,
            ),
            _segment(LOAD, 0, size, PAGE),
            _segment(DYNAMIC, dynamic, 16 * len(entries), 8),
            _segment(STACK, 0, 0, 16),
            b"\0" * 24,
            struct.pack("<IIII", 1, 1, 0, 0),
            names,
            *(struct.pack("<QQ", *entry) for entry in entries),
        ]
    )


def _segment(kind: int, offset: int, size: int, align: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, READ_WRITE, offset, offset, offset, size, size, align)
