"""Writes the settings of a builder of one's own, buildkitd.toml, from ``network``: mirrors, certificates, trust.

Source: docs.docker.com/build/buildkit/toml-configuration, section ``registry``. buildx copies the files that it names
into the builder.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from image_matrix.config.trusted_hosts import is_trusted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.network import Network


def buildkitd_toml(network: Network, hosts: Iterable[str], ca_bundle: str | None) -> str:
    """Return the file, or an empty text if there is nothing to set.

    BuildKit knows mirrors of whole hosts, so prefixes with a path are left to the build, which names the mirrored
    images. ``hosts`` are all registries of the builds; ``ca_bundle`` is a path. A trusted host is asked with TLS, and
    in plain HTTP if it has none: BuildKit does so if both ``http`` and ``insecure`` are set.
    """
    prefixes = {
        prefix.rstrip("/"): mirror.rstrip("/") for prefix, mirror in network.mirrors.registries.items()
    }
    mirrors = {host: mirror for host, mirror in prefixes.items() if "/" not in host}
    behind = (mirror.partition("/")[0] for mirror in prefixes.values())
    with_port = (host for host in network.trusted_hosts if ":" in host)
    names = dict.fromkeys((*mirrors, *hosts, *behind, *with_port))
    tables = [
        _table(host, mirrors.get(host), ca_bundle, is_trusted(host, network.trusted_hosts)) for host in names
    ]
    return "\n".join(table for table in tables if table)


def _table(host: str, mirror: str | None, ca_bundle: str | None, trusted: bool) -> str:
    lines = [f"mirrors = [{_text(mirror)}]"] if mirror else []
    lines += [f"ca = [{_text(ca_bundle)}]"] if ca_bundle else []
    lines += ["http = true", "insecure = true"] if trusted else []
    return "".join(f"{line}\n" for line in (f"[registry.{_text(host)}]", *lines)) if lines else ""


def _text(value: str) -> str:
    """Return a basic string of TOML, whose escapes JSON shares; toml.io/en/v1.0.0#string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
