"""The artifact of a release: what Flux reads, the same bytes each time."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

from image_matrix.output_tree.files import File
from image_matrix.publish.artifact import archive, artifact_of, origin_of, tags_of
from image_matrix.registry.reference import digest_of

FILES = {
    "images.json": File(b"{}\n"),
    "hub/prepull/daemonsets.yaml": File(b"kind: DaemonSet\n"),
    "hub/run.sh": File(b"#!/bin/sh\n", executable=True),
    "hub/link": File(b"run.sh", symlink=True),
}
ORIGIN = origin_of("https://example.org/n", "release", "1" * 40, "2026-11-29T08:00:00+00:00")


def test_the_archive_is_sorted_and_of_nobody() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive(FILES))) as tar:
        entries = tar.getmembers()
        (script,) = (tar.extractfile(item) for item in entries if item.name == "hub/run.sh")
        assert script is not None
        assert script.read() == b"#!/bin/sh\n"
    assert [(item.name, item.isdir(), oct(item.mode)) for item in entries] == [
        ("hub", True, "0o755"),
        ("hub/prepull", True, "0o755"),
        ("hub/prepull/daemonsets.yaml", False, "0o644"),
        ("hub/run.sh", False, "0o755"),
        ("images.json", False, "0o644"),
    ]
    assert {(item.uid, item.gid, item.uname, item.gname, item.mtime) for item in entries} == {
        (0, 0, "", "", 0)
    }


def test_the_same_files_in_another_order_give_the_same_bytes() -> None:
    backwards = dict(reversed(FILES.items()))
    assert artifact_of(FILES, ORIGIN) == artifact_of(backwards, dict(reversed(ORIGIN.items())))
    assert artifact_of({**FILES, "new": File(b"")}, ORIGIN).digest != artifact_of(FILES, ORIGIN).digest


def test_the_manifest_is_that_of_flux() -> None:
    artifact = artifact_of(FILES, ORIGIN)
    manifest = json.loads(artifact.manifest)
    config, layer = artifact.blobs
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert manifest["config"] == {
        "mediaType": "application/vnd.cncf.flux.config.v1+json",
        "digest": digest_of(config),
        "size": len(config),
    }
    assert manifest["layers"] == [
        {
            "mediaType": "application/vnd.cncf.flux.content.v1.tar+gzip",
            "digest": digest_of(layer),
            "size": len(layer),
        }
    ]
    assert manifest["annotations"] == {
        "org.opencontainers.image.created": "2026-11-29T08:00:00+00:00",
        "org.opencontainers.image.revision": f"release@sha1:{'1' * 40}",
        "org.opencontainers.image.source": "https://example.org/n",
    }
    assert json.loads(config)["rootfs"]["diff_ids"] == [digest_of(gzip.decompress(layer))]
    assert layer[3:9] == bytes([0, 0, 0, 0, 0, 2]), "no name, no time"


def test_a_source_that_nobody_knows_is_left_out() -> None:
    assert "org.opencontainers.image.source" not in origin_of("", "release", "1", "2026")


def test_tags_are_versions_and_the_branch() -> None:
    versions = {"2026.1129.1": "a", "2026.1129.2": "b", "v1": "b"}
    assert tags_of("b", "team/release", versions) == ["2026.1129.2", "team-release"]
    assert tags_of("by hand", "release", versions) == ["release"]
