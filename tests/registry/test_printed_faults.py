"""What programs and BuildKit print in closed networks, and what is said of it; outputs of programs are real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from image_matrix.registry.printed_faults import of_builder, of_step

TEXT = (Path(__file__).parent.parent / "fixtures/build/network.txt").read_text(encoding="utf-8")
OUTPUTS = {
    (match[1], match[2]): match[3]
    for match in re.finditer(r"^=== (\w+) (\w+)\n(.*?)(?=^=== |\Z)", TEXT, re.DOTALL | re.MULTILINE)
}
"""By what is wrong and the program that meets it."""
SAID = {
    "certificate": r"the certificate of (192.0.2.7:\d+|the host) is not trusted: set `network.ca_bundle`",
    "plain": r"(192.0.2.7:\d+|the host) speaks plain HTTP: write its address with `http://`",
    "403": r"the proxy does not let it through: allow closed.example.org there",
    "403plain": r"the certificate of closed.example.org is not trusted",
    "407": r"the proxy asks for a login: set `network: \{proxy: \{https: env://NAME\}\}`",
    "gone": r"the proxy 192.0.2.7:\d+ does not answer: correct `network.proxy`"
    r"|the proxy does not let it through: .*correct `network.proxy`",
}
AMBIGUOUS = {("403", "curl"), ("403", "npm")}
"""Their 403 may be the server's own; a missing login is the more frequent cause, and is said elsewhere."""


@pytest.mark.parametrize(("case", "program"), OUTPUTS)
def test_each_program_is_understood(case: str, program: str) -> None:
    output = OUTPUTS[case, program]
    proxies = re.findall(r"192\.0\.2\.7(?::| port )(\d+)", output)
    said = of_step(output, [f"192.0.2.7:{port}" for port in proxies if case == "gone"])
    if (case, program) in AMBIGUOUS:
        assert said is None
    else:
        assert re.match(SAID[case], said or ""), (said, output)


def test_six_programs_meet_each_fault() -> None:
    assert len(OUTPUTS) == 28


HEAD = 'failed to do request: Head "https://r.example.org:5000/v2/a/manifests/1": '
PULLING = {
    "http: server gave HTTP response to HTTPS client": (
        r"r.example.org:5000 speaks plain HTTP: write `network: \{trusted_hosts: \[r.example.org:5000\]\}`.*"
        "insecure-registries.*buildkitd.toml"
    ),
    "tls: failed to verify certificate: x509: certificate signed by unknown authority": (
        "the certificate of r.example.org:5000 is not trusted.*/etc/docker/certs.d/r.example.org:5000/ca.crt"
    ),
    "proxyconnect tcp: dial tcp 192.0.2.7:3128: connect: connection refused": (
        "the proxy of the builder does not let it through"
    ),
    "Proxy Authentication Required": "the proxy of the builder asks for a login",
}


@pytest.mark.parametrize("reason", PULLING)
def test_buildkit_is_understood(reason: str) -> None:
    assert re.match(PULLING[reason], of_builder(HEAD + reason) or "")


def test_no_user_of_an_address_is_repeated() -> None:
    said = of_step("curl: (35) https://ada:hunter2@files.example.org/a: wrong version number")
    assert said == "files.example.org speaks plain HTTP: write its address with `http://`"


@pytest.mark.parametrize("text", ["", "line 407", "E: Unable to locate package nonesuch", "403 Forbidden"])
def test_other_failures_are_not_the_networks(text: str) -> None:
    assert of_step(text, ["192.0.2.7:3128"]) is None
    assert of_builder(text) is None
