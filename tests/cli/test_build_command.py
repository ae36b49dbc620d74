from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.bake import Built
from image_matrix.cli.build_output import summary
from image_matrix.registry.reference import digest_of
from image_matrix.registry.upload import IMAGE_MANIFEST
from tests.cli.conftest import stand_in
from tests.pseudo_terminal import on_terminal
from tests.registry.writable import Behaviour, serving

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Repository


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--push", "--load"), "--push and --load exclude each other"),
        (("--candidate",), "--candidate needs --push"),
        (("nope",), "unknown image `nope`"),
        (("--platform", "linux/s390x"), "nothing is built for linux/s390x"),
        (("--platform", "amd64", "jupyter"), "jupyter:python3.13 is not built for amd64"),
    ],
)
def test_a_call_that_is_wrong(repository: Repository, arguments: tuple[str, ...], said: str) -> None:
    ran = repository("build", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_the_definition_is_printed_without_an_engine(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    ran = repository("build", "--print", "--no-registry", "--platform", "linux/amd64", "jupyter")
    assert ran.code == 0
    assert list(json.loads(ran.out)["target"]) == ["base_python3-13-amd64", "jupyter_python3-13-amd64"]


def test_no_engine(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = repository("build", "--platform", "linux/amd64")
    assert ran.code == 3
    assert "`docker` is not on PATH" in ran.err


DOCKER = """\
#!/bin/sh
[ "$2" = bake ] || exit 0
cat >&2 <<'EOF'
#1 [internal] load build definition from Dockerfile
#2 [base_python3-13-amd64 stage-0 1/2] RUN --mount=type=cache,target=/var/cache/apt apt-get update
#2 0.100 a line of output
#2 ERROR: process "apt-get update" did not complete successfully: exit code: 100
------
 > [base_python3-13-amd64 stage-0 1/2] RUN --mount=type=cache,target=/var/cache/apt apt-get update:
0.100 a line of output
------
ERROR: failed to solve: process "apt-get update" did not complete successfully: exit code: 100
EOF
exit 1
"""
TAKEN = "children and releases take what was pushed"
CALL = ("build", "--no-registry", "--platform", "linux/amd64", "base:python3.13")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose build fails."""
    stand_in(tmp_path, monkeypatch, "docker", DOCKER)


@pytest.mark.slow
@pytest.mark.usefixtures("docker")
def test_a_terminal_lists_the_steps_and_shows_the_one_that_fails(repository: Repository) -> None:
    command = [sys.executable, "-m", "image_matrix", "--color=never", "-C", str(repository.root), *CALL]
    code, shown = on_terminal(command, ["stderr"])
    lines = shown.splitlines()
    assert code == 1
    assert lines[0] == "#2 [base_python3-13-amd64 stage-0 1/2] RUN apt-get update"
    assert lines[1].startswith('#2 ERROR: process "apt-get update"')
    assert "0.100 a line of output" in lines
    assert "#2 0.100 a line of output" not in lines


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize(("option", "whole"), [((), True), (("-v",), True), (("-q",), False)])
def test_a_file_gets_the_whole_log(repository: Repository, option: tuple[str, ...], whole: bool) -> None:
    shown = repository(*option, *CALL).err
    assert ("#2 0.100 a line of output\n" in shown) is whole
    assert "\n0.100 a line of output\n" in shown


def test_the_table_of_what_was_built_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "registry.example.org:5000/a/long/path/jupyter-tensorflow-cuda-full:python3.13-0123456789ab-amd64"
    monkeypatch.setattr("image_matrix.cli.terminal.terminal_width", lambda _stream=None: 80)
    one = Built(SimpleNamespace(tags=(name,)), f"sha256:{'0' * 64}")  # type: ignore[arg-type]
    text = summary([one], 1.0, lambda _: 1_000_000)
    assert max(map(len, text.splitlines())) <= 80
    assert "1 MB" in text


def test_a_missing_secret_is_named_and_nothing_is_pushed_without_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("R_TOKEN", raising=False)
    repository.replace("apt: [git]", "apt: [git]\n    secrets: [R_TOKEN]")
    monkeypatch.setattr("image_matrix.build.buildx.require_engine", lambda: None)
    ran = repository("build", "--push", "--no-registry", "--platform", "linux/amd64", "base:python3.13")
    assert ran.code == 3
    assert "the secret R_TOKEN of base is missing" in ran.err
    ran = repository("build", "--print", "--no-registry", "--platform", "linux/amd64", "base:python3.13")
    assert "base: built without the secret R_TOKEN" in ran.err
    assert "secret" not in json.loads(ran.out)["target"]["base_python3-13-amd64"]
    monkeypatch.setenv("R_TOKEN", "hidden-value")
    ran = repository("build", "--print", "--no-registry", "--platform", "linux/amd64", "base:python3.13")
    assert json.loads(ran.out)["target"]["base_python3-13-amd64"]["secret"] == ["id=R_TOKEN,env=R_TOKEN"]
    assert "hidden-value" not in ran.out + ran.err


def test_an_account_that_may_not_push_is_named_before_anything_is_built(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    stand_in(tmp_path, monkeypatch, "docker", f'#!/bin/sh\necho "$2" >> {calls}\n')
    with serving(Behaviour(refused={"POST": 403})) as server:
        (repository.root / "site.yaml").write_text(f"registry: {server.host}/team\n")
        ran = repository("--overlay", str(repository.root / "site.yaml"), *CALL, "--push")
    assert ran.code == 3
    assert (
        f"error: {server.host}/team/base: no image can be pushed: the registry denies access: not for you"
        in ran.err
    )
    assert "bake" not in calls.read_text()


PUSHES = """\
#!/bin/sh
case "$2" in
  imagetools) echo '{"layers": [{"size": 412000000}]}' ;;
  bake)
    echo "#5 [base_python3-13-amd64 stage-0 1/2] FROM debian" >&2
    echo "#5 CACHED" >&2
    for word in "$@"; do case "$word" in --metadata-file=*)
      echo '{"base_python3-13-amd64": {"containerimage.digest": "DIGEST"}}' > "${word#*=}" ;;
    esac; done ;;
