"""A small family of images with a lock, and findings in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.findings.model import ScanFinding, ScanResult, ScanTarget
from image_matrix.findings.remedies import Knowledge
from image_matrix.inventory.contents import inventories
from image_matrix.lock.model import Lock, LockedPackages
from image_matrix.lock.pins import Pins
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

BASE, LAB, LEAF = "base:default", "lab:default", "leaf:default"
APT = ScanFinding("CRITICAL", "CVE-2026-1", "openssl", "3.0.15-1", ("3.0.16-1",), "apt")
PIP = ScanFinding("HIGH", "GHSA-abcd-2345-wxyz", "Tornado", "6.4", ("6.5",), "pip", "opt/venv/METADATA")
UNFIXED = ScanFinding("HIGH", "CVE-2026-3", "zlib1g", "1:1.3", (), "apt")


def family(**more: Any) -> Loaded:
    """Return three images that stand on each other; `lab` asks for tornado by itself, `leaf` pins six."""
    return loaded(
        matrix(
            {
                "base": {
                    "from": "debian",
                    "kind": "base",
                    "apt": ["curl", "git=1:2.4*"],
                    "pip": ["uv==0.13.8"],
                },
                "lab": {"from": "base", "pip": ["tornado", "urllib3==1.26.5"], "downloads": ["tool"]},
                "leaf": {"from": "lab", "pip": ["six==1.17.0"]},
            },
            defaults={"images": {"platforms": ["linux/amd64"]}},
            downloads={
                "tool": {
                    "version": "1.2.3",
                    "url": "https://example.org/tool-{version}",
                    "sha256": {"amd64": "0" * 64},
                    "to": "/usr/local/bin/tool",
                }
            },
            **more,
        )
    )


def known(tornado: str = "6.4", **more: Any) -> Knowledge:
    """Return what that family says, with this version of tornado in its lock."""
    project = more.pop("project", None) or family()
    pins = locked(tornado)
    lock = Lock(
        python={
            LAB: LockedPackages(
                "", {"amd64": (f"tornado=={tornado}", "urllib3==1.26.5", "certifi==2026.1.1")}
            )
        }
    )
    found = inventories(project.matrix, project.variants, pins)
    return Knowledge(project, lock, found, frozenset((name, "now") for name in project.variants), **more)


def locked(tornado: str) -> Pins:
    lines = f"tornado=={tornado}\nurllib3==1.26.5\ncertifi==2026.1.1\n"
    base = {"amd64": "uv==0.13.8\n"}
    return Pins(requirements={BASE: base, LAB: {"amd64": lines}, LEAF: {"amd64": "six==1.17.0\n"}})


def target(
    variant: str = LAB, key: str = "now", channel: str = "", platform: str = "linux/amd64"
) -> ScanTarget:
    image = f"ghcr.io/example/notebooks/{variant.partition(':')[0]}@sha256:{channel or key}"
    return ScanTarget(variant, image, platform, channel, key)


def result(*findings: ScanFinding, variant: str = LAB, **of: str) -> ScanResult:
    return ScanResult(target(variant, **of), findings, rejected=bool(findings))
