"""Exchanges GitHub's OIDC token of a job for a password of a cloud's registry, so that no key has to be stored.

Sources: docs.github.com/actions/reference/security/oidc; azure.github.io/acr/AAD-OAuth.html;
learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, "Third case";
cloud.google.com/iam/docs/reference/sts/rest and …/credentials/rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from image_matrix.errors import EnvironmentFailure
from image_matrix.json_data import read_json
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.logins import AzureIdentity, GoogleIdentity, Login
    from image_matrix.registry.exchange import Response, Transport

AZURE_USER = "00000000-0000-0000-0000-000000000000"
"""The user beside a refresh token; learn.microsoft.com/azure/container-registry, "az acr login --expose-token"."""
GOOGLE_USER = "oauth2accesstoken"
"""The user beside an access token; cloud.google.com/artifact-registry/docs/docker/authentication."""
_AZURE_AUDIENCE = "api://AzureADTokenExchange"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_REFUSED = range(400, 500)


@dataclass(frozen=True, slots=True)
class Job:
    """Where a job asks GitHub for its OIDC token, and what it asks with."""

    url: str
    bearer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Services:
    """The addresses of the clouds' token services; tests have others."""

    entra: str = "https://login.microsoftonline.com"
    sts: str = "https://sts.googleapis.com"
    iam: str = "https://iamcredentials.googleapis.com"
    registry: str = "https://{host}"


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """What logs in to a registry for a while: an hour with Google, three hours with Azure."""

    username: str
    password: str = field(repr=False)


def registry_token(send: Transport, job: Job, host: str, login: Login, services: Services) -> RegistryToken:
    """Return the login that a cloud gives the job; raises :class:`EnvironmentFailure` if a service refuses."""
    if login.azure:
        return RegistryToken(AZURE_USER, _azure(send, job, host, login.azure, services))
    if login.google:
        return RegistryToken(GOOGLE_USER, _google(send, job, login.google, services))
    message = f"`network.logins` has no identity of Azure or Google for {host}"
    raise EnvironmentFailure(message, "run `image-matrix render`: the workflow is older than the matrix")


def _id_token(send: Transport, job: Job, audience: str) -> str:
    """Return GitHub's token for one audience."""
    mark = "&" if urlsplit(job.url).query else "?"
    url = f"{job.url}{mark}audience={quote(audience, safe='')}"
    return _text(send, HttpRequest("GET", url, {"Authorization": f"bearer {job.bearer}"}), "value")


def _azure(send: Transport, job: Job, host: str, identity: AzureIdentity, services: Services) -> str:
    """Return a refresh token of Azure Container Registry."""
    login = {
        "grant_type": "client_credentials",
        "client_id": identity.client_id,
        "scope": "https://containerregistry.azure.net/.default",
        "client_assertion_type": _ASSERTION,
        "client_assertion": _id_token(send, job, _AZURE_AUDIENCE),
    }
    access = _post(send, f"{services.entra}/{identity.tenant_id}/oauth2/v2.0/token", login, "access_token")
    exchange = {
        "grant_type": "access_token",
        "service": host,
        "tenant": identity.tenant_id,
        "access_token": access,
    }
    return _post(send, f"{services.registry.format(host=host)}/oauth2/exchange", exchange, "refresh_token")


def _google(send: Transport, job: Job, identity: GoogleIdentity, services: Services) -> str:
    """Return an access token of the service account."""
    provider = f"//iam.googleapis.com/{identity.workload_identity_provider}"
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": provider,
        "scope": _GOOGLE_SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token": _id_token(send, job, f"https:{provider}"),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }
    federated = _post(send, f"{services.sts}/v1/token", exchange, "access_token")
    account = quote(identity.service_account, safe="@")
    request = HttpRequest(
        "POST",
        f"{services.iam}/v1/projects/-/serviceAccounts/{account}:generateAccessToken",
        {"Authorization": f"Bearer {federated}", "Content-Type": "application/json"},
        json.dumps({"scope": [_GOOGLE_SCOPE], "lifetime": "3600s"}).encode(),
    )
    return _text(send, request, "accessToken")


def _post(send: Transport, url: str, form: Mapping[str, str], name: str) -> str:
    return _text(send, HttpRequest("POST", url, {}, form), name)


def _text(send: Transport, request: HttpRequest, name: str) -> str:
    """Return one text of an answer. A message never repeats a token: only the error fields of the answer."""
    server = urlsplit(request.url).netloc
    try:
        answer = send(request)
    except ConnectionFailed as error:
        raise EnvironmentFailure(f"{server} gives no answer: {error.reason}", "run the job again") from error
    if answer.status in _REFUSED:
        message = f"{server} refuses the login without a stored key: HTTP {answer.status}{_reason(answer)}"
        raise EnvironmentFailure(message, _REMEDY)
    value = _member(answer, name)
    if answer.status != 200 or not isinstance(value, str) or not value or not value.isprintable():
        raise EnvironmentFailure(
            f"{server} answers HTTP {answer.status} without a token", "run the job again"
        )
    return value


_REMEDY = (
    "compare what the cloud trusts with the claims of this job: the issuer token.actions.githubusercontent.com, "
    "the audience, and `sub`, which names the repository and its branch or environment"
)


def _reason(answer: Response) -> str:
    """Return why a service refuses, in one line; RFC 6749, 5.2, and Google's ``error.message``."""
    error, description = _member(answer, "error"), _member(answer, "error_description")
    nested = error.get("message") if isinstance(error, dict) else error
    words = [str(text).partition("\n")[0].strip() for text in (nested, description) if isinstance(text, str)]
    return f": {': '.join(words)}" if words else ""


def _member(answer: Response, name: str) -> object:
    try:
        content = read_json(answer.body)
    except ValueError:
        return None
    return content.get(name) if isinstance(content, dict) else None
