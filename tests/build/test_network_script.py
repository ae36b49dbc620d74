from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.build.network_script import StepNetwork, contexts, npm_logins, script, secrets
from image_matrix.config.mirrors import familiar, mirrored
from image_matrix.config.network import Mirrors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIRRORS = Mirrors(
    registries={"docker.io": "mirror.example.org/hub", "docker.io/library": "mirror.example.org/official"},
    downloads={
        "https://github.com": "https://mirror.example.org/github",
        "https://github.com/coder": "http://coder",
    },
    apt={"http://archive.example.org": "http://mirror.example.org/apt"},
    pip="https://user:p'a$s@mirror.example.org/simple",
    index_urls={"https://download.pytorch.org/whl": "https://mirror.example.org/pytorch"},
)


def bash(text: str) -> str:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], check=True, capture_output=True, text=True
    ).stdout


def test_nothing_to_say() -> None:
    assert script(StepNetwork(Mirrors())) == ""


def test_variables_survive_their_quoting() -> None:
    assert bash(
        f'{script(StepNetwork(MIRRORS, ca_bundle=True))}\nprintf %s "$PIP_INDEX_URL $SSL_CERT_FILE"'
    ) == ("https://user:p'a$s@mirror.example.org/simple /run/secrets/ca-bundle.crt")


def test_curl_asks_the_mirror_with_the_longest_prefix() -> None:
    fetch = "\n".join(
        [
            script(StepNetwork(MIRRORS)),
            'command() { printf "%s\\n" "$@"; }',
            "curl --output x https://github.com/a/b https://github.com/coder/c https://github.community/d",
            "uv --index https://download.pytorch.org/whl/cpu",
        ]
    )
    assert bash(fetch).split() == [
        "curl", "--output", "x", "https://mirror.example.org/github/a/b", "http://coder/c", "https://github.community/d",
        "uv", "--index", "https://mirror.example.org/pytorch/cpu",
    ]  # fmt: skip


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1))
def test_any_index_address_stays_data(address: str) -> None:
    done = bash(f'{script(StepNetwork(Mirrors(pip=address)))}\nprintf %s "$UV_DEFAULT_INDEX"')
    assert done == address


def test_named_contexts_have_the_familiar_name() -> None:
    found = contexts(["docker.io/library/debian:trixie-slim@sha256:aa", "ghcr.io/a/b:c"], MIRRORS)
    assert found == {
        "debian:trixie-slim@sha256:aa": "docker-image://mirror.example.org/official/debian:trixie-slim@sha256:aa"
    }


def test_prefixes_end_at_a_slash() -> None:
    assert mirrored("docker.io.example.org/x:1", MIRRORS.registries) == "docker.io.example.org/x:1"
    assert mirrored("docker.io/grafana/x:1", MIRRORS.registries) == "mirror.example.org/hub/grafana/x:1"


def test_familiar() -> None:
    names = ("docker.io/library/debian:12", "docker.io/grafana/x:1", "ghcr.io/library/x:1")
    assert [familiar(name) for name in names] == ["debian:12", "grafana/x:1", "ghcr.io/library/x:1"]


def test_logins_are_where_tools_look_for_them_and_for_nobody_else(tmp_path: Path) -> None:
    said = script(StepNetwork(Mirrors(), logins="machine a.example.org login me password a'b$c\n"))
    here = said.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - the container's
    shown = bash(f'{here}\ncat "$NETRC"; stat --format %a "$NETRC"; cat "$CURL_HOME/.curlrc" "$APT_CONFIG"')
    assert "password a'b$c\n600\n" in shown
    assert f'netrc-file = "{tmp_path}/site-netrc"' in shown
    assert f'Dir::Etc::netrc "{tmp_path}/site-netrc";' in shown


Server = tuple[str, list[tuple[str, str, str]]]
"""The host of a server, and path, login and user agent of each request that it got."""


@pytest.fixture
def closed_server() -> Iterator[Server]:
    """A server that asks for a login."""
    requests: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            login = self.headers.get("Authorization", "")
            requests.append((self.path, login, self.headers.get("User-Agent", "")))
            body = json.dumps({"name": "x", "versions": {}}).encode()
            self.send_response(200 if login else 401)
            if not login:
                self.send_header("WWW-Authenticate", "Basic realm=packages")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}", requests
    server.shutdown()
    server.server_close()


