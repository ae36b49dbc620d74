"""Databases of Trivy and Grype with a few flaws, as both keep them: the published ones cannot be had everywhere.

Sources: github.com/aquasecurity/trivy-db, pkg/types/types.go and pkg/vulnsrc; github.com/anchore/grype,
grype/db/v6/models.go and blobs.go, whose ``db import`` adds the tables and columns that are missing.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.e2e.bolt import bolt_file
from tests.e2e.tiny_images import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.e2e.bolt import Bucket
    from tests.e2e.tiny_images import Repository

SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
BUCKETS = {
    "apt": "debian 13",
    "pip": "pip::GitHub Security Advisory pip",
    "npm": "npm::GitHub Security Advisory npm",
}
"""Where Trivy has the flaws of what an installer installs."""
ECOSYSTEMS = {"apt": "deb", "pip": "python", "npm": "npm"}
"""What Grype calls what an installer installs."""
FORMATS = {"apt": "deb", "pip": "python", "npm": "semver"}
"""How Grype compares versions there."""
TABLES = """
CREATE TABLE db_metadata (build_timestamp datetime NOT NULL, model integer NOT NULL, revision integer NOT NULL, addition integer NOT NULL);
CREATE TABLE blobs (id integer PRIMARY KEY, value text NOT NULL);
CREATE TABLE providers (id text PRIMARY KEY, version text, processor text, date_captured datetime, input_digest text);
CREATE TABLE operating_systems (id integer PRIMARY KEY, name text, release_id text, major_version text, minor_version text DEFAULT '', label_version text DEFAULT '', codename text, eol_date datetime);
CREATE TABLE packages (id integer PRIMARY KEY, ecosystem text, name text);
CREATE TABLE vulnerability_handles (id integer PRIMARY KEY, name text NOT NULL, status text NOT NULL, provider_id text NOT NULL, blob_id integer);
CREATE TABLE affected_package_handles (id integer PRIMARY KEY, vulnerability_id integer NOT NULL, operating_system_id integer, package_id integer, blob_id integer);
"""  # noqa: E501 - as they are


@dataclass(frozen=True, slots=True)
class Flaw:
    """A known vulnerability of a package of Debian 13, PyPI or npm."""

    id: str
    package: str
    """The source package, or the project on PyPI or npm."""
    severity: str
    fixed: str = ""
    """The version that mends it; empty if there is none."""
    installer: str = "apt"
    """``apt``, ``pip`` or ``npm``."""
    ghsa: str = ""
    """What GitHub calls it, for a project on PyPI or npm."""


def trivy_database(folder: Path, flaws: Sequence[Flaw], day: str) -> None:
    """Write Trivy's database below its cache folder, as of a day."""
    advisories: dict[str, dict[str, dict[str, bytes]]] = {bucket: {} for bucket in BUCKETS.values()}
    for flaw in flaws:
        packages = advisories[BUCKETS[flaw.installer]]
        packages.setdefault(flaw.package, {})[flaw.id] = _json(_advisory(flaw))
    source = {"ID": "tests", "Name": "tests", "URL": "https://example.org"}
    root: Bucket = {
        **advisories,
        "data-source": {name: _json(source) for name in BUCKETS.values()},
        "vulnerability": {flaw.id: _json(_described(flaw)) for flaw in flaws},
    }
    target = folder / "db"
    target.mkdir(parents=True, exist_ok=True)
    (target / "trivy.db").write_bytes(bolt_file(root))
    (target / "metadata.json").write_text(json.dumps({"Version": 2, **_times(day)}))


def trivy_java_database(folder: Path, day: str) -> None:
    """Write the database by which Trivy knows Java archives, with none in it; trivy-java-db, pkg/db/db.go."""
    target = folder / "java-db"
    target.mkdir(parents=True, exist_ok=True)
    (target / "trivy-java.db").unlink(missing_ok=True)
    with closing(sqlite3.connect(target / "trivy-java.db")) as database, database:
        database.executescript(
            "CREATE TABLE artifacts (id integer PRIMARY KEY, group_id text, artifact_id text);"
            "CREATE TABLE indices (artifact_id integer, version text, sha1 blob, archive_type text);"
        )
    (target / "metadata.json").write_text(json.dumps({"Version": 1, **_times(day)}))


def _times(day: str) -> dict[str, str]:
    return dict.fromkeys(("NextUpdate", "UpdatedAt", "DownloadedAt"), f"{day}T00:00:00Z")


def _advisory(flaw: Flaw) -> dict[str, Any]:
    if flaw.installer == "apt":
        return {"FixedVersion": flaw.fixed} if flaw.fixed else {"Status": 2}  # affected
    names = {"VendorIDs": [flaw.ghsa]} if flaw.ghsa else {}
    bounds = [f"<{flaw.fixed}"] if flaw.fixed else [">=0"]
    return {"VulnerableVersions": bounds, "PatchedVersions": [flaw.fixed] if flaw.fixed else [], **names}


