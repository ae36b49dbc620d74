"""Writes the settings of a builder of one's own, buildkitd.toml, from ``network``: mirrors and certificates.

Source: docs.docker.com/build/buildkit/toml-configuration, section ``registry``. buildx copies the files that it names
into the builder.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def buildkitd_toml(registries: Mapping[str, str], hosts: Iterable[str], ca_bundle: str | None) -> str:
    """Return the file, or an empty text if there is nothing to set.

    ``registries`` are ``network.mirrors.registries``: BuildKit knows mirrors of whole hosts, so prefixes with a path
    are left to the build, which names the mirrored images. ``hosts`` are all registries of the runs; ``ca_bundle`` is
    a path.
    """
    prefixes = {prefix.rstrip("/"): mirror.rstrip("/") for prefix, mirror in registries.items()}
    mirrors = {host: mirror for host, mirror in prefixes.items() if "/" not in host}
    tables = [_table(host, mirrors.get(host), ca_bundle) for host in dict.fromkeys((*mirrors, *hosts))]
    return "\n".join(table for table in tables if table)


def _table(host: str, mirror: str | None, ca_bundle: str | None) -> str:
    lines = [f"mirrors = [{_text(mirror)}]"] if mirror else []
    lines += [f"ca = [{_text(ca_bundle)}]"] if ca_bundle else []
    return "".join(f"{line}\n" for line in (f"[registry.{_text(host)}]", *lines)) if lines else ""


def _text(value: str) -> str:
    """Return a basic string of TOML, whose escapes JSON shares; toml.io/en/v1.0.0#string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
