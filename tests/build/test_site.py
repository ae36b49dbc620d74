from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from image_matrix.build.site import contexts, script
from image_matrix.config.mirrors import familiar, mirrored
from image_matrix.config.network import Mirrors

if TYPE_CHECKING:
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
    assert script(Mirrors(), ca_bundle=False) == ""


def test_variables_survive_their_quoting() -> None:
    assert bash(f'{script(MIRRORS, ca_bundle=True)}\nprintf %s "$PIP_INDEX_URL $SSL_CERT_FILE"') == (
        "https://user:p'a$s@mirror.example.org/simple /run/secrets/ca-bundle.crt"
    )


def test_curl_asks_the_mirror_with_the_longest_prefix() -> None:
    fetch = "\n".join(
        [
            script(MIRRORS, ca_bundle=False),
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
    done = bash(f'{script(Mirrors(pip=address), ca_bundle=False)}\nprintf %s "$UV_DEFAULT_INDEX"')
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
    said = script(Mirrors(), ca_bundle=False, logins="machine a.example.org login me password a'b$c\n")
    here = said.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - the container's
    shown = bash(f'{here}\ncat "$NETRC"; stat --format %a "$NETRC"; cat "$CURL_HOME/.curlrc" "$APT_CONFIG"')
    assert "password a'b$c\n600\n" in shown
    assert f'netrc-file = "{tmp_path}/site-netrc"' in shown
    assert f'Dir::Etc::netrc "{tmp_path}/site-netrc";' in shown
