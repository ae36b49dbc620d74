"""``image-matrix endpoints``: what is named, why, in every form, and what is said where it cannot be known."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from tests.endpoints.conftest import FIXTURES
from tests.environments import python_of
from tests.yaml_files import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Change = "Callable[[str, str], None]"
UPDATE = os.environ.get("IMAGE_MATRIX_UPDATE") == "1"


def expect(name: str, text: str) -> None:
    if UPDATE:
        (FIXTURES / name).write_text(text)
    assert text == (FIXTURES / name).read_text()


@pytest.fixture
def listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def run_json(*arguments: str) -> dict[str, Any]:
        assert run(["-C", str(folder), "endpoints", "--format", "json", *arguments]) == 0
        data: dict[str, Any] = json.loads(capsys.readouterr().out)
        return data

    return run_json


def addresses(data: dict[str, Any]) -> list[str]:
    return [item["address"] for item in data["endpoints"]]


def unknown(data: dict[str, Any]) -> dict[str, str]:
    return {item["what"]: item["help"] for item in data["unknown"]}


@pytest.mark.parametrize("form", ["text", "json", "networkpolicy", "cilium", "squid"])
def test_every_form(form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(folder), "endpoints", "--format", form]) == 0
    expect(f"endpoints.{form}", capsys.readouterr().out)


def test_verbose_prints_every_reason(
    folder: Path, change: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    change("sbom: false", "sbom: true")
    others = "".join(f"  s{n}: docker.io/library/debian:{n}\n" for n in range(2))
    images = "".join(f"  i{n}: {{description: Another, from: s{n}}}\n" for n in range(2))
    change("  own: quay", f"{others}  own: quay")
    change("  child:", f"{images}  child:")
    assert run(["-C", str(folder), "endpoints"]) == 0
    assert "  and 2 more reasons (-v shows them)" in capsys.readouterr().out
    assert run(["-C", str(folder), "endpoints", "-v"]) == 0
    text = capsys.readouterr().out
    assert "more reasons" not in text
    assert "the bill of materials of pushed images" in text


def test_steps_choose(listed: Callable[..., dict[str, Any]]) -> None:
    assert addresses(listed("--for", "sign")) == [
        "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "https://api.ecr.eu-west-1.amazonaws.com",
        "https://kms.eu-west-1.amazonaws.com",
        "https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com",
        "https://registry.example.org:5000",
    ]
    assert addresses(listed("--for", "cluster")) == ["https://registry.example.org:5000"]
    assert unknown(listed("--for", "sign,cluster")) == {}


def test_what_a_mirror_replaces_is_not_named(
    change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    mirrors = {
        "registries": {"docker.io": "mirror.example.net/hub", "quay.example.org": "mirror.example.net/quay"},
        "downloads": {"https://files.example.org": "http://mirror.example.net:8081/files"},
        "apt": {"http://archive.example.org": "http://mirror.example.net/apt"},
        "pip": "https://mirror.example.net/pypi/simple",
        "index_urls": {"https://wheels.example.org": "https://mirror.example.net/wheels"},
        "npm": "https://mirror.example.net/npm",
        "conda": "https://mirror.example.net/conda",
        "cran": "https://mirror.example.net/cran",
    }
    change("network:\n", f"network:\n  mirrors: {json.dumps(mirrors)}\n")
    named = addresses(listed("--for", "lock,build"))
    gone = (
        "docker",
        "files.",
        "store.",
        "archive.",
        "index.",
        "packages.",
        "wheels.",
        "npm.",
        "anaconda",
        "p3m",
        "quay.",
    )
    assert [item for item in named if item.removeprefix("https://").startswith(gone)] == []
    assert {
        "http://mirror.example.net",
        "http://mirror.example.net:8081",
        "https://mirror.example.net",
    } <= set(named)
    assert {"https://apt.example.org", "https://conda.example.org", "https://git.example.org"} <= set(named)


def test_a_proxy_and_a_registry_that_may_speak_plain_http(
    change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    proxy = {"http": "http://proxy.example.org:3128", "https": "env://COMPANY_PROXY"}
    change("network:\n", f"network:\n  trusted_hosts: [quay.example.org]\n  proxy: {json.dumps(proxy)}\n")
    data = listed("--for", "lock")
    expected = {"http://proxy.example.org:3128", "http://quay.example.org", "https://quay.example.org"}
    assert expected <= set(addresses(data))
    assert unknown(data)["the proxy for https"] == "its address is in the variable COMPANY_PROXY"


def test_without_a_lock_it_is_said_what_is_not_known(
    folder: Path, listed: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "matrix.lock.yaml").unlink()
    whats = unknown(listed("--for", "lock,build"))
    assert whats["pip's default index of Python packages"] == "`image-matrix lock` asks uv for it"
    assert "npm config get registry" in whats["npm's default registry"]
    assert "where apt of source debian fetches packages" in whats
    assert "where https://files.example.org sends requests on to" in whats
    assert "where the registry quay.example.org sends requests on to" in whats
    assert run(["-C", str(folder), "endpoints"]) == 0
    assert (
        "there is no lock, so much is not known; `image-matrix lock` finds it out" in capsys.readouterr().err
    )


def test_apt_says_where_its_snapshots_are(
    change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    change("platforms: [linux/amd64]}", "platforms: [linux/amd64], apt: {snapshot: true}}")
    advice = unknown(listed("--for", "build"))["where apt of source debian fetches snapshots"]
    assert advice == "`apt-get --snapshot DAY --print-uris update` in the image prints it"


def test_a_mirror_needs_no_default(
    folder: Path, change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    (folder / "matrix.lock.yaml").unlink()
    change("network:\n", 'network:\n  mirrors: {pip: "https://mirror.example.net/simple"}\n')
    data = listed("--for", "build")
    assert "https://mirror.example.net" in addresses(data)
    assert "pip's default index of Python packages" not in unknown(data)


def test_hosts_of_an_index_that_are_not_noted_name_the_command(listed: Callable[..., dict[str, Any]]) -> None:
    whats = unknown(listed("--for", "build"))
    assert (
        whats["where https://wheels.example.org sends requests on to"]
        == "`image-matrix lock --upgrade torch` notes it"
    )


def test_images_and_addresses_of_a_users_dockerfile(
    folder: Path, change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    (folder / "lab").mkdir()
    (folder / "lab" / "Dockerfile").write_text(
        "# syntax=front.example.org/frontend:1\n"
        "ARG TOOLS=tools.example.org/go:1\n"
        "FROM ${TOOLS} AS tools\n"
        "FROM docker.io/library/debian:trixie-slim\n"
        "COPY --from=tools /go /go\n"
        "ADD --checksum=sha256:1 https://add.example.org:8443/file /file\n"
        "RUN apt-get update && curl -fsSL http://run.example.org/x | sh\n"
    )
    change("  child:", "  lab: {description: Own, from: debian, context: lab}\n  child:")
    data = listed("--for", "build")
    assert {
        "https://front.example.org",
        "https://tools.example.org",
        "https://add.example.org:8443",
        "http://run.example.org",
    } <= set(addresses(data))
    assert "what else the steps of lab/Dockerfile fetch" in unknown(data)


def test_a_template_of_ones_own_may_fetch_anything(
    folder: Path, change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    templates = folder / "templates" / "dockerfiles"
    templates.mkdir(parents=True)
    (templates / "team.Dockerfile.j2").write_text('{% extends "skeleton.Dockerfile.j2" %}\n')
    change("kind: base", "kind: team")
    assert "what the steps of your template for the kind team fetch" in unknown(listed("--for", "build"))


def test_the_workflow(change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]) -> None:
    generator = f"image-matrix @ git+https://git.example.org/team/image-matrix@{'0123456789' * 4}"
    workflow = {"generator": generator, "runners": {"linux/amd64": "emulate"}}
    change("workflow: none", f"workflow: {json.dumps(workflow)}")
    named = addresses(listed("--for", "workflow"))
    assert {
        "https://*.actions.githubusercontent.com",
        "https://git.example.org",
        "https://index.example.org",
        "https://registry-1.docker.io",  # binfmt
    } <= set(named)


def test_snapshots_of_apt_are_asked_of_apt(
    folder: Path, change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    change("{images: {platforms", "{images: {apt: {snapshot: true}, platforms")
    what = "where apt of source debian fetches snapshots"
    assert "--snapshot DAY" in unknown(listed("--for", "build"))[what]
    lock = (folder / "matrix.lock.yaml").read_text()
    moment = "apt:\n  debian: 20261101T000000Z\n"
    (folder / "matrix.lock.yaml").write_text(lock.replace("conda:\n", f"{moment}conda:\n", 1))
    assert "--snapshot 20261101T000000Z" in unknown(listed("--for", "build"))[what]


def test_buildkit_of_a_cluster(
    change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    buildkit = {
        "telemetry": {"endpoint": "https://traces.example.org:4317"},
        "job": {"image": "own", "repository": "https://git.example.net/team/notebooks.git"},
    }
    change("workflow: none", f"workflow: none\nsites: {json.dumps({'hub': {'buildkit': buildkit}})}")
    assert "https://traces.example.org:4317" in addresses(listed("--for", "build"))
    assert {"https://git.example.net", "https://registry-1.docker.io", "https://quay.example.org"} <= set(
        addresses(listed("--for", "cluster"))
    )


@pytest.mark.parametrize(
    ("sign", "host"),
    [
        ("cosign", "https://fulcio.sigstore.dev"),
        ("{tool: notation, plugin: com.amazonaws.signer.notation.plugin, key: arn, region: eu-west-1}", "https://signer.eu-west-1.amazonaws.com"),
        ('{tool: cosign, key: "gcpkms://projects/x", public_key: cosign.pub}', "https://cloudkms.googleapis.com"),
        ('{tool: cosign, key: "awskms://kms.example.org/alias/x", public_key: cosign.pub}', "https://kms.example.org"),
    ],
)  # fmt: skip
def test_who_signs(sign: str, host: str, folder: Path, listed: Callable[..., dict[str, Any]]) -> None:
    text = (folder / "matrix.yaml").read_text()
    start, end = text.index("  sign: "), text.index("workflow: none")
    (folder / "matrix.yaml").write_text(f"{text[:start]}  sign: {sign}\n{text[end:]}")
    assert host in addresses(listed("--for", "sign"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "yaml"], "'yaml' is not one of"),
        (["--for", "build,deploy"], "`deploy` is not one of them; choose from lock, build"),
        (["--for", ","], "it is empty; choose from lock, build"),
    ],
)
def test_a_word_that_is_not_known(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(folder), "endpoints", *arguments]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_no_matrix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(tmp_path), "endpoints"]) == 2
    assert "matrix.yaml" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_kubernetes_knows_the_network_policy(
    version: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(folder), "endpoints", "--format", "networkpolicy"]) == 0
    code = "import json, sys, kubernetes_validate as k; k.validate(json.load(sys.stdin), sys.argv[1], strict=True)"
    command = [str(python_of("kubernetes")), "-W", "ignore", "-c", code, version]
    text = json.dumps(load(capsys.readouterr().out))
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


SQUID = """\
acl SSL_ports port 443
acl Safe_ports port 80 443
include {file}
http_port 127.0.0.1:3128
"""
"""What the file of Debian's squid has before conf.d."""


