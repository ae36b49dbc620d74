"""Makes the artifact of a release: ``deploy/`` as an OCI manifest that Flux' OCIRepository reads.

Sources: fluxcd.io/flux/cheatsheets/oci-artifacts; github.com/fluxcd/pkg, oci/constants.go and oci/client/build.go.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from image_matrix.config.annotations import REVISION, SOURCE
from image_matrix.publish.indexes import CREATED
from image_matrix.publish.release_tags import released
from image_matrix.registry.reference import digest_of
from image_matrix.registry.upload import IMAGE_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.json_data import Json
    from image_matrix.output_tree.files import File

CONFIG_TYPE = "application/vnd.cncf.flux.config.v1+json"
CONTENT_TYPE = "application/vnd.cncf.flux.content.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is written to a registry: the blobs, then the manifest."""

    manifest: bytes
    blobs: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return digest_of(self.manifest)


def revision(branch: str, commit: str) -> str:
    """Return the revision of a commit on a branch as Flux writes it: ``release@sha1:0123…``."""
    return f"{branch}@sha1:{commit}"


def artifact_of(files: Mapping[str, File], origin: Mapping[str, str]) -> Artifact:
    """Return the artifact with these files, and annotations that come from :func:`origin_of`."""
    tar = archive(files)
    layer = _gzipped(tar)
    config = _json(
        {
            "architecture": "",
            "os": "",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "config": _descriptor(CONFIG_TYPE, config),
            "layers": [_descriptor(CONTENT_TYPE, layer)],
            "annotations": dict(sorted(origin.items())),
        }
    )
    return Artifact(manifest, (config, layer))


def origin_of(source: str, branch: str, commit: str, created: str) -> dict[str, str]:
    """Return the annotations that ``flux push artifact`` writes; ``source`` may be empty, where nobody knows it.

    ``created`` is when the commit was made, so the same commit gives the same artifact.
    """
    values = {SOURCE: source, REVISION: revision(branch, commit), CREATED: created}
    return {name: value for name, value in values.items() if value}


def archive(files: Mapping[str, File]) -> bytes:
    """Return a tar archive of files by path: sorted, and with nothing that differs between machines.

    Without symbolic links, which Flux neither packs nor unpacks.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, content in _entries({path: file for path, file in files.items() if not file.symlink}):
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _entries(files: Mapping[str, File]) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Yield folders and files, in the order of their paths; tarfile's defaults are owner 0 and time 0."""
    folders = {str(parent): None for path in files for parent in PurePosixPath(path).parents if parent.parts}
    for path in sorted({**folders, **files}):
        entry = tarfile.TarInfo(path)
        if path in folders:
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            yield entry, b""
        else:
            entry.size = len(files[path].content)
            entry.mode = 0o755 if files[path].executable else 0o644
            yield entry, files[path].content


def _gzipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as stream:
        stream.write(content)
    return buffer.getvalue()


def _descriptor(media_type: str, content: bytes) -> dict[str, Json]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _json(value: Mapping[str, Json]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def tag_of(branch: str) -> str:
    """Return the tag that follows a branch; tags have no slashes."""
    return branch.replace("/", "-")


def tags_of(commit: str, branch: str, versions: Mapping[str, str]) -> list[str]:
    """Return the tags of a commit's artifact, the one that follows the branch last.

    ``versions`` are git's tags with their commits. A commit by hand is no release, and has none.
    """
    return [*released(tag for tag, one in versions.items() if one == commit), tag_of(branch)]
