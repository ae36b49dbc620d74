"""``python -m bench.lists DIR``: the profile lists of real hubs as matrices, and whether their pods are the same.

DIR has files with profile lists: a checkout of 2i2c-org/infrastructure at 9ad7cd0, for example, or of other hubs'
repositories. Each list is imported as ``image-matrix import profiles`` does it, and rendered. Then every choice of the
list and of the rendered one is posted to a real KubeSpawner, as a browser would, and the pods are compared.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bench.measure import table
from image_matrix.diagnostics import MatrixError
from image_matrix.errors import CallError
from image_matrix.importing.edit import with_profiles
from image_matrix.importing.former_names import with_current_names
from image_matrix.importing.list_checks import check_list
from image_matrix.importing.profile_drafts import REPLACED_TOLERATIONS
from image_matrix.importing.profile_list import TakenNames, profiles_of
from image_matrix.importing.profile_options import as_users_see_it, option_names
from image_matrix.importing.sources import Known
from image_matrix.importing.spawner_list import documents_of, spawner_list
from image_matrix.profiles.devices import taints_of
from image_matrix.profiles.references import with_sources
from image_matrix.profiles.slugs import slugify
from image_matrix.project.load import load
from image_matrix.registry.reference import parse_reference
from image_matrix.render.kubernetes.outputs import deploy_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Ask = Callable[[Any], dict[str, Any]]

REGISTRY, HUB = "registry.example/hub", "5.5.0"
MATRIX = f"""\
version: 1
registry: {REGISTRY}
workflow: none
sources: {{debian: "docker.io/library/debian:trixie-slim"}}
images: {{base: {{from: debian, kind: base}}}}
sites: {{hub: {{jupyterhub: {HUB}}}}}
"""
"""A matrix without profiles; its image is not offered."""
TYPED = "quay.io/typed/by-a-user:1"
"""What is posted where users can type an image in."""
CHART_CONTAINER = "block-cloud-metadata"
"""The init container that the chart adds; our hub code keeps it where a list of a profile would remove it."""
HEADER = ("list", "profiles", "posts", "equal", "not carried over")


@dataclass(frozen=True, slots=True)
class Compared:
    """A list, and how many of its pods the matrix makes as well."""

    name: str
    profiles: int
    posts: int
    equal: int
    notes: tuple[str, ...]
    differences: tuple[str, ...] = ()

    @property
    def row(self) -> tuple[str, ...]:
        """What the table shows."""
        return self.name, str(self.profiles), str(self.posts), str(self.equal), str(len(self.notes))


def main(folder: Path) -> str:
    """Compare all lists below a folder, and return the table."""
    from tests.deploy.conftest import HERE, conversation
    from tests.environments import python_of

    conversations = conversation(python_of("kubespawner-newest"), HERE / "kubespawner_driver.py")
    ask = next(conversations)
    compared = [compare(name, entries, ask) for name, entries in lists_below(folder)]
    for item in compared:
        for problem in (*item.notes, *item.differences):
            print(f"{item.name}: {problem}", file=sys.stderr)
    every = Compared(
        "all",
        sum(item.profiles for item in compared),
        sum(item.posts for item in compared),
        sum(item.equal for item in compared),
        tuple(note for item in compared for note in item.notes),
    )
    rows = [item.row for item in (*compared, every)]
    whole = sum(item.posts == item.equal for item in compared)
    return table(f"Profile lists: {whole} of {len(compared)} are the same whole", HEADER, rows)


def lists_below(folder: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the lists of all YAML files below a folder, each with the file's path."""
    for path in sorted(folder.rglob("*.y*ml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "profileList" in text or "profile_list" in text:
            try:
                entries = spawner_list(path.name, documents_of(path.name, text))
                check_list(entries, path.name, text)
                yield path.relative_to(folder).as_posix(), entries
            except CallError as error:
                print(f"{error}", file=sys.stderr)


def compare(name: str, entries: Sequence[dict[str, Any]], ask: Ask) -> Compared:
    """Import a list, render it, and compare the pods of every choice."""
    text, notes = imported_text(entries)
    theirs = _pods({"singleuser": {"profileList": list(entries)}}, ask)
    try:
        ours = _pods(rendered(text), ask)
    except MatrixError as error:
        problems = tuple(str(item) for item in error.diagnostics)
        return Compared(name, len(entries), len(theirs), 0, notes, problems)
    current = [as_users_see_it(with_current_names(entry, [])) for entry in entries]
    options = {slug_of(entry): option_names(entry, []) for entry in current}
    compared = (_difference(post, ours, options[post["slug"]]) for post in theirs)
    differences = [difference for difference in compared if difference is not None]
    equal = len(theirs) - len(differences)
    return Compared(name, len(entries), len(theirs), equal, notes, tuple(differences))


def imported_text(entries: Sequence[dict[str, Any]]) -> tuple[str, tuple[str, ...]]:
    """Return the text of a matrix with a list, and the notes."""
    imported = profiles_of(entries, Known(REGISTRY, ("base",), {}), TakenNames({}), HUB)
    replaced = any(REPLACED_TOLERATIONS in note for note in imported.notes)
    matrix = MATRIX.replace(HUB, f"{HUB}, tolerations: []") if replaced else MATRIX
    return with_profiles(matrix, imported.sources, imported.sizes, imported.profiles), imported.notes


def rendered(text: str) -> dict[str, Any]:
    """Return the chart's values for the text of a matrix."""
    loaded = load({"matrix.yaml": text}, ["base"])
    references = with_sources(loaded.matrix, {}, lambda reference: reference)
    files = deploy_files(loaded.matrix, loaded.variants, references)
    values: dict[str, Any] = yaml.safe_load(files["deploy/hub/jupyterhub/values.yaml"].content)
    return values


def slug_of(entry: Mapping[str, Any]) -> str:
    """Return the slug that KubeSpawner gives an entry."""
    return str(entry.get("slug") or slugify(str(entry["display_name"])))


def _pods(values: dict[str, Any], ask: Ask) -> list[dict[str, Any]]:
    posts: list[dict[str, Any]] = ask({**values, "custom": {"typed": {"image": TYPED}}})["pods"]
    return posts


def _difference(
    post: Mapping[str, Any], ours: Sequence[Mapping[str, Any]], options: Mapping[str, str]
) -> str | None:
    """Return how the pod of a post differs from ours for the same choice, or ``None``."""
    chosen = {options[name]: key for name, key in post["choice"].items()}
    same = next(
        (one for one in ours if one["slug"] == slugify(post["slug"]) and _fits(one["choice"], chosen)), None
    )
    where = f"{post['slug']} {chosen}"
    if same is None:
        return f"{where}: not offered"
    expected, actual = facts(post["pod"]), facts(same["pod"])
    extra = [item for item in actual.pop("tolerations") if item not in expected["tolerations"]]
    lost = [item for item in expected.pop("tolerations") if item not in _tolerations(same["pod"])]
    devices = {key for device in actual["resources"].get("limits", {}) for key in taints_of(device)}
    changed = [name for name in expected if expected[name] != actual[name]]
    changed += ["tolerations"] if lost or any(item.get("key") not in devices for item in extra) else []
    return f"{where}: {', '.join(changed)}" if changed else None


def _fits(ours: Mapping[str, str], chosen: Mapping[str, str]) -> bool:
    """Return whether a post is for the same choice; an option with one choice is not in our form."""
    return all(chosen.get(name) == key for name, key in ours.items())


def facts(pod: Mapping[str, Any]) -> dict[str, Any]:
    """Return what matters of a pod, in one form: references in full, what has no order sorted."""
    spec = pod["spec"]
    container = spec["containers"][0]
    image = str(parse_reference(container["image"]))
    return {
        "image": image,
        "resources": {
            side: {name: str(amount) for name, amount in amounts.items()}
            for side, amounts in container.get("resources", {}).items()
        },
        "env": sorted(str(item).replace(container["image"], image) for item in container.get("env", ())),
        "container": _without(container, "image", "resources", "env"),
        "init containers": [
            item for item in spec.get("initContainers", ()) if item["name"] != CHART_CONTAINER
        ],
        "tolerations": _tolerations(pod),
        "pod": _without(spec, "containers", "initContainers", "tolerations"),
        "labels": pod["metadata"].get("labels"),
        "annotations": pod["metadata"].get("annotations"),
    }


def _tolerations(pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(pod["spec"].get("tolerations", ()))


def _without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
