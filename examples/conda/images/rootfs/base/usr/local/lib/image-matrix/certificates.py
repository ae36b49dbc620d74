#!/usr/bin/python3
"""Joins certificates with those of the distribution: certificates.py PLACE BUNDLE TARGET.

PLACE is a file, or a folder whose files *.crt and *.pem count. If it has certificates, TARGET is written and the exit
code is 0; otherwise it is 3. What can't be used is a line on standard error: it never keeps a user out.

Only certificates are copied: a private key that stands beside one in a file does not get into TARGET.

Standard library only: it runs on the distribution's Python (3.11 or newer).
"""

from __future__ import annotations

import re
import ssl
import sys
from pathlib import Path

NOTHING = 3
"""Exit code without certificates."""
ENDINGS = (".crt", ".pem")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s.*?-----END CERTIFICATE-----", re.DOTALL)


def files_in(place: Path) -> tuple[list[Path], list[str]]:
    """The files of PLACE that count, and what is wrong with it."""
    try:
        if not place.is_dir():
            return [place], []
        # Kubernetes has folders and links of its own in a volume, which begin with two dots
        names = sorted(path for path in place.iterdir() if not path.name.startswith(".."))
    except OSError as error:
        return [], [f"{place} can't be read: {error.strerror}"]
    found = [path for path in names if path.suffix in ENDINGS]
    ignored = ", ".join(path.name for path in names if path.suffix not in ENDINGS)
    return found, [f"only *.crt and *.pem count in {place}, not {ignored}"] if ignored else []


def certificates_in(path: Path) -> tuple[list[str], str]:
    """The certificates in a file, and what is wrong with it."""
    try:
        text = path.read_bytes().decode("latin-1")
    except OSError as error:
        return [], f"{path} can't be read: {error.strerror}"
    blocks = PEM.findall(text)
    if not blocks:
        return [], f"{path} has no certificate in PEM form"
    good = [block for block in blocks if is_certificate(block)]
    broken = len(blocks) - len(good)
    return good, f"{path} has {broken} of {len(blocks)} certificates that can't be read" if broken else ""


def is_certificate(block: str) -> bool:
    """Whether OpenSSL reads a block."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=block)
    except (ssl.SSLError, ValueError):
        return False
    return True


def bundle_text(bundle: Path) -> tuple[str, str]:
    """The certificates of the distribution, and what is wrong with them."""
    try:
        return bundle.read_text(encoding="latin-1"), ""
    except OSError as error:
        return (
            "",
            f"{bundle} can't be read: {error.strerror}; only the certificates of this place are trusted",
        )


def main(place: Path, bundle: Path, target: Path) -> int:
    """Runs it; the exit code."""
    files, problems = files_in(place)
    read = [certificates_in(path) for path in files]
    for problem in [*problems, *(problem for _, problem in read if problem)]:
        say(problem)
    added = [block for blocks, _ in read for block in blocks]
    if not added:
        return NOTHING
    public, problem = bundle_text(bundle)
    if problem:
        say(problem)
    text = "\n".join([public.rstrip("\n"), *added, ""]).lstrip("\n")
    try:
        target.write_text(text, encoding="latin-1")
    except OSError as error:
        say(f"{target} can't be written: {error.strerror}")
        return NOTHING
    return 0


def say(problem: str) -> None:
    """Prints a line of the container's log."""
    print(f"image-matrix: warning: certificates: {problem}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