BASIC = f"Basic {base64.b64encode(b'me:w0rd').decode()}"


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
@pytest.mark.parametrize(("user", "expected"), [("me", BASIC), ("__token__", "Bearer w0rd")])
def test_npm_logs_in_to_its_registry(tmp_path: Path, closed_server: Server, user: str, expected: str) -> None:
    host, requests = closed_server
    logins = f"machine 127.0.0.1 login {user} password w0rd\n"
    text = script(StepNetwork(Mirrors(npm=f"http://{host}/some/npm/"), logins=logins))
    step = text.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - the container's
    bash(f"export HOME={tmp_path} npm_config_cache={tmp_path}/cache\n{step}\nnpm view x name || true")
    assert ("/some/npm/x", expected) in [request[:2] for request in requests]
    assert (tmp_path / "site-npmrc").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_r_logs_in_as_curl_does_and_says_what_platform_it_is_for(
    tmp_path: Path, closed_server: Server
) -> None:
    host, requests = closed_server
    text = script(StepNetwork(Mirrors(), logins="machine 127.0.0.1 login me password w0rd\n"))
    step = text.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - the container's
    code = "arguments <- commandArgs(TRUE); options(warn = 2); download.file(arguments[1], arguments[2])"
    shown = bash(f"{step}\nRscript --vanilla -e '{code}' http://{host}/a {tmp_path}/a; cat {tmp_path}/a")
    assert '"name": "x"' in shown
    (tmp_path / "get.R").write_text(code)
    bash(f"{step}\nRscript {tmp_path}/get.R http://{host}/b {tmp_path}/b")
    assert {request[:2] for request in requests} == {("/a", BASIC), ("/b", BASIC)}
    assert all(re.match(r"R/[0-9.]+ R \([0-9.]+ .*linux", request[2]) for request in requests)


def test_what_is_no_netrc_file_gives_npm_no_login() -> None:
    assert npm_logins("machine", None) == ""
    assert npm_logins("default login me password w0rd", None) == ""


TRUSTED = ("packages.example.org", "registry.example.org:5000")


def test_each_program_is_told_which_hosts_it_trusts() -> None:
    said = script(StepNetwork(Mirrors(npm="https://packages.example.org/npm"), trusted=TRUSTED))
    shown = bash(
        f"""{said}
        printf '%s\\n' "$PIP_TRUSTED_HOST" "$UV_INSECURE_HOST" "$NPM_CONFIG_STRICT_SSL"
        git config --get-urlmatch http.sslVerify https://packages.example.org/team/tools.git
        git config --get-urlmatch http.sslVerify https://registry.example.org:5000/tools.git
        git config --get-urlmatch http.sslVerify https://registry.example.org/tools.git || echo checked"""
    )
    hosts = "packages.example.org registry.example.org:5000"
    assert shown.splitlines() == [hosts, hosts, "false", "false", "false", "checked"]


def test_npm_checks_a_registry_that_is_not_trusted() -> None:
    assert "STRICT_SSL" not in script(StepNetwork(Mirrors(npm="https://npm.example.org"), trusted=TRUSTED))


def test_curl_checks_every_other_host() -> None:
    mirrors = Mirrors(downloads={"https://github.com": "https://packages.example.org/github"})
    addresses = (
        "https://github.com/a",
        "https://packages.example.org:8443/a",
        "https://registry.example.org:5000/a",
        "https://registry.example.org/a",
        "https://packages.example.org.evil.example/a",
    )
    site = script(StepNetwork(mirrors, trusted=TRUSTED))
    for number, address in enumerate(addresses):
        shown = bash(f'{site}\ncommand() {{ printf "%s\\n" "$@"; }}\ncurl --fail {address}').split()
        assert ("--insecure" in shown) == (number < 3), address
        assert "--insecure" not in bash(f'{site}\ncommand() {{ printf "%s\\n" "$@"; }}\nuv {address}').split()


@pytest.mark.skipif(not shutil.which("apt-config"), reason="apt is not installed")
def test_apt_checks_every_other_host(tmp_path: Path) -> None:
    said = script(StepNetwork(Mirrors(), trusted=TRUSTED)).replace("/tmp/", f"{tmp_path}/")  # noqa: S108
    shown = bash(f"{said}\napt-config dump | grep Verify- || true")
    assert set(shown.splitlines()) == {
        f'Acquire::https::{host}::Verify-{what} "false";'
        for host in ("packages.example.org", "registry.example.org")
        for what in ("Peer", "Host")
    }


def test_a_proxy_with_a_password_reaches_steps_in_the_secret_alone() -> None:
    proxy = {"https_proxy": "http://ada:hun'ter$2@proxy.example.org:3128"}
    settings = StepNetwork(Mirrors(), proxy=proxy)
    assert bash(f'{script(settings)}\nprintf %s "$https_proxy"') == proxy["https_proxy"]
    made = secrets(settings, None)
    assert made.options == ("id=site,env=IMAGE_MATRIX_SITE",)
    assert "ter$2" in made.environment["IMAGE_MATRIX_SITE"]
