"""The pictures of README.md, from what the program prints for this repository.

``python -m tools.pictures`` makes those whose content has changed; ``--check`` says which, and exits 1. The graph is
the program's own drawing. The others are what Chromium shows: the page for users, the comment on a pull request, and
the form of the hub, by KubeSpawner's own template.
``inputs.json`` has the hash of the content of each, so that a picture is made again when its content changes, and not
because another Chromium draws a pixel otherwise.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from image_matrix.cli.ci_review import changes_for_users
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.dag import chain
from image_matrix.github.comment import comment
from image_matrix.github.event import Event
from image_matrix.github.run_plan import RunPlan
from image_matrix.planning.comment import markdown
from image_matrix.planning.plan import make_plan
from image_matrix.profiles.references import with_sources
from image_matrix.project.inputs import read_inputs
from image_matrix.render.docs.catalog import SCRIPT, TEMPLATE, catalog_page
from image_matrix.render.docs.catalog_data import data_text, shown_of
from image_matrix.render.docs.catalog_profiles import profile_cards, profiles_of
from image_matrix.render.docs.graph_svg import svg
from image_matrix.render.docs.images_page import image_contexts, image_parents, image_sources
from image_matrix.render.kubernetes.outputs import deploy_files
from image_matrix.temporary import temporary_folder
from tests.environments import python_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from image_matrix.cli.project import Project
    from image_matrix.config.loaded import Loaded

REPOSITORY = Path(__file__).parent.parent
FOLDER = REPOSITORY / "docs/pictures"
INPUTS = FOLDER / "inputs.json"
HUB = "kubespawner-of-chart-4.4.0"
"""The environment of tests with the hub and the spawner of this chart."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SEARCH = "torch"
"""What the picture of the page shows the search for."""
EDITS = (
    ("apt: [cm-super, dvipng, ffmpeg]", "apt: [cm-super, dvipng, ffmpeg, graphviz]"),
    ("memory: {limit: 16Gi, guarantee: 4Gi}", "memory: {limit: 12Gi, guarantee: 4Gi}"),
)
"""The pull request that the comment is on: a package more in an image, and less memory in a size."""
STYLE = """\
body { margin: 0; padding: 24px; background: #fff; color: #1f2328; font: 14px/1.5 system-ui, sans-serif; }
article { border: 1px solid #d1d9e0; border-radius: 6px; max-width: 860px; }
header { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; }
main { padding: 0 16px 8px; } h3 { font-size: 18px; margin: 16px 0 8px; } code { font: 12px ui-monospace, monospace;
  background: #eff1f3; border-radius: 6px; padding: 2px 5px; } table { border-collapse: collapse; margin: 8px 0; }
th, td { border: 1px solid #d1d9e0; padding: 5px 12px; text-align: left; }
tr:nth-child(even) td { background: #f6f8fa; } .changed { fill: #f9c74f; stroke: #b5651d; }
ul { padding-left: 24px; } figure { margin: 12px 0; }
"""


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A page that Chromium is to show."""

    html: Callable[[], str]
    width: int
    height: int
    content: str
    """What can be seen of it: another content is another picture."""
    address: str = ""
    """What follows the name of the file: ``#find=torch``."""


def graph_picture() -> str:
    """Return the graph of the images as SVG, as `image-matrix graph --format svg` prints it."""
    loaded = _project().loaded
    return _graph(loaded, image_parents(loaded.variants))


def _graph(loaded: Loaded, parents: Mapping[str, str | None]) -> str:
    sources = {name: source for name, source in image_sources(loaded.variants).items() if name in parents}
    others = {name: more for name, more in image_contexts(loaded.variants).items() if name in parents}
    return svg(parents, sources, loaded.matrix.order, others=others)


def screenshots() -> dict[str, Screenshot]:
    """Return what Chromium is to show, by name."""
    return {"catalog": _catalog(), "comment": _comment(), "form": _form()}


def _project() -> Project:
    return load_project(read_inputs(REPOSITORY))


def _catalog() -> Screenshot:
    """Return the page for users with a search; its visible part is the templates, the search and the profiles."""
    project = _project()
    loaded, templates = project.loaded, project.inputs.templates
    shown = shown_of(loaded, project.pins)
    cards = profile_cards(loaded.matrix, loaded.variants, loaded.variants)
    entries = json.loads(data_text(shown, profiles_of(cards)))
    matches = {
        one["id"]: {
            name: version for name, version in one["packages"].get("pip", {}).items() if SEARCH in name
        }
        for one in entries
    }
    visible = [
        templates.pages[TEMPLATE],
        templates.pages[SCRIPT],
        loaded.matrix.registry,
        matches,
        repr(cards[:3]),
    ]
    page = catalog_page(shown, templates).content.decode()
    return Screenshot(lambda: page, 1000, 640, json.dumps(visible), f"#find={SEARCH}")


def _comment() -> Screenshot:
    """Return the comment that the workflow writes on a pull request with :data:`EDITS`, as GitHub shows it."""
    inputs = read_inputs(REPOSITORY)
    text = inputs.texts["matrix.yaml"]
    for old, new in EDITS:
        if text.count(old) != 1:
            message = f"matrix.yaml has no {old!r}, which a picture edits: change EDITS in tools/pictures.py"
            raise ValueError(message)
        text = text.replace(old, new)
    before, after = (
        state_of(load_project(one)) for one in (inputs, replace(inputs, texts={"matrix.yaml": text}))
    )
    plan = make_plan(after, before, None)
    report = markdown(plan, image_parents(after.loaded.variants))
    changes = changes_for_users(after, plan, before)
    event = Event("pull_request", pull_request=1)
    written = comment(f"{report}\n{changes}", event, RunPlan(plan), after.loaded.matrix)
    concerned = {entry.variant.partition(":")[0] for entry in plan.build}
    page = _as_page(written, after.loaded, concerned)
    visible = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    return Screenshot(lambda: page, 920, 600, visible)


