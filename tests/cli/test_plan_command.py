from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Repository


def test_a_plan_that_compares_nothing_says_so(repository: Repository) -> None:
    shown = repository("plan")
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "layer  variant             platforms",
        "0      base:python3.13     amd64",
        "0      base:python3.11     amd64",
        "1      jupyter:python3.13  amd64",
        "3 of 3 variants to build, 2 images, 3 builds over all platforms",
    ]
    assert "--since REV or --registry" in shown.err


def test_a_plan_of_some_variants_has_what_they_stand_on(repository: Repository) -> None:
    shown = repository("plan", "base")
    assert [line.split()[1] for line in shown.out.splitlines()[1:3]] == ["base:python3.13", "base:python3.11"]
    assert shown.out.endswith("2 of 2 variants to build, 1 image, 2 builds over all platforms\n")
    shown = repository("plan", "jupyter", "--format", "json")
    assert [entry["variant"] for entry in json.loads(shown.out)["build"]] == [
        "base:python3.13",
        "jupyter:python3.13",
    ]
    assert "did you mean `jupyter`?" in repository("plan", "jupiter").err


def test_why_has_keys_tags_and_inputs(repository: Repository) -> None:
    entries = json.loads(repository("plan", "--format", "json").out)["build"]
    jupyter = next(entry for entry in entries if entry["variant"] == "jupyter:python3.13")
    shown = repository("why", "jupyter").out.splitlines()
    assert shown[:2] == ["jupyter:python3.13", f"  linux/amd64  {jupyter['key']}"]
    assert shown[2].endswith(f", {jupyter['tag']}")
    assert "  parent: base:python3.13" in shown
    assert "  pip packages: scipy==1.17.1" in shown
    assert "  Python: 3.13, provider distribution" in shown


def test_why_says_where_architectures_differ(repository: Repository) -> None:
    address = "https://example.org/tool-{version}-{arch}"
    repository.replace(
        "bundles:\n  full",
        "defaults: {images: {platforms: [linux/amd64, linux/arm64]}}\n"
        f"downloads: {{tool: {{version: '1', url: '{address}', to: /opt/tool}}}}\nbundles:\n  full",
    )
    repository.replace("    apt: [git]", "    apt: [git]\n    downloads: [tool]")
    shown = repository("why", "base:python3.13").out
    assert "  download tool (amd64): 1, https://example.org/tool-1-amd64, to /opt/tool\n" in shown
    assert "  download tool (arm64): 1, https://example.org/tool-1-arm64, to /opt/tool\n" in shown
    assert "  apt packages: git\n" in shown
