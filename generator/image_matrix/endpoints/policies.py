"""Writes endpoints as rules of a cluster's network or of a proxy."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.endpoints.model import Endpoint, Endpoints

NAME = "image-matrix-endpoints"
_DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
_KUBE_DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}


def as_network_policy(endpoints: Endpoints) -> str:
    """Return a NetworkPolicy of Kubernetes for all pods of a namespace.

    It knows addresses and no names, so it opens the ports of named hosts to every address; kubernetes.io, "What you
    can't do with network policies".
    """
    named = sorted({item.port for item in endpoints.all if not is_ip(item.host)})
    rules: list[dict[str, Any]] = [{"to": [_KUBE_DNS], "ports": _DNS}]
    if named:
        rules.append({"ports": _tcp(named)})
    rules += [
        {"to": [{"ipBlock": {"cidr": _cidr(item.host)}}], "ports": _tcp([item.port])}
        for item in endpoints.all
        if is_ip(item.host)
    ]
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": rules}
    head = [
        "A NetworkPolicy of Kubernetes knows no names: this one opens ports, to every address.",
        "`--format cilium` writes a policy with the names.",
    ]
    return _document("networking.k8s.io/v1", "NetworkPolicy", spec, [*head, *_remarks(endpoints)])


def as_cilium(endpoints: Endpoints) -> str:
    """Return a CiliumNetworkPolicy for all pods of a namespace, with the names; docs.cilium.io, "DNS based"."""
    dns = {
        "toEndpoints": [
            {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns"}}
        ],
        "toPorts": [
            {"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}
        ],
    }
    rules: list[dict[str, Any]] = [dns]
    for port, hosts in _by_port(endpoints.all).items():
        ports = [{"ports": [{"port": str(port), "protocol": "TCP"}]}]
        names = [_fqdn(host) for host in hosts if not is_ip(host)]
        addresses = [_cidr(host) for host in hosts if is_ip(host)]
        rules += [{"toFQDNs": names, "toPorts": ports}] if names else []
        rules += [{"toCIDR": addresses, "toPorts": ports}] if addresses else []
    spec = {"endpointSelector": {}, "egress": rules}
    return _document("cilium.io/v2", "CiliumNetworkPolicy", spec, _remarks(endpoints))


def _fqdn(host: str) -> dict[str, str]:
    # of Cilium's patterns, ** stands for several labels
    return {"matchPattern": f"**{host[1:]}"} if host.startswith("*.") else {"matchName": host}


def as_squid(endpoints: Endpoints) -> str:
    """Return a file for squid's conf.d: it lets these hosts through, and nothing else.

    Source: www.squid-cache.org/Doc/config/acl. Debian's squid.conf has the lists Safe_ports and SSL_ports.
    """
    lines = [f"# {line}" for line in ("Lets these hosts through, and nothing else.", *_remarks(endpoints))]
    web = [item for item in endpoints.all if item.scheme in ("http", "https")]
    others = [item.address for item in endpoints.all if item not in web]
    lines += [f"# {address} speaks no HTTP: it needs a way past the proxy" for address in others]
    for port in sorted({item.port for item in web} - {80, 443}):
        lines += [f"acl Safe_ports port {port}", f"acl SSL_ports port {port}"]
    for port, hosts in _by_port(web).items():
        lines.append(f"acl image_matrix_port_{port} port {port}")
        for kind, name, chosen in (
            ("dstdomain", "names", _names(hosts)),
            ("dst", "addresses", _addresses(hosts)),
        ):
            if chosen:
                acl = f"image_matrix_{name}_{port}"
                lines += [f"acl {acl} {kind} {host}" for host in chosen]
                lines.append(f"http_access allow {acl} image_matrix_port_{port}")
    return "".join(f"{line}\n" for line in [*lines, "http_access deny all"])


def _names(hosts: Iterable[str]) -> list[str]:
    """Return names as dstdomain has them, without those below another one: squid refuses both in one list."""
    named = {host.removeprefix("*") for host in hosts if not is_ip(host)}
    wide = {host for host in named if host.startswith(".")}
    return sorted(host for host in named if not any(f".{host}".endswith(other) for other in wide - {host}))


def _addresses(hosts: Iterable[str]) -> list[str]:
    return [host for host in hosts if is_ip(host)]


def _by_port(endpoints: Iterable[Endpoint]) -> dict[int, list[str]]:
    ports: dict[int, list[str]] = {}
    for item in endpoints:
        ports.setdefault(item.port, []).append(item.host)
    return {port: sorted(set(hosts)) for port, hosts in sorted(ports.items())}


def is_ip(host: str) -> bool:
    """Say whether a host is an address of the network and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _cidr(host: str) -> str:
    address = ip_address(host)
    return f"{address}/{address.max_prefixlen}"


def _tcp(ports: Iterable[int]) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def _remarks(endpoints: Endpoints) -> list[str]:
    return [f"Not known: {item.what}" for item in endpoints.unknown]


def _document(version: str, kind: str, spec: dict[str, Any], remarks: Iterable[str]) -> str:
    data = {"apiVersion": version, "kind": kind, "metadata": {"name": NAME}, "spec": spec}
    head = "".join(f"# {line}\n" for line in remarks)
    return head + yaml.safe_dump(data, sort_keys=False, default_flow_style=False)
