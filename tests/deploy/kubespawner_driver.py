"""Drives the real KubeSpawner: one JSON line with chart values in, one JSON line with what users would get out.

Runs in an environment of its own. The form is rendered and read as a browser reads it: every radio and every option of
every select is posted, and the pod of each post is returned. For what users type in, ``custom.typed`` of the option is
posted; ``custom.posted`` is posted as it is, whatever the form shows. ``custom.groups`` are the user's groups (all,
where it is left out) and ``custom.saved`` what the hub has stored of the user's last choice. With ``custom.refused``
the answer is what the form and a start without a form are refused with. The lists are those that the chart sets; with
``custom.volume_lists`` the volumes are lists as well, as they are in charts before 4.3. With ``custom.mounted`` they
come from the chart's own jupyterhub_config.py, which lies in that folder with all that it reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import os
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

CHART_TOLERATIONS = [
    {"key": f"hub.jupyter.org{mark}dedicated", "operator": "Equal", "value": "user", "effect": "NoSchedule"}
    for mark in "/_"
]
BLOCKS_METADATA = {"name": "block-cloud-metadata", "image": "quay.io/jupyterhub/k8s-network-tools:1"}
USER_NODES = {
    "weight": 100,
    "preference": {
        "matchExpressions": [{"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}]
    },
}
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: none, user: {}}]
"""


class Form(HTMLParser):
    """The spawner's form: slugs with the checked one, and the options of every select with the selected ones."""

    def __init__(self) -> None:
        super().__init__()
        self.slugs: list[str] = []
        self.checked: list[str] = []
        self.selects: dict[str, list[str]] = {}
        self.selected: dict[str, list[str]] = {}
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "input" and given.get("type") == "radio":
            self.slugs.append(given.get("value") or "")
            self.checked += [given.get("value") or ""] if "checked" in given else []
        if tag == "select":
            self.select = given["name"] or ""
            self.selects[self.select] = []
            self.selected[self.select] = []
        if tag == "option" and self.select:
            self.selects[self.select].append(given.get("value") or "")
            self.selected[self.select] += [given.get("value") or ""] if "selected" in given else []

    def handle_data(self, data: str) -> None:
        if data.strip() and self.tags[-1] not in ("script", "style"):
            self.texts.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


def new_spawner(values: dict[str, Any]) -> Any:
    from kubespawner import KubeSpawner

    custom = values.get("custom", {})
    config = config_of_chart(custom["mounted"]) if "mounted" in custom else config_like_chart(values)
    spawner = KubeSpawner(config=config, _mock=True)
    spawner.user.groups = [SimpleNamespace(name=name) for name in custom.get("groups", every_group(values))]
    spawner.user_options = dict(custom.get("saved", {}))
    return spawner


@functools.lru_cache(maxsize=1)
def config_of_chart(folder: str) -> Any:
    """Read the chart's jupyterhub_config.py once, as the hub does: all its servers share the configuration."""
    from traitlets.config import PyFileConfigLoader

    sys.modules.pop("z2jh", None)
    os.environ |= json.loads((Path(folder) / "environment.json").read_text(encoding="utf-8"))
    with contextlib.redirect_stdout(sys.stderr):
        return PyFileConfigLoader("jupyterhub_config.py", folder).load_config()


def config_like_chart(values: dict[str, Any]) -> Any:
    """Return what the chart configures, without the chart."""
    from kubespawner import __version__
    from traitlets.config import Config

    config = Config()
    config.KubeSpawner.profile_list = values["singleuser"]["profileList"]
    config.KubeSpawner.image = "chart/sample:1"
    config.KubeSpawner.tolerations = CHART_TOLERATIONS
    for name, of_chart in (("cpu", "cpu"), ("mem", "memory")):
        config.KubeSpawner[f"{name}_limit"] = values["singleuser"].get(of_chart, {}).get("limit")
    config.KubeSpawner.node_selector = values["singleuser"].get("nodeSelector", {})
    config.KubeSpawner.image_pull_secrets = values["singleuser"].get("image", {}).get("pullSecrets", [])
    as_lists = __version__ < "7" or bool(values.get("custom", {}).get("volume_lists"))
    set_volumes(config, as_lists=as_lists)
    config.KubeSpawner.init_containers = []
    config.KubeSpawner.init_containers.append(BLOCKS_METADATA)
    config.KubeSpawner.node_affinity_preferred.append(USER_NODES)  # only appended to: a LazyConfigValue
    run_extra_config(values, config)
    return config


def set_volumes(config: Any, as_lists: bool) -> None:
    """Set the volume of the home and its mount as the chart does."""
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": "claim"}}
    mount = {"name": "home", "mountPath": "/home/jovyan"}
    config.KubeSpawner.volumes = [volume] if as_lists else {"home": volume}
    config.KubeSpawner.volume_mounts = [mount] if as_lists else {"home": mount}


def run_extra_config(values: dict[str, Any], config: Any) -> None:
    """Run ``hub.extraConfig`` as the chart's jupyterhub_config.py does, with the module ``z2jh`` beside it."""
    z2jh = ModuleType("z2jh")
    z2jh.get_config = lambda path: values["singleuser"][path.rpartition(".")[2]]  # type: ignore[attr-defined]
    sys.modules["z2jh"] = z2jh
    for _, code in sorted(values.get("hub", {}).get("extraConfig", {}).items()):
        exec(code, {"c": config})  # noqa: S102 - what the hub does