esac
"""


def test_what_compresses_image_layers_pushes_them(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`--push` beside an output of the definition would replace it in buildx 0.13."""
    noted = f'bake) cp docker-bake.json {tmp_path}; echo "$@" > {tmp_path}/called'
    script = PUSHES.replace("DIGEST", f"sha256:{'0' * 64}").replace("bake)", noted)
    stand_in(tmp_path, monkeypatch, "docker", script)
    with serving() as server:
        site = f"{{registry: {server.host}/team, release: {{compression: zstd}}}}\n"
        (repository.root / "site.yaml").write_text(site)
        overlay = ("--overlay", str(repository.root / "site.yaml"))
        ran = repository(*overlay, *CALL, "--push")
        assert ran.code == 0
        called = (tmp_path / "called").read_text().split()
        built = json.loads((tmp_path / "docker-bake.json").read_text())["target"]
        monkeypatch.setattr("image_matrix.build.buildx.require_engine", lambda: None)
        repository(*overlay, *CALL)
    assert not {"--push", "--load"} & set(called)
    assert all(
        target["output"][0].startswith("type=registry,oci-mediatypes=true,compression=zstd,")
        for target in built.values()
    )
    assert "--load" in (tmp_path / "called").read_text().split()
    assert "type=registry" not in (tmp_path / "docker-bake.json").read_text()


SAYS = f"note: no test ran, but {TAKEN}: `image-matrix verify {{}}base:python3.13`"


@pytest.mark.parametrize(
    ("site", "options", "said"),
    [
        ("release: {sign: none}", ("--platform", "linux/amd64"), SAYS.format("--platform linux/amd64 ")),
        ("release: {sign: none}", (), SAYS.format("")),
        ("workflow: none", (), SAYS.format("")),
        ("release: {sign: none}", ("--staging",), ""),
        ("", (), ""),
        ("{workflow: none, release: {sign: {key: 'env://KEY', public_key: key.pub}}}", (), ""),
    ],
)
def test_what_was_pushed_without_a_test_is_noted_where_a_release_takes_it(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    site: str,
    options: tuple[str, ...],
    said: str,
) -> None:
    """With signatures, the next run builds it again, or the release holds it back."""
    stand_in(tmp_path, monkeypatch, "docker", PUSHES.replace("DIGEST", f"sha256:{'0' * 64}"))
    (repository.root / "key.pub").touch()
    with serving() as server:
        (repository.root / "registry.yaml").write_text(f"registry: {server.host}/team\n")
        (repository.root / "site.yaml").write_text(f"{site or '{}'}\n")
        overlays = [
            word
            for name in ("registry", "site")
            for word in ("--overlay", str(repository.root / f"{name}.yaml"))
        ]
        call = ("build", "--no-registry", "--push", *options, "base:python3.13")
        ran = repository(*overlays, *call)
    assert ran.code == 0, ran.err
    notes = [line for line in ran.err.splitlines() if TAKEN in line]
    assert notes == ([said] if said else [])


def test_the_summary_of_a_run_has_time_cached_steps_and_size(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifest = json.dumps({"mediaType": IMAGE_MANIFEST, "layers": []}).encode()
    digest = digest_of(manifest)
    stand_in(tmp_path, monkeypatch, "docker", PUSHES.replace("DIGEST", digest))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    with serving() as server:
        (repository.root / "site.yaml").write_text(f"registry: {server.host}/team\n")
        overlay = ("--overlay", str(repository.root / "site.yaml"))
        ran = repository(*overlay, *CALL, "--push", "--candidate")
        assert ran.code == 0
        assert TAKEN not in ran.err
        server.manifests[f"team/base@{digest}"] = manifest
        image = f"{server.host}/team/base@{digest}"
        named = ("accept", "--platform=linux/amd64", f"--image={image}", CALL[-1])
        assert repository(*overlay, *named).code == 0
    built, size = (tmp_path / "summary").read_text().splitlines()
    assert built.startswith("- `base:python3.13` (amd64): built in ")
    assert built.endswith(", 1 of 1 step from the cache")
    assert size == "- `base:python3.13` (amd64): 412 MB compressed, not released before"
