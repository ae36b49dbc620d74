"""The BuildKit of a site runs, rootless, as `image-matrix render` writes it, and users build there from their pods.

The tests build on each other: it is deployed without certificates, then with them. No network of these clusters
enforces a NetworkPolicy, so nothing here shows who would be kept out without certificates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.certificates import issue, needs_openssl
from tests.cluster.kube import until
from tests.cluster.relay import relayed
from tests.cluster.terminal_pods import (
    BUILDKIT,
    USERS,
    Terminal,
    gone,
    pulled,
    secret,
    users,
    volumes,
)
from tests.cluster.terminals import Site, new_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.kube import Cluster

pytestmark = [pytest.mark.cluster, needs_openssl]
DOCKERFILE = """\
FROM docker.io/library/debian:trixie-slim
RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/mnt echo built >/built && cat /proc/self/uid_map
"""


@pytest.fixture(scope="module")
def site(
    node: Cluster, address: str, registry: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("buildkit")
    (folder / "cache").mkdir()
    with relayed(registry, address) as reached:
        made = new_site(node, folder, reached)
        try:
            node.apply([users(), *volumes(node, folder / "cache", address)])
            made.deploy()
            made.rolled_out()
            yield made
        finally:
            gone(node)


@pytest.fixture(scope="module")
def image(site: Site) -> str:
    return site.image()


@pytest.fixture(scope="module")
def terminal(site: Site, image: str) -> Terminal:
    return site.terminal("ada", image)


def build(site: Site, terminal: Terminal, tag: str) -> str:
    """What a user types, and what it says."""
    context = f"mkdir -p /tmp/work && cd /tmp/work && printf %s '{DOCKERFILE}' >Dockerfile"
    name = f"{site.registry}/{site.repository.registry.partition('/')[2]}/model:{tag}"
    return terminal.run(f"{context}; docker buildx build --progress=plain --push --tag {name} .")


def built(site: Site, cluster: Cluster, tag: str) -> str:
    """What an image of a user has in the file that it was built with."""
    return pulled(cluster, f"{site.repository.registry}/model:{tag}", "cat", "/built")


def test_a_user_builds_and_pushes_and_the_node_pulls(site: Site, terminal: Terminal) -> None:
    log = build(site, terminal, "plain")
    assert f"pushing manifest for {site.registry}" in log, log
    assert "         0       1000          1\n" in log, "root of a step is the pod's user"
    assert built(site, site.cluster, "plain") == "built\n"


def test_a_laptop_builds_through_a_forwarded_port(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUILDX_BUILDER", raising=False)
    with site.forwarded() as address:
        done = site.run("build", "--push", "small", BUILDKIT_HOST=address)
    assert "1 built in" in done.stdout
    assert f"pushing manifest for {site.registry}" in done.stderr


@pytest.fixture
def certified(site: Site, terminal: Terminal, tmp_path: Path) -> Site:  # noqa: ARG001 - it runs before
    """The site with certificates, as docs/buildkit.md makes them."""
    issue(tmp_path, "DNS:buildkitd.buildkit.svc,DNS:localhost,IP:127.0.0.1")
    files = {"ca.crt": "ca.pem", "tls.crt": "cert.pem", "tls.key": "key.pem"}
    given = {name: tmp_path / file for name, file in files.items()}
    names = {"buildkitd-tls": BUILDKIT, "buildkit-client": USERS}
    site.cluster.apply([secret(name, namespace, given) for name, namespace in names.items()])
    site.deploy(tls="buildkitd-tls", client_tls="buildkit-client")
    site.rolled_out()
    return site


def test_with_certificates_only_who_has_one_builds_and_the_cache_is_kept(
    certified: Site, terminal: Terminal, image: str
) -> None:
    asked = "docker: BUILDKIT_HOST=tcp://buildkitd.buildkit.svc:1234: it asks for TLS"

    def refused() -> bool:
        return asked in build(certified, terminal, "refused")

    # the Service needs a moment to find the new pod
    until(refused, lambda: build(certified, terminal, "refused"), seconds=60)
    log = build(certified, certified.terminal("grace", image), "certified")
    assert "CACHED" in log, log
    assert built(certified, certified.cluster, "certified") == "built\n"
