"""``profiles merge``: values as Flux composes them, and who wins where."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from tests.deploy.support import PROFILES

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = """
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: hub}
spec:
  valuesFrom:
    - {kind: ConfigMap, name: site, valuesKey: site.yaml}
    - {kind: ConfigMap, name: image-matrix-profiles}
    - {kind: Secret, name: tokens, valuesKey: token, targetPath: proxy.secretToken}
    - {kind: ConfigMap, name: elsewhere}
  values:
    singleuser:
      cpu: {limit: 1}
INLINE
"""
SITE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: site}
data:
  site.yaml: |
    singleuser: {cpu: {limit: 4, guarantee: 1}, profileList: [{display_name: Theirs}]}
    proxy: {secretToken: from-the-site}
"""
TOKENS = f"""
apiVersion: v1
kind: Secret
metadata: {{name: tokens}}
data: {{token: {base64.b64encode(b"s3cret").decode()}}}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    texts = {
        "matrix.yaml": (PROFILES / "base.yaml").read_text(),
        "hr.yaml": RELEASE.replace("INLINE", ""),
        "site.yaml": SITE,
        "tokens.yaml": TOKENS,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def merge(folder: Path, *more: str) -> int:
    names = [str(folder / name) for name in ("hr.yaml", "site.yaml", "tokens.yaml")]
    return run(["-C", str(folder), "profiles", "merge", "--helmrelease", *names, *more])


def test_values_are_merged_as_flux_merges_them(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert merge(files, "--format", "json") == 0
    captured = capsys.readouterr()
    made = json.loads(captured.out)
    assert made["values"]["singleuser"]["cpu"] == {"limit": 1, "guarantee": 1}
    assert made["values"]["proxy"]["secretToken"] == "s3cret"
    assert made["values"]["singleuser"]["profileList"][0]["slug"] == "data-science"
    assert made["setters"]["singleuser.profileList"] == [
        "ConfigMap site (site.yaml)", "ConfigMap image-matrix-profiles",
    ]  # fmt: skip
    assert made["setters"]["proxy.secretToken"][-1] == "Secret tokens (proxy.secretToken)"
    assert "ConfigMap elsewhere is not in any of the files, so its values are missing" in captured.err
    assert "IM723" not in captured.err


def test_a_release_that_may_go_without_the_profiles_is_pointed_at(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other sources may be optional; `optional: false` says what is the case without it."""
    text = RELEASE.replace("INLINE", "").replace("name: elsewhere}", "name: elsewhere, optional: true}")
    ours = "name: image-matrix-profiles"
    (files / "hr.yaml").write_text(text.replace(ours, f"{ours}, optional: false"))
    assert merge(files, "--strict") == 0
    assert "IM739" not in capsys.readouterr().err
    (files / "hr.yaml").write_text(text.replace(ours, f"{ours}, optional: true"))
    assert merge(files, "--strict") == 1
    said = capsys.readouterr().err
    assert (
        "hr.yaml:8:54: warning[IM739]: HelmRelease hub takes ConfigMap image-matrix-profiles as `optional`"
        in said
    )
    assert said.count("IM739") == 1


def test_inline_values_that_win_are_pointed_at(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "hr.yaml").write_text(RELEASE.replace("INLINE", "      profileList: []"))
    assert merge(files) == 0
    captured = capsys.readouterr()
    assert "hr.yaml:14:7: warning[IM723]" in captured.err
    row = next(line for line in captured.out.splitlines() if line.startswith("singleuser.profileList"))
    assert row.split("  ", 1)[1].strip().startswith("spec.values")