def _form() -> Screenshot:
    """Return the first profiles of the site `hub` as KubeSpawner and JupyterHub show them."""
    loaded = _project().loaded
    variants = {
        item.id: f"{loaded.matrix.repository(item)}:{item.label}" for item in loaded.variants.values()
    }
    files = deploy_files(loaded.matrix, loaded.variants, with_sources(loaded.matrix, variants, str))
    values = yaml.safe_load(files["deploy/hub/jupyterhub/values.yaml"].content)
    profiles = values["singleuser"]["profileList"]
    return Screenshot(lambda: _as_spawn_page(profiles), 900, 692, json.dumps(profiles))


def _as_spawn_page(profiles: Sequence[Mapping[str, object]]) -> str:
    """Return JupyterHub's page with KubeSpawner's form, of the versions that a chart has."""
    from jinja2 import ChainableUndefined, Environment, FileSystemLoader

    environment = python_of(HUB).parent.parent
    (templates,) = environment.glob("lib/python*/site-packages/kubespawner/templates")
    # KubeSpawner sets what options do not have to what is false
    jinja = Environment(loader=FileSystemLoader(templates), undefined=ChainableUndefined)  # noqa: S701 - it is HTML
    form = jinja.get_template("form.html")
    style = (environment / "share/jupyterhub/static/css/style.min.css").read_text(encoding="utf-8-sig")
    head = f'<!doctype html><html data-bs-theme="light"><meta charset="utf-8"><style>{style}</style>'
    button = '<br><button class="btn btn-jupyter form-control">Start</button>'
    return (
        f'{head}<div class="container"><div class="row text-center"><h1>Server Options</h1></div>'
        f'<div class="row justify-content-center"><div class="col-md-8">'
        f"<form>{form.render(profile_list=profiles)}{button}</form></div></div></div>"
    )


def _as_page(written: str, loaded: Loaded, concerned: set[str]) -> str:
    """Return Markdown as a page. What GitHub draws of Mermaid, is our own drawing of the same images."""
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(written)
    every = image_parents(loaded.variants)
    part = {one for name in concerned for one in chain(name, every.get)}
    drawing = _graph(loaded, {name: every[name] for name in every if name in part})
    for name in concerned:
        box = rf'<rect class="box"([^\n]*\n[^\n]*>{re.escape(name)}</text>)'
        drawing = re.sub(box, r'<rect class="changed"\1', drawing)
    html = re.sub(
        r'<pre><code class="language-mermaid">.*?</code></pre>',
        lambda _: f"<figure>{drawing}</figure>",
        html,
        flags=re.DOTALL,
    )
    head = f'<!doctype html><meta charset="utf-8"><title>Comment</title><style>{STYLE}</style>'
    return f"{head}<article><header><b>github-actions</b> commented</header><main>{html}</main></article>"


def hashes(pictures: Mapping[str, Screenshot]) -> dict[str, str]:
    """Return the hash of the content of each picture, by name."""
    return {name: hashlib.sha256(one.content.encode()).hexdigest() for name, one in pictures.items()}


def outdated(pictures: Mapping[str, Screenshot]) -> list[str]:
    """Return the names of the pictures whose content has changed, or that are missing."""
    known = json.loads(INPUTS.read_text(encoding="utf-8")) if INPUTS.is_file() else {}
    graph = FOLDER / "graph.svg"
    same = graph.is_file() and graph.read_text(encoding="utf-8") == graph_picture()
    now = hashes(pictures)
    changed = [name for name in now if now[name] != known.get(name) or not (FOLDER / f"{name}.png").is_file()]
    return [*([] if same else ["graph"]), *changed]


def photograph(picture: Screenshot, path: Path) -> None:
    """Write what Chromium shows of a page, in light colours, as PNG."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"no browser to make pictures with: install one of {', '.join(BROWSERS)}")
    with temporary_folder() as folder:
        page = folder / "page.html"
        page.write_text(picture.html(), encoding="utf-8")
        options = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--virtual-time-budget=3000",
        )
        size = f"--window-size={picture.width},{picture.height}"
        profile = f"--user-data-dir={folder}/profile"
        address = f"{page.as_uri()}{picture.address}"
        command = [browser, *options, size, profile, f"--screenshot={path}", address]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> int:
    """Make the pictures that are out of date, or name them with ``--check``."""
    pictures = screenshots()
    names = outdated(pictures)
    if "--check" in sys.argv[1:]:
        print(
            "".join(f"docs/pictures: {name} is out of date; run `make pictures`\n" for name in names), end=""
        )
        return 1 if names else 0
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        if name == "graph":
            (FOLDER / "graph.svg").write_text(graph_picture(), encoding="utf-8")
        else:
            photograph(pictures[name], FOLDER / f"{name}.png")
        print(f"made docs/pictures/{name}")
    INPUTS.write_text(json.dumps(hashes(pictures), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