def _described(flaw: Flaw) -> dict[str, Any]:
    return {
        "Title": f"{flaw.package}: a flaw",
        "Severity": flaw.severity,
        "VendorSeverity": {"nvd": 1 + SEVERITIES.index(flaw.severity)},
    }


def grype_database(program: Path, folder: Path, flaws: Sequence[Flaw], day: str) -> None:
    """Write Grype's database into its cache folder, as of a day, as `grype db import` does in closed networks."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "new.db"
    source.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as database, database:
        database.executescript(TABLES)
        database.execute("INSERT INTO db_metadata VALUES (?, 6, 1, 10)", (f"{day} 00:00:00+00:00",))
        database.execute(
            "INSERT INTO operating_systems (name, release_id, major_version, codename, eol_date) "
            "VALUES ('debian', 'debian', '10', 'buster', '2022-09-10 00:00:00+00:00')"
        )
        for flaw in flaws:
            _insert(database, flaw)
    environment = {"GRYPE_DB_CACHE_DIR": str(folder), "GRYPE_CHECK_FOR_APP_UPDATE": "false"}
    command = [str(program), "db", "import", str(source)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def trivy_artifact(repository: Repository, folder: Path, tag: str) -> None:
    """Push Trivy's database as its publisher does, for a mirror; docs/docs/configuration/db.md there."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name in ("trivy.db", "metadata.json"):
            archive.add(folder / "db" / name, name)
    kinds = ("config.v1+json", "db.layer.v1.tar+gzip")
    config, layer = (
        {"mediaType": f"application/vnd.aquasec.trivy.{kind}", **repository.blob(blob)}
        for kind, blob in zip(kinds, (b"{}", content.getvalue()), strict=True)
    )
    layer["annotations"] = {"org.opencontainers.image.title": "db.tar.gz"}
    repository.manifest({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}, tag)


def grype_listing(source: Path, folder: Path, day: str) -> None:
    """Write the file by which Grype finds its newest database, and that database beside it, for a mirror."""
    folder.mkdir(parents=True)
    target = folder / "vulnerability-db.tar.gz"
    with tarfile.open(target, "w:gz") as archive:
        archive.add(source, "vulnerability.db")
    checksum = f"sha256:{hashlib.sha256(target.read_bytes()).hexdigest()}"
    listed = {
        "schemaVersion": "v6.1.10",
        "built": f"{day}T00:00:00Z",
        "path": target.name,
        "checksum": checksum,
    }
    (folder / "latest.json").write_text(json.dumps({"status": "active", **listed}))


def _insert(database: sqlite3.Connection, flaw: Flaw) -> None:
    def blob(value: dict[str, Any]) -> int | None:
        return database.execute("INSERT INTO blobs (value) VALUES (?)", (json.dumps(value),)).lastrowid

    debian, name = flaw.installer == "apt", flaw.ghsa or flaw.id
    provider = "debian" if debian else "github"
    database.execute(
        "INSERT OR IGNORE INTO providers VALUES (?, '1', 'tests', '2026-01-01 00:00:00+00:00', 'xxh64:0')",
        (provider,),
    )
    database.execute(
        "INSERT OR IGNORE INTO operating_systems (id, name, release_id, major_version, codename) "
        "VALUES (13, 'debian', 'debian', '13', 'trixie')"
    )
    package = database.execute(
        "INSERT INTO packages (ecosystem, name) VALUES (?, ?)", (ECOSYSTEMS[flaw.installer], flaw.package)
    ).lastrowid
    described = {
        "id": name,
        "severities": [{"scheme": "CHML", "value": flaw.severity.lower(), "rank": 1}],
        "aliases": [flaw.id] if flaw.ghsa else [],
    }
    vulnerability = database.execute(
        "INSERT INTO vulnerability_handles (name, status, provider_id, blob_id) VALUES (?, 'active', ?, ?)",
        (name, provider, blob(described)),
    ).lastrowid
    version = {"type": FORMATS[flaw.installer], "constraint": f"< {flaw.fixed}" if flaw.fixed else ""}
    fix = {"version": flaw.fixed, "state": "fixed"} if flaw.fixed else {"state": "not-fixed"}
    database.execute(
        "INSERT INTO affected_package_handles (vulnerability_id, operating_system_id, package_id, blob_id) "
        "VALUES (?, ?, ?, ?)",
        (
            vulnerability,
            13 if debian else None,
            package,
            blob({"ranges": [{"version": version, "fix": fix}]}),
        ),
    )


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()
