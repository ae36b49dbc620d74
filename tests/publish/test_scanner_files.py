from __future__ import annotations

import json
from pathlib import Path

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
