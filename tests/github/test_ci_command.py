"""`ci plan` as a run calls it: a real repository, a registry on this machine, GitHub's files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.github.support import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.github.support import Place

pytestmark = pytest.mark.slow


def test_a_change_is_built_and_still_told_when_it_was_built(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("six==1.17.0", "six==1.16.0")
    code, comment, outputs = place.plan(base)
    assert (code, json.loads(outputs["legs"])) == (0, {"leaf-amd64": ["python3.13"]})
    assert outputs["base"] == base
    assert "(six==1.17.0 → six==1.16.0) |" in comment
    assert "They are built and tested now" in comment
    place.held |= place.tags("staging/")
    code, comment, outputs = place.plan(base)
    assert (code, outputs["legs"]) == (0, "{}")
    assert "(six==1.17.0 → six==1.16.0) (already built) |" in comment
    assert "No image changes" not in comment


def test_what_was_not_rendered_is_in_the_comment(place: Place) -> None:
    base = place.change("{generator: ", "{commit_generated: false, generator: ")
    place.change("six==1.17.0", "six==1.16.0", render=False)
    code, comment, outputs = place.plan(base)
    assert (code, outputs["render"]) == (0, "false")
    assert "out of date, so nothing is built.** Run `image-matrix render`" in comment
    assert "`images/leaf/python3.13/Dockerfile`" in comment
    place.commit()
    assert "out of date" not in place.plan(base)[1]


def test_what_githubs_own_token_may_push_is_rendered_for_the_author(place: Place) -> None:
    """It may change no workflow, and another image is another job."""
    place.change("{generator: ", "{jobs: image, generator: ")
    base = place.change("six==1.17.0", "six==1.16.0", render=False)
    _, comment, outputs = place.plan(base)
    assert (outputs["render"], outputs["lock"], "This run commits them" in comment) == ("true", "false", True)
    base = place.change("  other:", "  another: {from: base, pip: [toolz==1.0.0]}\n  other:", render=False)
    _, comment, outputs = place.plan(base)
    assert outputs["render"] == "false"
    assert "so this run commits nothing. Run `image-matrix render`" in comment
    place.patch.setenv("IMAGE_MATRIX_HAS_TOKEN", "true")
    assert place.plan(base)[2]["render"] == "true"
    assert place.plan(base, repository="somebody/fork")[2]["render"] == "false"


LOCK = f"version: 1\nsources:\n  docker.io/library/debian:trixie-slim:\n    digest: sha256:{'1' * 64}\n"


def test_what_floats_is_in_the_comment_and_stops_a_run_once_there_is_a_lock(place: Place) -> None:
    base = place.change("six==1.17.0", "six==1.16.0")
    assert "Not in the lock, so another build may get other versions" in place.plan(base)[1]
    assert place("check")[0] == 0
    (place.root / "matrix.lock.yaml").write_text(LOCK)
    place.commit()
    _, comment, outputs = place.plan(base)
    assert "**The lock is not complete, so nothing is built.** This run locks and renders" in comment
    assert "Not in the lock" not in comment
    assert (outputs["lock"], outputs["render"]) == ("true", "true")
    place.change("{generator: ", "{commit_generated: false, generator: ")
    _, comment, outputs = place.plan(base)
    assert "Run `image-matrix lock && image-matrix render`, and commit the changes" in comment
    assert (outputs["lock"], outputs["render"]) == ("false", "false")


def test_a_pin_that_moved_without_its_lock_is_locked_for_the_author(place: Place) -> None:
    place.change("{generator: ", "{jobs: image, generator: ")
    (place.root / "matrix.lock.yaml").write_text(LOCK)
    base = place.commit()
    place.change("debian:trixie-slim", "debian:bookworm-slim", render=False)
    code, comment, outputs = place.plan(base)
    assert (code, outputs) == (2, {"lock": "true", "render": "true"})
    assert "error[IM606]" in comment
    assert "**A pin moved without its lock, so nothing is built.** This run locks and renders" in comment
    code, comment, outputs = place.plan(base, repository="somebody/fork")
    assert (code, outputs) == (2, {"lock": "false", "render": "false"})
    assert "image-matrix lock" in comment
    place.change("  other:", "  another: {from: base, pip: [toolz==1.0.0]}\n  other:", render=False)
    assert place.plan(base)[2]["lock"] == "false", "images.yaml changes, too"
    place.patch.setenv("IMAGE_MATRIX_HAS_TOKEN", "true")
    assert place.plan(base)[2]["lock"] == "true"
    place.change("from: base, pip: [six", "from: bsae, pip: [six", render=False)
    assert place.plan(base)[2]["lock"] == "false", "no lock repairs that"


def test_a_run_on_a_branch_is_compared_with_where_it_left_the_default_branch(place: Place) -> None:
    left = place.git("rev-parse", "HEAD")
    place.git("checkout", "--quiet", "-b", "change")
    place.change("six==1.17.0", "six==1.16.0")
    merged = place.git("commit-tree", "HEAD~^{tree}", "-p", left, "-m", "Somebody else's")
    place.git("update-ref", "refs/remotes/origin/main", merged)
    on_branch = {"ref": "refs/heads/change", "inputs": {}}
    code, comment, outputs = place.start("workflow_dispatch", on_branch, staging=True)
    assert (code, outputs["base"]) == (0, left)
    assert "(six==1.17.0 → six==1.16.0) |" in comment
    assert "They are built and tested now, under" in comment
    outputs = place.start("workflow_dispatch", {"ref": "refs/heads/main"}, staging=False)[2]
    assert outputs["base"] == ""


def test_generated_files_are_compared_without_the_overlay_of_a_site(place: Place, tmp_path: Path) -> None:
    overlay = tmp_path / "site.yaml"
    overlay.write_text("sources: {debian: mirror.example.org/debian:trixie-slim}\n")
    place.patch.setenv("IMAGE_MATRIX_OVERLAY", str(overlay))
    assert "out of date" not in place.plan(place.git("rev-parse", "HEAD"))[1]


def test_a_profile_that_users_have_stored_is_in_the_comment(place: Place) -> None:
    profiles = "profiles: {first: {display_name: One, images: [leaf]}, second: {display_name: Two, images: [other]}}\n"
    base = place.change("release:", f"{profiles}release:")
    place.change("second: {display_name", "renamed: {display_name")
    code, comment, _ = place.plan(base)
    assert code == 0
    removed = (
        f"> - the profile `second` of {base[:12]} was removed: if it was renamed, add `aliases: [second]` to"
    )
    assert removed in comment
    place.git("update-ref", "refs/remotes/origin/main", base)
    _, comment, outputs = place.start("workflow_dispatch", {"ref": "refs/heads/change"}, staging=True)
    assert removed in comment
    assert outputs["base"] == base


def test_what_others_have_merged_meanwhile_is_not_this_pull_requests_change(place: Place) -> None:
    old = place.git("rev-parse", "HEAD")
    place.git("checkout", "--quiet", "-b", "change")
    head = place.change("six==1.17.0", "six==1.16.0")
    place.git("checkout", "--quiet", "main")
    merged = place.change("toolz==1.0.0", "toolz==0.12.0")
    place.held |= place.tags()
    place.git("merge", "--quiet", "--no-ff", "--no-commit", "-s", "ours", "change")
    place.change("six==1.17.0", "six==1.16.0")
    assert place.git("rev-parse", "HEAD^1", "HEAD^2").split() == [merged, head]
    _, comment, _ = place.plan(old, head)
    assert "`leaf:python3.13`" in comment
    assert "toolz" not in comment
    _, comment, _ = place.plan(old, "main")
    assert "toolz" in comment, "where something else is checked out, the event's base counts"


def test_a_fork_plans_without_the_registry(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("six==1.17.0", "six==1.16.0")
    _, comment, outputs = place.plan(base, repository="stranger/notebooks")
    assert outputs["legs"] == "{}"
    assert [entry["variants"] for entry in json.loads(outputs["fork"])] == ["leaf:python3.13"]
    assert "cannot push images" in comment


def test_a_registry_that_does_not_answer_is_said_where_people_look(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    (host,) = [line for line in (place.root / "matrix.yaml").read_text().splitlines() if "registry:" in line]
    place.change(host, "registry: 127.0.0.1:9/notebooks")
    code, comment, outputs = place.plan(base)
    assert (code, outputs) == (3, {})
    assert "**The plan failed.** Nothing is built until this is fixed:" in comment
    assert "error: the registry gives no answer" in comment


def test_a_mistake_is_said_where_people_look(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("from: base, pip: [six", "from: bsae, pip: [six", render=False)
    code, comment, _ = place.plan(base)
    assert code == 2
    assert "did you mean `base`?" in comment


def layer(place: Place, **environment: str) -> dict[str, str]:
    """Run `ci layer`; return its outputs."""
    return outputs_of(place, "layer", **{"SCANS": "", "LEGS": "", **environment})


def outputs_of(place: Place, *command: str, **environment: str) -> dict[str, str]:
    """Run a step with these variables; return its outputs."""
    output = place.root.parent / "output"
    output.write_text("")
    for name, value in {"GITHUB_OUTPUT": str(output), **environment}.items():
        place.patch.setenv(name, value)
    assert place("ci", *command)[0] == 0
    return dict(line.split("=", 1) for line in output.read_text().splitlines())


LEAF = ("--platform", "linux/amd64", "leaf:python3.13")


def test_a_leg_is_blocked_where_its_parent_is_missing(place: Place) -> None:
    assert outputs_of(place, "ready", "build", *LEAF) == {"blocked": "false"}
    place.held -= {name for name in place.held if name.startswith("base:")}
    assert outputs_of(place, "ready", "build", *LEAF) == {"blocked": "true"}
    code, shown = place("ci", "ready", "build", *LEAF)
    assert code == 0
    assert shown == (
        "::notice title=Blocked::leaf:python3.13 (linux/amd64) waits for base:python3.13, "
        "which was not built or failed\n"
    )
    assert outputs_of(place, "ready", "scan", *LEAF) == {"blocked": "false"}


def test_a_scan_is_blocked_where_its_image_is_missing(place: Place) -> None:
    place.held -= {name for name in place.held if name.startswith("leaf:")}
    assert outputs_of(place, "ready", "scan", *LEAF) == {"blocked": "true"}
    place.refusals.append(Refusal("permission_denied", ("leaf:",)))
    assert outputs_of(place, "ready", "scan", *LEAF) == {"blocked": "false"}, "a refusal is no failed build"


def test_the_plan_says_which_jobs_for_images_need_not_wait(place: Place) -> None:
    place.change("{generator: ", "{jobs: image, generator: ")
    base = place.git("rev-parse", "HEAD")
    assert place.plan(base)[2]["ready"] == ""
    place.change("six==1.17.0", "six==1.16.0")
    assert place.plan(base)[2]["ready"] == ",leaf-amd64<base-amd64,"
    assert place.plan(base, repository="somebody/fork")[2]["ready"] == ""


def test_what_stands_on_a_failed_parent_is_not_started(place: Place) -> None:
    place.change("{generator: ", "{jobs: layer, generator: ")
    legs = "leaf:python3.13@linux/amd64 other:python3.13@linux/amd64"
    outputs = layer(place, LEGS=legs, SCANS="base:python3.13@linux/amd64")
    assert [entry["variant"] for entry in json.loads(outputs["legs"])[0]] == [
        "leaf:python3.13",
        "other:python3.13",
    ]
    assert [entry["variant"] for entry in json.loads(outputs["scans"])[0]] == ["base:python3.13"]
    place.held -= {name for name in place.held if name.startswith("base:")}
    outputs = layer(place, LEGS=legs, SCANS="base:python3.13@linux/amd64")
    assert outputs == {"legs": "[]", "scans": "[]"}


def test_a_refusal_is_no_failed_parent(place: Place) -> None:
    place.refusals.append(Refusal("permission_denied", ("base:",)))
    outputs = layer(place, LEGS="leaf:python3.13@linux/amd64")
    assert len(json.loads(outputs["legs"])[0]) == 1


def test_a_plan_for_layers(place: Place) -> None:
    place.change("{generator: ", "{jobs: layer, generator: ")
    base = place.git("rev-parse", "HEAD")
    outputs = place.plan(base)[2]
    assert (outputs["entries"], outputs["layer_1"]) == ("[]", "")
    place.change("six==1.17.0", "six==1.16.0")
    outputs = place.plan(base)[2]
    assert (outputs["entries"], outputs["layer_1"]) == ("[]", "leaf:python3.13@linux/amd64")
    assert place.plan(base, repository="somebody/fork")[2]["layer_1"] == ""


def test_a_pull_request_follows_the_policy_of_its_base_and_of_the_organisation(place: Place) -> None:
    policy = 'policy: {packages: {pip: {deny: ["six==1.16.0"]}}}\n'
    base = place.change("release:", f"{policy}release:")
    place.change(policy, "")
    code, comment, _ = place.plan(base)
    assert code == 0, "the check that follows fails"
    assert "**This loosens the policy, so nothing is built.**" in comment
    assert "`packages.pip.deny` no longer has `six==1.16.0`" in comment
    place.change("six==1.17.0", "six==1.16.0")
    code, comment, _ = place.plan(base)
    assert (code, "error[IM902]" in comment) == (2, True)
    assert place.start("push", {"ref": "refs/heads/main", "before": base}, staging=False)[0] == 0
    place.patch.setenv("IMAGE_MATRIX_POLICY", policy)
    code, comment, _ = place.start("push", {"ref": "refs/heads/main", "before": base}, staging=False)
    assert (code, "IMAGE_MATRIX_POLICY" in comment) == (2, True)
