"""Reads ``network.logins``: how runs on GitHub log in to registries, with secrets or with GitHub's OIDC token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ECR = re.compile(
    r"[0-9]{12}\.dkr[.-]ecr\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|amazonaws\.eu|on\.aws)"
)
"""Hosts of Amazon ECR, as docker/login-action recognizes them; docs.aws.amazon.com/AmazonECR, "Registries"."""
ECR_PUBLIC, ECR_PUBLIC_REGION = "public.ecr.aws", "us-east-1"
"""The public registry, whose logins come from one region; docs.aws.amazon.com/AmazonECR, "Registry authentication"."""
ACR = re.compile(r"[a-z0-9-]+\.azurecr\.io")
"""Hosts of Azure Container Registry in the public cloud."""
ARTIFACT_REGISTRY = re.compile(r"([a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")
"""Hosts of Google Artifact Registry; cloud.google.com/artifact-registry/docs/docker/names."""


@dataclass(frozen=True, slots=True)
class AwsRole:
    """A role that a job takes to log in to Amazon ECR."""

    role: str
    region: str


@dataclass(frozen=True, slots=True)
class AzureIdentity:
    """An application or managed identity with a federated credential for the repository."""

    client_id: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class GoogleIdentity:
    """A provider of workload identities, and the service account that it lets the repository act as."""

    workload_identity_provider: str
    service_account: str


@dataclass(frozen=True, slots=True)
class Login:
    """One form of login to a registry: the names of two secrets, or an identity for GitHub's OIDC token."""

    username: str | None = None
    password: str | None = None
    aws: AwsRole | None = None
    azure: AzureIdentity | None = None
    google: GoogleIdentity | None = None
    pull: bool = True
    """Whether builds and the lock log in too, where a source is there."""

    @property
    def keyless(self) -> bool:
        """Whether the job exchanges GitHub's OIDC token, and needs the permission ``id-token: write``."""
        return bool(self.aws or self.azure or self.google)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the repository's secrets."""
        return tuple(name for name in (self.username, self.password) if name)


def read_logins(item: Mapping[str, Any]) -> dict[str, Login]:
    """Read the section: registry host to login."""
    return {host: _read(host, login) for host, login in item.items()}


def _read(host: str, item: Mapping[str, Any]) -> Login:
    aws, azure, google = (item.get(name) for name in ("aws", "azure", "google"))
    return Login(
        username=item.get("username"),
        password=item.get("password"),
        aws=AwsRole(aws["role"], aws.get("region") or region_of(host)) if aws else None,
        azure=AzureIdentity(**azure) if azure else None,
        google=GoogleIdentity(**google) if google else None,
        pull=item.get("pull", True),
    )


def region_of(host: str) -> str:
    """Return the AWS region of a registry; that of the public one for every other host."""
    match = ECR.fullmatch(host)
    return match["region"] if match else ECR_PUBLIC_REGION
