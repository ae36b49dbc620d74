#!/usr/bin/env python3
"""Stands in for Trivy, whose database cannot be had everywhere: dpkg's list of an OCI layout against a small list.

TRIVY_FLAWS names the list: JSON with `id`, `package`, `severity`, and `fixed` where there is a fixed version. A package
is vulnerable if its version is another one. TRIVY_FAILS names a package with which this program fails.
"""

import json
import os
import sys
import tarfile
from pathlib import Path

STATUS = "var/lib/dpkg/status"


def packages(layout: Path) -> dict[str, str]:
    """Return name and version of everything that the layers have installed; the last list counts."""

    def blob(descriptor: dict[str, str]) -> Path:
        return layout / "blobs" / descriptor["digest"].replace(":", "/")

    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]).read_text())
    found: dict[str, str] = {}
    for layer in manifest["layers"]:
        with tarfile.open(blob(layer)) as content:
            member = content.extractfile(STATUS) if STATUS in content.getnames() else None
            if member:
                text = member.read().decode()
                entries = [
                    dict(line.split(": ", 1) for line in one.splitlines())
                    for one in text.split("\n\n")
                    if one
                ]
                found = {one["Package"]: one["Version"] for one in entries}
    return found


def main(words: list[str]) -> int:
    options = dict(word.removeprefix("--").split("=", 1) for word in words if "=" in word)
    if words[0] == "version":
        print(json.dumps({"Version": "1"}))
        return 0
    if words[0] == "convert":
        results = [{"ruleId": "a-flaw", "message": {"text": "a flaw"}}]
        Path(options["output"]).write_text(json.dumps({"version": "2.1.0", "runs": [{"results": results}]}))
        return 0
    installed = packages(Path(options["input"]))
    if os.environ.get("TRIVY_FAILS") in installed:
        print("this image cannot be read", file=sys.stderr)
        return 1
    ignored = {one["id"] for one in json.loads(Path(options["ignorefile"]).read_text())["vulnerabilities"]}
    found = [
        {
            "VulnerabilityID": flaw["id"],
            "PkgName": flaw["package"],
            "InstalledVersion": installed[flaw["package"]],
            "FixedVersion": flaw.get("fixed", ""),
            "Severity": flaw["severity"],
        }
        for flaw in json.loads(Path(os.environ["TRIVY_FLAWS"]).read_text())
        if installed.get(flaw["package"]) not in (None, flaw.get("fixed"))
        and flaw["severity"] in options["severity"].split(",")
        and flaw["id"] not in ignored
        and ("--ignore-unfixed" not in words or flaw.get("fixed"))
    ]
    result = {"Target": "tiny (debian 13)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": found}
    metadata = {"OS": {"Family": "debian", "Name": "13"}}
    report = {"SchemaVersion": 2, "ArtifactName": options["input"], "Metadata": metadata, "Results": [result]}
    Path(options["output"]).write_text(json.dumps(report))
    return int(options["exit-code"]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
