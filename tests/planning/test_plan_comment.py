"""The plan in Markdown, as a stranger reads it on a pull request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.planning import comment as plan_comment
from image_matrix.planning.comment import markdown
from image_matrix.planning.plan import Plan, PlanEntry, make_plan
from image_matrix.render.docs.images_page import image_parents, text

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from image_matrix.planning.plan import State


def said(new: State, plan: Plan) -> str:
    return markdown(plan, image_parents(new.loaded.variants))


def test_what_is_built_and_why(state: Callable[..., State]) -> None:
    new = state(("scipy==1.17.1", "scipy==1.17.0"))
    found = said(new, make_plan(new, state(), None))
    assert "**3 of 7 variants to build, 2 images, 6 builds over all platforms.**\n" in found
    assert "class n_science,n_everything marked;" in found
    assert "Coloured images change; the others are their ancestors." in found
    assert "| `science:python3.13` | amd64, arm64 | pip packages (scipy==1.17.1 → scipy==1.17.0) |" in found
    assert "<details>" not in found


def test_nothing_to_do(state: Callable[..., State]) -> None:
    new = state()
    found = said(new, make_plan(new, new, None))
    assert found == "### Images\n\n**Nothing to build: none of 7 variants has changed.**\n"


def test_what_differs_is_shown_though_an_earlier_run_has_built_it(state: Callable[..., State]) -> None:
    new = state(("scipy==1.17.1", "scipy==1.17.0"))
    plan = make_plan(new, state(), None)
    there = tuple(
        replace(entry, build=entry.build and entry.variant == "science:python3.11", presence="present")
        for entry in plan.entries
    )
    found = said(new, Plan(there))
    assert (
        "**1 of 7 variants to build, 1 image, 2 builds over all platforms.** 2 variants with changes are"
        in found
    )
    assert "pip packages (scipy==1.17.1 → scipy==1.17.0) (already built) |" in found
    assert "| `science:python3.11` | amd64, arm64 | pip packages (scipy==1.17.1 → scipy==1.17.0) |" in found
    assert "class n_science,n_everything marked;" in found
    none = said(new, Plan(tuple(replace(entry, build=False, presence="present") for entry in plan.entries)))
    assert (
        "**Nothing to build: the registry has all 7 variants.** 3 variants with changes are already built."
        in none
    )


def test_everything_is_coloured_where_everything_changes(state: Callable[..., State]) -> None:
    new = state()
    assert "Coloured" not in said(new, make_plan(new, None, None))


def test_a_long_table_is_folded_below_its_reasons(
    state: Callable[..., State], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_comment, "FOLD_FROM", 3)
    new = state(("scipy==1.17.1", "scipy==1.17.0"), ("bundles: [full]}", "bundles: [full], env: {A: b}}"))
    found = said(new, make_plan(new, state(), None))
    assert (
        "- pip packages (scipy==1.17.1 → scipy==1.17.0): `science`\n- environment: `everything`\n\n"
        "<details><summary>All 3 variants</summary>\n\n| variant"
    ) in found
    assert found.count("<details>") == found.count("</details>") == 1
    absent = make_plan(new, None, {})
    assert "- not in the registry: `base`, `lab`" in said(new, absent)


def many(images: int) -> tuple[Plan, dict[str, str | None]]:
    reason = "pip packages (" + ", ".join(f"package-{number}==1.0" for number in range(12)) + ")"
    entries = tuple(
        PlanEntry(
            f"image-{number}:python3.13", "linux/amd64", 1, "k", "t", build=True, presence=None, reasons=(reason,),
            cause=None, cause_reasons=(), children=(),
        )
        for number in range(images)
    )  # fmt: skip
    removed = tuple(f"gone-{number}:python3.13" for number in range(images))
    return Plan(entries, removed), {f"image-{number}": None for number in range(images)}


def test_a_large_plan_stays_whole_markdown_and_fits() -> None:
    plan, parents = many(2000)
    found = markdown(plan, parents)
    assert len(found) < 40_000
    assert "mermaid" not in found
    assert found.count("```") % 2 == 0
    assert found.count("<details>") == found.count("</details>") == 1
    rows = re.findall(r"^\| `image-\d+:python3\.13` \| .* \|$", found, re.MULTILINE)
    assert f"\n\n… and {2000 - len(rows)} variants more; the log of the run lists all." in found
    assert len(rows) > 50
    assert "`gone-19:python3.13` and 1980 more." in found


def test_nobody_and_no_issue_is_notified() -> None:
    assert text("npm packages (+@jupyterlab/git@1.0)") == "npm packages (+@&#8203;jupyterlab/git@1.0)"
    assert text("fixes #12") == r"fixes \#&#8203;12"
    assert text("C# and mail@example.org") == r"C\# and mail@example.org"


def test_what_is_only_tested_is_in_the_table_and_in_no_graph(state: Callable[..., State]) -> None:
    new = state(("bundles: [full]}", "bundles: [full], tests: {imports: [dill]}}"))
    found = said(new, make_plan(new, state(), None))
    assert "**Nothing to build: none of 7 variants has changed; 1 variant only to test.**\n" in found
    assert "| `everything:python3.13` | amd64, arm64 | test only: tests |" in found
    assert "mermaid" not in found
