from __future__ import annotations

import json
from pathlib import Path

import pytest

from image_matrix.publish.scanner_files import named
from image_matrix.publish.scanners import ScanJob


def test_reports_name_the_image_and_not_the_path_that_was_read() -> None:
    folder = Path('/t/"x')
    job = ScanJob(folder / "image", folder / "report.json", folder, "example.org/team/base")
    read = {"ArtifactName": str(job.image), "Results": [{"Target": f"{job.image} (debian 13.1)"}]}
    assert json.loads(named(json.dumps(read), job)) == {
        "ArtifactName": "example.org/team/base",
        "Results": [{"Target": "example.org/team/base (debian 13.1)"}],
    }


@pytest.mark.parametrize("folder", ["/t/ü", "/t/a&b", "/t/a&b/ü<>", "/t/plain"])
@pytest.mark.parametrize("spelt", ["trivy", "grype", "python"])
def test_a_path_is_found_however_json_spells_it(folder: str, spelt: str) -> None:
    job = ScanJob(Path(folder) / "image", Path(folder) / "report.json", Path(folder), "example.org/team/base")
    text = json.dumps({"uri": f"{folder}/image"}, ensure_ascii=spelt == "python")
    if spelt == "trivy":  # Go's encoder escapes the signs of HTML by default
        text = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    assert json.loads(named(text, job)) == {"uri": "example.org/team/base"}