@pytest.mark.slow
def test_squid_reads_the_rules(
    folder: Path, tmp_path: Path, change: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    squid = shutil.which("squid") or shutil.which("/usr/sbin/squid")
    if squid is None:
        pytest.skip("squid is not installed")
    change("public_log: false", "public_log: true")  # it has *.rekor.sigstore.dev and rekor.sigstore.dev
    assert run(["-C", str(folder), "endpoints", "--format", "squid"]) == 0
    (tmp_path / "rules.conf").write_text(capsys.readouterr().out)
    (tmp_path / "squid.conf").write_text(SQUID.format(file=tmp_path / "rules.conf"))
    command = [squid, "-k", "parse", "-f", str(tmp_path / "squid.conf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"WARNING|ERROR|ungled", done.stderr), done.stderr


def test_policies_are_documents_of_their_kind(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form, kind in (("networkpolicy", "NetworkPolicy"), ("cilium", "CiliumNetworkPolicy")):
        assert run(["-C", str(folder), "endpoints", "--format", form]) == 0
        document = load(capsys.readouterr().out)
        assert document["kind"] == kind
        assert document["spec"]["egress"]


def test_a_run_reaches_the_receiver_of_its_spans(
    listed: Callable[..., dict[str, Any]], change: Callable[[str, str], None]
) -> None:
    receiver = "{endpoint: 'https://otlp.example.org:4318'}"
    change(
        "workflow: none\n", f"workflow: {{generator: './vendor[locked,telemetry]', telemetry: {receiver}}}\n"
    )
    (item,) = (one for one in listed()["endpoints"] if one["address"] == "https://otlp.example.org:4318")
    assert "the receiver of spans" in json.dumps(item)


@pytest.mark.parametrize(
    ("scan", "named"),
    [
        ("grype", ["https://grype.anchore.io"]),
        ({"tool": "grype", "env": {"GRYPE_DB_UPDATE_URL": "http://files.example.org/l.json"}}, ["http://files.example.org"]),
        ({"tool": "grype", "env": {"GRYPE_DB_AUTO_UPDATE": "false"}}, []),
        ({"tool": "grype", "env": {"GRYPE_DB_UPDATE_URL": "file:///srv/latest.json"}}, []),
        ("trivy", ["https://ghcr.io", "https://mirror.gcr.io", "https://pkg-containers.githubusercontent.com"]),
        (
            {
                "tool": "trivy",
                "env": {"TRIVY_DB_REPOSITORY": "r.example.org:5000/db:2", "TRIVY_SKIP_JAVA_DB_UPDATE": "TRUE"},
            },
            ["https://r.example.org:5000"],
        ),
        (
            {"tool": "trivy", "env": {"TRIVY_DB_REPOSITORY": "r:x/db", "TRIVY_JAVA_DB_REPOSITORY": "r.example.org/db"}},
            ["https://r.example.org"],
        ),
        (
            {
                "tool": "trivy",
                "env": {
                    "TRIVY_DB_REPOSITORY": "a.example.org/x:2,b.example.org/y:2",
                    "TRIVY_JAVA_DB_REPOSITORY": "aquasec/trivy-java-db:1",
                },
            },
            ["https://a.example.org", "https://b.example.org", "https://index.docker.io"],
        ),
        ({"tool": "grype", "env": {"GRYPE_DB_UPDATE_URL": ""}}, ["https://grype.anchore.io"]),
        (
            {
                "tool": "trivy",
                "env": {"TRIVY_SERVER": "https://trivy.example.org:4954", "TRIVY_SKIP_JAVA_DB_UPDATE": "true"},
            },
            ["https://trivy.example.org:4954"],
        ),
        (
            {
                "tool": "trivy",
                "env": {"TRIVY_SERVER": "http://trivy.example.org", "TRIVY_JAVA_DB_REPOSITORY": "localhost:5000/db"},
            },
            ["http://localhost:5000", "http://trivy.example.org"],
        ),
        ({"tool": "grype", "secrets": ["GRYPE_DB_UPDATE_URL"]}, []),
    ],
)  # fmt: skip
def test_the_scanners_database(
    scan: Any, named: list[str], change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    change("scan: grype", f"scan: {json.dumps(scan)}")
    asked = {
        item["address"]
        for item in listed()["endpoints"]
        if any(re.search("database of (vuln|Java)", reason["what"]) for reason in item["why"])
    }
    assert sorted(asked) == named


def test_an_address_in_a_secret_is_not_known(
    change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    change("scan: grype", "scan: {tool: grype, secrets: [GRYPE_DB_UPDATE_URL]}")
    (unknown,) = (one for one in listed()["unknown"] if "the database of vulnerabilities" in one["what"])
    assert "the address in the secret GRYPE_DB_UPDATE_URL" in json.dumps(unknown)


def test_what_docker_hub_sends_trivy_on_to_is_named(
    change: Callable[[str, str], None], listed: Callable[..., dict[str, Any]]
) -> None:
    scan = {
        "tool": "trivy",
        "env": {"TRIVY_DB_REPOSITORY": "aquasec/trivy-db:2", "TRIVY_SKIP_JAVA_DB_UPDATE": "1"},
    }
    change("scan: grype", f"scan: {json.dumps(scan)}")
    asked = {item["address"] for item in listed("--for", "scan")["endpoints"]}
    assert {"https://index.docker.io", "https://auth.docker.io"} <= asked


@pytest.mark.parametrize("signed", ["registry: docker.io/team", "copies: [docker.io/team]"])
def test_cosign_asks_docker_hub_by_another_name(
    signed: str, folder: Path, listed: Callable[..., dict[str, Any]]
) -> None:
    text = (folder / "matrix.yaml").read_text()
    (folder / "matrix.yaml").write_text(
        re.sub(rf"{signed.partition(':')[0]}: \S+\n", f"{signed}\n", text, count=1)
    )
    assert "https://index.docker.io" in addresses(listed("--for", "sign"))
    assert "https://index.docker.io" not in addresses(listed("--for", "build"))
