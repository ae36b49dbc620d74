"""Checks that addresses do not contain users or passwords, because everybody can read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics.redact import has_user, without_user
from image_matrix.validate.references import every_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.config.network import Mirrors
    from image_matrix.diagnostics import Finding, Path, Target

BY_PREFIX = ("downloads", "apt", "index_urls")
"""Mirrors by the prefix of an address; those of registries are no addresses."""
SINGLE = ("pip", "npm", "conda", "cran", "extensions")


def passwords(matrix: Matrix) -> Iterator[Finding]:
    """Addresses with a user, which is mostly one with a password, or a token."""
    for path, target, text in (*_of_images(matrix), *of_mirrors(matrix.network.mirrors)):
        if has_user(text):
            advice = f"write `{without_user(text)}`, and change the password if this was committed"
            advice += (
                "; put logins into a file that only an uncommitted overlay names: `network: {netrc: FILE}`"
            )
            yield rules.PASSWORD_IN_ADDRESS.at(path, target, advice=advice)
    for name, value in (("http", matrix.network.proxy.http), ("https", matrix.network.proxy.https)):
        if has_user(value or ""):
            advice = (
                f"put the address into an environment variable, in the workflow into a secret, and write "
                f"`network: {{proxy: {{{name}: env://PROXY_ADDRESS}}}}`; change a password that was committed"
            )
            yield rules.PASSWORD_IN_ADDRESS.at(("network", "proxy", name), advice=advice)


def _of_images(matrix: Matrix) -> Iterator[tuple[Path, Target, str]]:
    for name, item in matrix.downloads.items():
        yield ("downloads", name, "url"), "value", item.url
    for name, accelerator in matrix.accelerators.items():
        yield ("accelerators", name, "pip", "index_url"), "value", accelerator.index_url or ""
        for at, address in enumerate(accelerator.extra_index_urls):
            yield ("accelerators", name, "pip", "extra_index_urls", at), "value", address
        for at, one in enumerate(accelerator.apt_repositories):
            yield ("accelerators", name, "apt", "repositories", at, "url"), "value", one.url
    for path, settings in every_settings(matrix):
        for at, entry in enumerate(settings.packages.get("pip", ())):
            if "git+ssh://" not in entry:
                yield (*path, "pip", at), "value", entry
        yield (*path, "pip", "index_url"), "value", settings.index_url or ""
        for at, address in enumerate(settings.extra_index_urls):
            yield (*path, "pip", "extra_index_urls", at), "value", address
        for at, one in enumerate(settings.apt_repositories):
            yield (*path, "apt", "repositories", at, "url"), "value", one.url


def of_mirrors(mirrors: Mirrors) -> Iterator[tuple[Path, Target, str]]:
    """Yield every address under ``network.mirrors``, those that are replaced too."""
    for name in SINGLE:
        yield ("network", "mirrors", name), "value", getattr(mirrors, name) or ""
    for name in BY_PREFIX:
        for prefix, mirror in getattr(mirrors, name).items():
            yield ("network", "mirrors", name, prefix), "key", prefix
            yield ("network", "mirrors", name, prefix), "value", mirror
