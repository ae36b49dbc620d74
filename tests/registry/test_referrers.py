"""Artifacts that are attached to an image, over real HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.publish.scan_report import REPORT_TYPE, SARIF_TYPE, attach_report
from image_matrix.publish.scanners import ScanJob
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import Response
from image_matrix.registry.reference import digest_of
from image_matrix.registry.referrers import attach
from image_matrix.registry.services import RegistryServices
from tests.registry.test_upload import client, pushed
from tests.registry.writable import Behaviour, serving

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.registry.writable import Writable


NOW = datetime(2026, 11, 30, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def job(tmp_path: Path) -> ScanJob:
    (tmp_path / "report.json").write_text('{"Results": []}')
    return ScanJob(tmp_path / "image", tmp_path / "report.json", tmp_path)


def listed(server: Writable, digest: str) -> list[dict[str, Any]]:
    """Return the referrers of a manifest in the list that a tag points to."""
    tag = server.tags[f"team/deploy:{digest.replace(':', '-')}"]
    index = json.loads(server.manifests[f"team/deploy@{tag}"])
    entries: list[dict[str, Any]] = index["manifests"]
    return entries


def test_a_report_is_attached_to_the_digest(job: ScanJob) -> None:
    (job.folder / "report.sarif").write_text("{}")
    with serving() as server:
        image = pushed(server)
        digest = attach_report(client(), f"{server.host}/team/deploy@{image}", job, NOW)
        manifest = json.loads(server.manifests[f"team/deploy@{digest}"])
        content = server.manifests[f"team/deploy@{image}"]
        assert manifest["subject"] == {
            "mediaType": json.loads(content)["mediaType"],
            "digest": image,
            "size": len(content),
        }
        assert [layer["mediaType"] for layer in manifest["layers"]] == [REPORT_TYPE, SARIF_TYPE]
        report = server.blobs[f"team/deploy@{manifest['layers'][0]['digest']}"]
        assert report == job.report.read_bytes()
        assert manifest["annotations"] == {"org.opencontainers.image.created": "2026-11-30T01:02:03+00:00"}


def test_a_registry_without_referrers_gets_a_list_under_a_tag(job: ScanJob) -> None:
    with serving() as server:
        image = pushed(server)
        reference = f"{server.host}/team/deploy@{image}"
        first = attach_report(client(), reference, job, NOW)
        assert attach_report(client(), reference, job, NOW) == first
        job.report.write_text("{}")
        second = attach_report(client(), reference, job, NOW)
        assert [(one["digest"], one["artifactType"]) for one in listed(server, image)] == [
            (first, REPORT_TYPE),
            (second, REPORT_TYPE),
        ]


def test_a_registry_with_referrers_gets_no_tag(job: ScanJob) -> None:
    with serving(Behaviour(lists_referrers=True)) as server:
        image = pushed(server)
        attach_report(client(), f"{server.host}/team/deploy@{image}", job, NOW)
        assert list(server.tags) == ["team/deploy:one"]


def test_an_image_that_is_not_there(job: ScanJob) -> None:
    with serving() as server:
        missing = f"{server.host}/team/deploy@sha256:{'0' * 64}"
        with pytest.raises(EnvironmentFailure, match="team/deploy@sha256:0000"):
            attach_report(client(), missing, job, NOW)
        assert server.blobs == {}


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"1", b"", b"["])
def test_an_answer_that_is_no_manifest(body: bytes) -> None:
    registry = Registry(RegistryServices(lambda _request: Response(200, {}, body), lambda _host: None))
    with pytest.raises(EnvironmentFailure, match="the answer is not a manifest"):
        attach(registry, f"registry.example.org/a@{digest_of(body)}", REPORT_TYPE, {}, {})


def test_nothing_is_attached_to_other_bytes(job: ScanJob) -> None:
    with serving() as server:
        image = pushed(server)
        server.manifests[f"team/deploy@{image}"] += b" "
        before = [*server.writes]
        with pytest.raises(EnvironmentFailure, match=f"{image}: the content does not match its digest"):
            attach_report(client(), f"{server.host}/team/deploy@{image}", job, NOW)
        assert server.writes == before