def test_the_same_setting_by_its_other_name_is_pointed_at(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "    hub: {config: {KubeSpawner: {profile_list: [{display_name: Theirs}]}}}"
    (files / "hr.yaml").write_text(RELEASE.replace("INLINE", text))
    assert merge(files) == 0
    said = capsys.readouterr().err
    assert (
        "hr.yaml:14:34: warning[IM723]: spec.values also sets `hub.config.KubeSpawner.profile_list`" in said
    )
    assert said.count("IM723") == 1


def test_a_list_of_a_site_needs_what_ours_has(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Helm replaces lists, and a site may need rules of its own: it writes both, as the help says."""
    matrix = files / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("sites: {hub: {", "sites: {hub: {buildkit: {}, "))
    theirs = "{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}"
    text = RELEASE.replace("INLINE", "      networkPolicy: {egress: [%s]}")
    (files / "hr.yaml").write_text(text % theirs)
    assert merge(files) == 0
    said = capsys.readouterr().err
    assert "hr.yaml:14:23: warning[IM723]: spec.values also sets `singleuser.networkPolicy.egress`" in said
    found = re.search(r"help: Helm replaces lists: add to yours what `deploy/` has, `(.+)`\n", said)
    assert found
    (files / "hr.yaml").write_text(text % f"{theirs}, {found[1]}")
    assert merge(files, "--strict") == 0
    assert "IM723" not in capsys.readouterr().err


def test_a_list_of_an_earlier_source_is_lost_behind_ours(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of profiles, that is meant."""
    matrix = files / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("sites: {hub: {", "sites: {hub: {buildkit: {}, "))
    theirs = "{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}"
    site = SITE.replace("singleuser: {", f"singleuser: {{networkPolicy: {{egress: [{theirs}]}}, ")
    (files / "site.yaml").write_text(site)
    assert merge(files, "--strict") == 1
    said = capsys.readouterr().err
    assert (
        "hr.yaml:8:8: warning[IM723]: ConfigMap image-matrix-profiles also sets "
        "`singleuser.networkPolicy.egress`, and overrides ConfigMap site (site.yaml)" in said
    )
    assert said.count("IM723") == 1
    found = re.search(r"help: .* in `spec.values`, with what `deploy/` has, `(.+)`\n", said)
    assert found
    both = f"      networkPolicy: {{egress: [{theirs}, {found[1]}]}}"
    (files / "hr.yaml").write_text(RELEASE.replace("INLINE", both))
    assert merge(files, "--strict") == 0


def test_code_that_sets_the_list_after_ours_is_pointed_at(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setting = '"c.KubeSpawner.profile_list = []"'
    code = f"{{a: {setting}, mine: {setting}, other: 'c.KubeSpawner.cmd = []'}}"
    (files / "hr.yaml").write_text(RELEASE.replace("INLINE", f"    hub: {{extraConfig: {code}}}"))
    assert merge(files) == 0
    shown = capsys.readouterr().err
    assert (
        "hr.yaml:14:63: warning[IM723]: spec.values also sets `profile_list`, in code that runs later, "
        "`hub.extraConfig.mine`, and overrides ConfigMap image-matrix-profiles" in shown
    )
    assert shown.count("IM723") == 1


HUB = """\
    singleuser:
      extraTolerations: [{key: team, operator: Equal, value: a, effect: NoSchedule}]
      memory: {limit: 1G}
    scheduling: {userPods: {tolerations: [{key: nodes, operator: Exists}]}}
"""


def with_values(files: Path, values: str) -> None:
    head = RELEASE.replace("INLINE", "").partition("  values:\n")[0]
    (files / "hr.yaml").write_text(f"{head}  values:\n{values}")


def test_tolerations_of_the_hub_that_profiles_lose(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_values(files, HUB.replace("      memory: {limit: 1G}\n", ""))
    assert merge(files) == 0
    shown = capsys.readouterr().err
    assert "hr.yaml:13:27: warning[IM731]" in shown
    assert shown.count("IM731") == 2
    assert merge(files, "--strict") == 1
    capsys.readouterr()
    # the help, obeyed literally
    line = re.search("write `(tolerations: .*)` for the site", shown)
    assert line
    matrix = files / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("sites: {hub: {", f"sites: {{hub: {{{line[1]}, "))
    assert merge(files, "--strict") == 0
    assert "IM731" not in capsys.readouterr().err


def test_a_guarantee_over_the_limit_of_the_hub(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_values(files, HUB)
    matrix = files / "matrix.yaml"
    bare = matrix.read_text().replace("memory: {limit: 4Gi, guarantee: 1Gi}", "memory: {guarantee: 2Gi}")
    matrix.write_text(bare)
    assert merge(files) == 2
    shown = capsys.readouterr().err
    assert "error[IM732]: a profile guarantees 2G of memory, and the limit is 1G" in shown
    matrix.write_text(bare.replace("{guarantee: 2Gi}", "{limit: none, guarantee: 2Gi}"))
    assert merge(files) == 0


def test_the_site_names_the_config_map(files: Path) -> None:
    matrix = files / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("sites: {hub: {", "sites: {hub: {configmap: mine, "))
    release = RELEASE.replace("INLINE", "")
    (files / "hr.yaml").write_text(release)
    assert merge(files) == 2
    (files / "hr.yaml").write_text(release.replace("name: image-matrix-profiles", "name: mine"))
    assert merge(files) == 0


def test_a_release_that_does_not_take_ours(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "hr.yaml").write_text(
        RELEASE.replace("INLINE", "").replace("name: image-matrix-profiles", "name: mine")
    )
    assert merge(files) == 2
    assert "add `- {kind: ConfigMap, name: image-matrix-profiles}`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: ConfigMap\n", "none of the files has a HelmRelease"),
        (
            RELEASE.replace("INLINE", "") + "---" + RELEASE.replace("INLINE", ""),
            "the files have 2 HelmReleases",
        ),
        ("a: [", "is not YAML"),
        ("kind: HelmRelease\nspec: {valuesFrom: {a: b}}\n", "is not a list of references"),
        ("kind: HelmRelease\nspec: {valuesFrom: [a]}\n", "is not a list of references"),
        (RELEASE.replace("INLINE", "    custom: &x {a: *x}"), "Flux rejects it as well"),
    ],
)
def test_files_that_are_no_release(
    files: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "hr.yaml").write_text(text)
    assert merge(files) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("metadata: {name: hub}", "metadata: {name: hub, namespace: other}", ", namespace: other}` for the site"),
        ("name: image-matrix-profiles}", "name: image-matrix-profiles, valuesKey: x}", "remove `valuesKey`"),
        ("targetPath: proxy.secretToken", "targetPath: proxy..secretToken", "the key `` has no value"),
        ("targetPath: proxy.secretToken", "targetPath: 'proxy[99999]'", "is not an index from 0 to 65536"),
        ("targetPath: proxy.secretToken", "targetPath: singleuser.profileList.x", "`profileList` is not a mapping"),
    ],
)  # fmt: skip
def test_what_flux_would_refuse(
    files: Path, old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = RELEASE.replace("INLINE", "")
    assert old in text
    (files / "hr.yaml").write_text(text.replace(old, new))
    assert merge(files) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_a_secret_that_is_encrypted(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "tokens.yaml").write_text(
        "{apiVersion: v1, kind: Secret, metadata: {name: tokens}, data: {token: 'ENC[AES256_GCM,data:x]'}}"
    )
    assert merge(files) == 2
    assert "is not base64; is it encrypted?" in capsys.readouterr().err


def test_a_target_path_into_our_list_is_pointed_at(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RELEASE.replace("INLINE", "").replace(
        "proxy.secretToken", "'singleuser.profileList[1].display_name'"
    )
    (files / "hr.yaml").write_text(text)
    assert merge(files, "--format", "json") == 0
    captured = capsys.readouterr()
    made = json.loads(captured.out)
    assert [item["display_name"] for item in made["values"]["singleuser"]["profileList"]] == [
        "Data science", "s3cret",
    ]  # fmt: skip
    name = "singleuser.profileList[1].display_name"
    assert made["setters"][name] == [
        "ConfigMap site (site.yaml)", "ConfigMap image-matrix-profiles", f"Secret tokens ({name})",
    ]  # fmt: skip
    assert "hr.yaml:9:8: warning[IM723]: Secret tokens" in captured.err


def test_dates_stay_texts(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "site.yaml").write_text(SITE.replace("from-the-site", "2026-01-01"))
    assert merge(files, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["values"]["proxy"] == {"secretToken": "s3cret"}
    (files / "hr.yaml").write_text(
        RELEASE.replace("INLINE", "    custom: {day: 2026-01-02, 8080: x, on: y, bytes: !!binary eA==}")
    )
    assert merge(files, "--format", "json") == 0
    custom = json.loads(capsys.readouterr().out)["values"]["custom"]
    assert custom == {"day": "2026-01-02", "8080": "x", "true": "y", "bytes": "eA=="}


def release_of(files: Path, chart: str, hub: str = "5.5.0") -> None:
    """Write a release of one chart, and a matrix whose hub has a version and whose size has shared memory."""
    text = (PROFILES / "base.yaml").read_text()
    text = text.replace("  small: {", "  small: {shm: 1Gi, ").replace("5.5.0}\n", f"{hub}}}\n")
    (files / "matrix.yaml").write_text(text)
    spec = f"spec:\n  chart: {{spec: {{chart: jupyterhub, version: '{chart}'}}}}\n"
    (files / "hr.yaml").write_text(RELEASE.replace("INLINE", "").replace("spec:\n", spec, 1))


@pytest.mark.parametrize("chart", ["3.3.8", "~3.3", "<4.0.0", ">=3.0.0, <4.0.0", "3.0.0 - 3.3.8"])
def test_a_chart_that_would_take_the_home_away(
    files: Path, chart: str, capsys: pytest.CaptureFixture[str]
) -> None:
    release_of(files, chart)
    assert merge(files) == 2
    said = capsys.readouterr().err
    assert (
        "hr.yaml:6:37: error[IM726]: `volumes` of a profile needs KubeSpawner 7 (the JupyterHub chart 4.0)"
        in said
    )
    assert f"the release has {chart}" in said
    assert "IM727" not in said


@pytest.mark.parametrize(
    "chart", ["4.0.0", "4.3.0", "4.4.0", "4.x", ">=3.0.0", "*", "3.3.8 || 4.4.0", "mine"]
)
def test_a_chart_whose_volumes_are_joined(
    files: Path, chart: str, capsys: pytest.CaptureFixture[str]
) -> None:
    release_of(files, chart)
    assert merge(files) == 0
    assert "IM726" not in capsys.readouterr().err


def test_an_older_chart_is_enough_for_profiles_without_volumes(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release_of(files, "3.3.8", hub="4.1.6")
    (files / "matrix.yaml").write_text(
        (PROFILES / "base.yaml")
        .read_text()
        .replace("{jupyterhub: 5.5.0}", '{chart: "3.3.8"}')
        .replace("jupyterhub==5.5.0", "jupyterhub==4.1.6")
    )
    assert merge(files) == 0
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize(("chart", "has"), [("4.3.2", "5.4"), ("~4.3.0", "5.4"), ("4.3.x", "5.4")])
def test_a_chart_of_another_hub_is_pointed_at(
    files: Path, chart: str, has: str, capsys: pytest.CaptureFixture[str]
) -> None:
    release_of(files, chart)
    assert merge(files) == 0
    said = capsys.readouterr().err
    assert f"warning[IM727]: the chart {chart} has JupyterHub {has}, and the site has 5.5.0" in said
    write = f'`chart: "{chart}"`' if chart == "4.3.2" else f'`jupyterhub: "{has}"`'
    assert f"write {write} for the site" in said


def test_a_hub_with_an_image_of_its_own_may_have_any_version(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release_of(files, "4.3.0")
    text = (files / "hr.yaml").read_text()
    (files / "hr.yaml").write_text(f"{text}    hub: {{image: {{name: example/hub}}}}\n")
    assert merge(files) == 0
    assert "IM727" not in capsys.readouterr().err
