"""Reads the section ``network:``: how builds reach the network. It is not part of any key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from image_matrix.config.logins import read_logins
from image_matrix.config.proxy import Proxy, named_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.logins import Login
    from image_matrix.config.platforms import Platform

BuilderDriver = Literal["docker-container", "remote", "kubernetes"]

DEFAULT_FRONTEND = "docker.io/docker/dockerfile:1"


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Where builds fetch from in place of the public addresses (prefix to prefix)."""

    registries: Mapping[str, str] = field(default_factory=dict)
    downloads: Mapping[str, str] = field(default_factory=dict)
    apt: Mapping[str, str] = field(default_factory=dict)
    pip: str | None = None
    index_urls: Mapping[str, str] = field(default_factory=dict)
    npm: str | None = None
    conda: str | None = None
    cran: str | None = None
    extensions: str | None = None


@dataclass(frozen=True, slots=True)
class BuilderTls:
    """Names of environment variables, in runs of secrets, that have PEM texts."""

    ca: str
    """The authority that signed the certificate of BuildKit."""
    cert: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class BuilderNode:
    """One BuildKit of a builder."""

    platforms: tuple[Platform, ...] = ()
    """None: those that it reports."""
    endpoint: str = ""
    """Empty if buildx starts it."""


@dataclass(frozen=True, slots=True)
class BuilderSettings:
    """The BuildKit that builds."""

    driver: BuilderDriver
    endpoint: str | Mapping[Platform, str] = ""
    """``tcp://HOST:PORT``, or one for each platform."""
    platforms: tuple[Platform, ...] = ()
    """Platforms that it builds; none: those that it reports."""
    tls: BuilderTls | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the driver."""

    @property
    def nodes(self) -> list[BuilderNode]:
        """Its nodes: one for each address, with Kubernetes one for each platform, else one."""
        if not isinstance(self.endpoint, str):
            return [BuilderNode((platform,), endpoint) for platform, endpoint in self.endpoint.items()]
        if self.driver == "kubernetes" and self.platforms:
            return [BuilderNode((platform,)) for platform in self.platforms]
        return [BuilderNode(self.platforms, self.endpoint)]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the variables with certificates."""
        return tuple(filter(None, (self.tls.ca, self.tls.cert, self.tls.key))) if self.tls else ()


@dataclass(frozen=True, slots=True)
class Network:
    """Mirrors, certificates and logins, and the frontend that reads Dockerfiles."""

    mirrors: Mirrors = field(default_factory=Mirrors)
    ca_bundle: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    """``HOST`` or ``HOST:PORT`` of registries and package indexes whose certificate is not checked."""
    proxy: Proxy = field(default_factory=Proxy)
    netrc: str | None = None
    logins: Mapping[str, Login] = field(default_factory=dict)
    """Registry host to its login; GitHub's own registry needs none, since GitHub's token logs in there."""
    docker_config: str | None = None
    """Name of a secret with a whole configuration of Docker, which logs in to many registries."""
    builder: BuilderSettings | None = None
    """What builds in place of the default builder of buildx."""
    frontend: str = DEFAULT_FRONTEND
    """The image in the ``# syntax`` line of Dockerfiles."""
    builtin_frontend: bool = False
    """Whether builds leave that line out and use the engine's own frontend."""

    @property
    def netrc_secret(self) -> str | None:
        """The name of the secret with the text of a netrc file; ``None`` if ``netrc`` is a path."""
        return named_variable(self.netrc)

    @property
    def ca_bundle_variable(self) -> str | None:
        """The name of the variable with the text of the CA bundle; ``None`` if ``ca_bundle`` is a path."""
        return named_variable(self.ca_bundle)


def read_network(item: Mapping[str, Any]) -> Network:
    """Read the section."""
    usual = Network()
    return Network(
        mirrors=Mirrors(**item.get("mirrors", {})),
        ca_bundle=item.get("ca_bundle"),
        trusted_hosts=tuple(item.get("trusted_hosts", ())),
        proxy=_proxy(item.get("proxy", {})),
        netrc=item.get("netrc"),
        logins=read_logins(item.get("logins", {})),
        docker_config=item.get("docker_config"),
        builder=_builder(item["builder"]) if "builder" in item else None,
        frontend=item.get("frontend", usual.frontend),
        builtin_frontend=item.get("builtin_frontend", usual.builtin_frontend),
    )


def _proxy(item: Mapping[str, Any]) -> Proxy:
    return Proxy(item.get("http"), item.get("https"), tuple(item.get("no_proxy", ())))


def _builder(item: Mapping[str, Any]) -> BuilderSettings:
    return BuilderSettings(
        driver=item["driver"],
        endpoint=item.get("endpoint", ""),
        platforms=tuple(item.get("platforms", ())),
        tls=BuilderTls(**item["tls"]) if "tls" in item else None,
        options={name: str(value) for name, value in item.get("options", {}).items()},
    )
