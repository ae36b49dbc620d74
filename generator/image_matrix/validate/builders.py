"""Checks ``network.builder``: each driver has fields of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding

_PATH = ("network", "builder")


def builder_fields(matrix: Matrix) -> Iterator[Finding]:
    """A remote builder has an address; only remote ones have addresses and certificates."""
    builder = matrix.network.builder
    if builder is None:
        return
    if builder.driver == "remote" and not builder.endpoint:
        problem = "`remote` needs the address of a buildkitd"
        yield bad_value((*_PATH, "driver"), problem, "write `endpoint: tcp://HOST:1234` beside it")
    for field, value in {"endpoint": builder.endpoint, "tls": builder.tls}.items():
        if value and builder.driver != "remote":
            problem = f"`{builder.driver}` has no `{field}`"
            yield bad_value((*_PATH, field), problem, "remove it, or write `driver: remote`", "key")
    if builder.tls and bool(builder.tls.cert) != bool(builder.tls.key):
        given, missing = ("cert", "key") if builder.tls.cert else ("key", "cert")
        problem, advice = f"a `{given}` without a `{missing}`", f"add `{missing}: BUILDKIT_{missing.upper()}`"
        yield bad_value((*_PATH, "tls", given), problem, advice, "key")
    if builder.platforms and not isinstance(builder.endpoint, str):
        problem = "each address in `endpoint` has its platform"
        yield bad_value((*_PATH, "platforms"), problem, "remove `platforms`", "key")