def every_group(values: dict[str, Any]) -> list[str]:
    return [group for item in values["singleuser"]["profileList"] for group in groups_of(item)]


def groups_of(part: Any) -> list[str]:
    """The groups that are named anywhere in a part of the list."""
    if not isinstance(part, dict):
        return []
    below = [group for item in part.values() for group in groups_of(item)]
    return [*part.get("allowed_groups", ()), *below]


async def start(spawner: Any) -> None:
    """Load what a user has chosen, as the hub does when it starts a server."""
    spawner._spawn_pending = True
    await spawner.load_user_options()


async def pod_of(values: dict[str, Any], posted: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """The pod of a post, or of a start by API, without any option: the hub takes what it has stored."""
    spawner = new_spawner(values)
    if posted is not None:
        spawner.user_options = spawner.options_from_form(posted)
    await start(spawner)
    manifest = await spawner.get_pod_manifest()
    from kubernetes_asyncio.client import ApiClient

    made: dict[str, Any] = ApiClient().sanitize_for_serialization(manifest)
    return made


async def answer(values: dict[str, Any]) -> dict[str, Any]:
    spawner = new_spawner(values)
    html = await spawner.get_options_form()
    form = Form()
    form.feed(html)
    pods = []
    for slug in form.slugs:
        prefix = f"profile-option-{slug}--"
        own = {name: keys for name, keys in form.selects.items() if name.startswith(prefix)}
        everything = {name: [keys[0]] for name, keys in form.selects.items() if name not in own}
        for keys in itertools.product(*own.values()):
            choice = dict(zip(own, keys, strict=True))
            posted = {"profile": [slug], **everything, **fields(values, prefix, choice)}
            chosen = {name.removeprefix(prefix): key for name, key in choice.items()}
            pods.append({"slug": slug, "choice": chosen, "pod": await pod_of(values, posted)})
    started = await pod_of(values)
    from kubespawner import __version__

    return {
        "version": __version__,
        "slugs": form.slugs,
        "checked": form.checked,
        "selects": form.selects,
        "selected": form.selected,
        "pods": pods,
        "default": started,
        "tags": sorted(set(form.tags)),
        "texts": form.texts,
    }


def fields(values: dict[str, Any], prefix: str, choice: dict[str, str]) -> dict[str, list[str]]:
    """What a browser posts for the options of a profile: the form's script swaps the select for the text field."""
    typed = values.get("custom", {}).get("typed", {})
    return {
        f"{name}--{key}" if key == "unlisted-choice" else name: [
            typed.get(name.removeprefix(prefix), "") if key == "unlisted-choice" else key
        ]
        for name, key in choice.items()
    }


async def posted_as_it_is(values: dict[str, Any]) -> dict[str, Any]:
    """The pod of one post, or what it is refused with."""
    try:
        return {"pod": await pod_of(values, values["custom"]["posted"])}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


async def refused(values: dict[str, Any]) -> dict[str, Any]:
    """Status and message with which the form and a start by API are refused, ``None`` where they are not."""
    from tornado.web import HTTPError

    said: dict[str, Any] = {"form": None, "start": None}
    spawner = new_spawner(values)
    for name, ask in (("form", spawner.get_options_form), ("start", functools.partial(start, spawner))):
        try:
            await ask()
        except HTTPError as error:
            said[name] = [error.status_code, error.log_message]
    return said


def settings() -> dict[str, Any]:
    """The type of every setting, and the fields of the objects that KubeSpawner makes of them."""
    from kubernetes_asyncio.client import models
    from kubespawner import KubeSpawner

    fields = {
        name: {
            "names": list(model.attribute_map.values()),
            "required": [real for plain, real in model.attribute_map.items() if needs(model, plain)],
        }
        for name, model in vars(models).items()
        if name.startswith("V1") and hasattr(model, "attribute_map")
    }
    traits = {
        name: [type(item).__name__ for item in getattr(trait, "trait_types", [trait])]
        for name, trait in KubeSpawner.class_traits(config=True).items()
    }
    former = {name: new for name, (new, _) in KubeSpawner._deprecated_traits.items()}
    return {"traits": traits, "fields": fields, "former": former}


def needs(model: Any, name: str) -> bool:
    """Whether a model refuses to be without a field."""
    try:
        checked = model(local_vars_configuration=unchecked())
        checked.local_vars_configuration.client_side_validation = True
        setattr(checked, name, None)
    except ValueError:
        return True
    return False


def unchecked() -> Any:
    from kubernetes_asyncio.client import Configuration

    made = Configuration()
    made.client_side_validation = False
    return made


async def told(asked: Any) -> dict[str, Any]:
    if asked == "settings":
        return settings()
    if "posted" in asked.get("custom", {}):
        return await posted_as_it_is(asked)
    return await (refused(asked) if asked.get("custom", {}).get("refused") else answer(asked))


async def main() -> None:
    import logging

    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            said: dict[str, Any] = await told(asked)
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    with tempfile.NamedTemporaryFile("w", suffix=".kubeconfig") as file:
        file.write(KUBECONFIG)
        file.flush()
        os.environ["KUBECONFIG"] = file.name
        asyncio.run(main())
