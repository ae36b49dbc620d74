from __future__ import annotations

import yaml

from image_matrix.config.served_app import IDES
from image_matrix.project.load import load
from image_matrix.render.canary import canary_files, validator
from tests.verify.test_inherit import MATRIX

KEYS = {
    "apiVersion",
    "kind",
    "name",
    "description",
    "documentation",
    "env",
    "ports",
    "dockerRunOptions",
    "checks",
}


def test_a_file_for_each_ide_that_is_served() -> None:
    files = canary_files(load({"matrix.yaml": MATRIX}, {"base", "jupyter"}).variants)
    assert list(files) == ["docs/canary/jupyter.yaml"]
    data = yaml.safe_load(files["docs/canary/jupyter.yaml"].content)
    assert data == validator("jupyter")
    assert set(data) == KEYS


def test_every_check_is_one_that_canary_knows() -> None:
    for ide in IDES:
        for check in validator(ide)["checks"]:
            kinds = set(check["probe"]) - {"failureThreshold", "timeoutSeconds"}
            assert kinds in ({"exec"}, {"httpGet"}), check
            if "httpGet" in check["probe"]:
                assert check["probe"]["httpGet"]["path"].startswith("/notebook/team/name/")


def test_a_check_has_the_time_that_its_attempts_take() -> None:
    """Once a second; without a word canary ends each check after 30 s."""
    for ide in IDES:
        probes = [check["probe"] for check in validator(ide)["checks"]]
        assert all(probe["timeoutSeconds"] >= probe["failureThreshold"] for probe in probes)


def test_the_home_is_really_empty_and_no_volume_stays() -> None:
    """Canary's own `volumes` are filled from the image, and those of `--mount` outlive its `docker rm`."""
    data = validator("codeserver")
    assert "volumes" not in data
    assert not any("type=volume" in option for option in data["dockerRunOptions"])
    assert "--tmpfs=/home/jovyan:exec,uid=0,gid=100,mode=2775,size=1g" in data["dockerRunOptions"]
