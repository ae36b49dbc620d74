"""GitHub's OIDC token is exchanged for a login to a cloud's registry, over real HTTP."""

from __future__ import annotations

import json
import stat
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from image_matrix.cli import ci_logins, run
from image_matrix.config.logins import AzureIdentity, GoogleIdentity, Login
from image_matrix.errors import EnvironmentFailure
from image_matrix.github.registry_tokens import Job, RegistryToken, Services, registry_token
from image_matrix.registry.http import network
from tests.workflow.matrices import matrix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENT, TENANT = "01234567-89ab-cdef-0123-456789abcdef", "fedcba98-7654-3210-fedc-ba9876543210"
PROVIDER = "projects/1/locations/global/workloadIdentityPools/github/providers/images"
ACCOUNT = "images@example.iam.gserviceaccount.com"
AZURE = Login(azure=AzureIdentity(CLIENT, TENANT))
GOOGLE = Login(google=GoogleIdentity(PROVIDER, ACCOUNT))
ACR, GAR = "team.azurecr.io", "europe-docker.pkg.dev"


@dataclass
class Clouds:
    """GitHub and two clouds. Each service takes exactly what its documentation asks for."""

    refuses: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Status and text by path."""
    asked: list[str] = field(default_factory=list)
    base: str = ""

    def answer(self, method: str, target: str, token: str, body: bytes) -> tuple[int, bytes]:
        address = urlsplit(target)
        self.asked.append(f"{method} {address.path}")
        if address.path in self.refuses:
            return self.refuses[address.path]
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        given = self.token(address.path, parse_qs(address.query), form, token, body)
        return (200, json.dumps(given).encode()) if given else (401, b'{"error": "invalid_request"}')

    def token(
        self, path: str, query: dict[str, list[str]], form: dict[str, str], token: str, body: bytes
    ) -> dict[str, str] | None:
        match path.split("/")[1:]:
            case ["github"] if token == "bearer of-the-job" and query["api-version"] == ["2"]:
                return {"value": f"jwt for {query['audience'][0]}"}
            case ["entra", tenant, "oauth2", "v2.0", "token"] if form == {
                "grant_type": "client_credentials",
                "client_id": CLIENT,
                "scope": "https://containerregistry.azure.net/.default",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": "jwt for api://AzureADTokenExchange",
            }:
                return {"access_token": f"entra of {tenant}"}
            case ["registry", host, "oauth2", "exchange"] if form == {
                "grant_type": "access_token",
                "service": host,
                "tenant": TENANT,
                "access_token": f"entra of {TENANT}",
            }:
                return {"refresh_token": "password of azure"}
            case ["sts", "v1", "token"] if form == {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "audience": f"//iam.googleapis.com/{PROVIDER}",
                "scope": "https://www.googleapis.com/auth/cloud-platform",
                "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "subject_token": f"jwt for https://iam.googleapis.com/{PROVIDER}",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            }:
                return {"access_token": "federated"}
            case ["iam", *_, call] if (call, token) == (f"{ACCOUNT}:generateAccessToken", "Bearer federated"):
                assert json.loads(body)["scope"] == ["https://www.googleapis.com/auth/cloud-platform"]
                return {"accessToken": "password of google"}
        return None

    @property
    def services(self) -> Services:
        base = self.base
        return Services(f"{base}/entra", f"{base}/sts", f"{base}/iam", f"{base}/registry/{{host}}")

    @property
    def job(self) -> Job:
        return Job(f"{self.base}/github?api-version=2", "of-the-job")


@contextmanager
def serving(clouds: Clouds) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = clouds.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815 - the base class calls it

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    clouds.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def clouds() -> Iterator[Clouds]:
    clouds = Clouds()
    with serving(clouds):
        yield clouds


@pytest.mark.parametrize(
    ("host", "login", "expected"),
    [
        (ACR, AZURE, RegistryToken("00000000-0000-0000-0000-000000000000", "password of azure")),
        (GAR, GOOGLE, RegistryToken("oauth2accesstoken", "password of google")),
    ],
)
def test_a_cloud_gives_a_login_for_githubs_token(
    clouds: Clouds, host: str, login: Login, expected: RegistryToken
) -> None:
    assert registry_token(network().send, clouds.job, host, login, clouds.services) == expected
    assert len(clouds.asked) == 3
    assert expected.password not in repr(expected)


ENTRA_TEXT = b'{"error": "invalid_client", "error_description": "AADSTS700213: no match\\r\\nTrace ID: x"}'


@pytest.mark.parametrize(
    ("path", "status", "text", "expected"),
    [
        (f"/entra/{TENANT}/oauth2/v2.0/token", 401, ENTRA_TEXT, "HTTP 401: invalid_client: AADSTS700213: no match"),
        (f"/registry/{ACR}/oauth2/exchange", 403, b"<html>", "HTTP 403"),
        ("/github", 500, b"{}", "HTTP 500 without a token"),
        ("/github", 200, b'{"value": "a\\nb"}', "HTTP 200 without a token"),
    ],
)  # fmt: skip
def test_a_refusal_says_who_refuses_and_why(
    clouds: Clouds, path: str, status: int, text: bytes, expected: str
) -> None:
    clouds.refuses[path] = (status, text)
    with pytest.raises(EnvironmentFailure) as caught:
        registry_token(network().send, clouds.job, ACR, AZURE, clouds.services)
    assert expected in caught.value.message
    assert "jwt for" not in f"{caught.value.message}{caught.value.help}"


@dataclass
class Place:
    """A repository on a runner, and the files through which its steps speak."""

    root: Path
    output: Path
    environment: Path

    def run(self, *arguments: str) -> int:
        return run(["-C", str(self.root), "ci", *arguments])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    root = tmp_path / "repository"
    root.mkdir()
    content = matrix(
        {"base": {"from": "debian"}},
        registry=f"{ACR}/images",
        network={
            "logins": {ACR: {"azure": {"client_id": CLIENT, "tenant_id": TENANT}}},
            "docker_config": "CONFIG",
        },
    )
    (root / "matrix.yaml").write_text(json.dumps(content))
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "cli-plugins").mkdir()
    for name, value in {
        "GITHUB_OUTPUT": "output", "GITHUB_ENV": "env", "RUNNER_TEMP": ".", "DOCKER_CONFIG": "docker",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(tmp_path / value))
    return Place(root, tmp_path / "output", tmp_path / "env")


def test_a_step_hands_the_token_on_and_hides_it(
    place: Place, clouds: Clouds, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", clouds.job.url)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", clouds.job.bearer)
    monkeypatch.setattr("image_matrix.github.registry_tokens.Services", lambda: clouds.services)
    assert place.run("token", ACR) == 0
    assert place.output.read_text() == (
        "username=00000000-0000-0000-0000-000000000000\npassword=password of azure\n"
    )
    assert capsys.readouterr().out.splitlines() == ["::add-mask::password of azure"]


def test_without_the_permission_the_step_says_what_is_missing(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)
    assert place.run("token", ACR) != 0
    assert "ACTIONS_ID_TOKEN_REQUEST_URL" in capsys.readouterr().err


def test_later_steps_have_the_logins_of_the_secret(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    auths = {"*.azurecr.io": {"auth": "bWU6d29yZA=="}, "elsewhere.example.org": {"auth": "bWU6d29yZA=="}}
    monkeypatch.setenv(ci_logins.SECRET_VARIABLE, json.dumps({"auths": auths}))
    assert place.run("docker-config") == 0
    folder = place.root.parent / "image-matrix-docker"
    assert place.environment.read_text() == f"DOCKER_CONFIG={folder}\n"
    assert json.loads((folder / "config.json").read_text()) == {"auths": {ACR: {"auth": "bWU6d29yZA=="}}}
    assert stat.S_IMODE((folder / "config.json").stat().st_mode) == 0o600
    assert (folder / "cli-plugins").is_dir()
    shown = capsys.readouterr()
    assert "::add-mask::word\n" in shown.out
    assert f"logged in to {ACR}" in shown.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"auths": {},}', "config.json:1:1"),
        (b"\xff", "config.json: not UTF-8"),
        (b"[" * 100_000, "config.json: nested too deeply"),
    ],
)
def test_a_configuration_of_the_runner_that_cannot_be_read_is_named(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    said: str,
) -> None:
    (place.root.parent / "docker" / "config.json").write_bytes(content)
    monkeypatch.setenv(ci_logins.SECRET_VARIABLE, json.dumps({"auths": {ACR: {"auth": "bWU6d29yZA=="}}}))
    assert place.run("docker-config") == EnvironmentFailure.exit_code
    shown = capsys.readouterr().err
    assert said in shown
    assert "correct it, or remove the file and log in again" in shown


def test_what_runs_code_of_packages_has_no_login_that_pushes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    auths = {"*.azurecr.io": {"auth": "bWU6d29yZA=="}, "docker.io": {"auth": "aHViOndvcmQ="}}
    monkeypatch.setenv(ci_logins.SECRET_VARIABLE, json.dumps({"auths": auths}))
    assert place.run("docker-config", "--pulled") == 0
    text = (place.root.parent / "image-matrix-docker" / "config.json").read_text()
    assert "aHViOndvcmQ=" in text
    assert ACR not in text
    assert "bWU6d29yZA==" not in text


def test_a_run_without_secrets_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ci_logins.SECRET_VARIABLE, "")
    assert place.run("docker-config") == 0
    assert not place.environment.exists()
