"""Renders the kustomizations that bring Kubeflow's lists to a cluster, with Flux or with kubectl.

Source for Notebooks 1: kubeflow/notebooks v1.11.0, components/crud-web-apps/jupyter/manifests/base/kustomization.yaml.
The Deployment of the web app mounts a ConfigMap with a hashed name, so the list must be in the same build as the web
app: kustomize then writes the new name into the Deployment, and the web app starts with the new list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.render.kubernetes.dump import dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS
from image_matrix.render.kubernetes.kustomization import component, kustomization

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.sites import Site

WEB_APP = (
    "https://github.com/kubeflow/notebooks//components/crud-web-apps/jupyter/manifests/overlays/istio"
    "?ref=v1.11.0"
)
"""The usual kustomization of the web app."""
WEB_APP_CONFIG = "jupyter-web-app-config"
"""The ConfigMap of the web app, without its hash."""
FORM = "spawner_ui_config.yaml"
KINDS = "workspacekind.yaml"


def of_folders(folders: Iterable[str]) -> str:
    """Return the kustomization that applies several folders."""
    return dump(kustomization(resources=list(folders)), about=ABOUT)


def of_web_app(site: Site, form: str) -> str:
    """Return the kustomization of the web app of Notebooks 1; ``form`` is the component that replaces its list."""
    manifest = kustomization(resources=[site.web_app or WEB_APP], components=[form])
    return dump(
        manifest, about=f"{ABOUT}\nThe web app of Kubeflow Notebooks 1 with the list of this repository."
    )


def of_form(site: Site) -> str:
    """Return the component that replaces the list of the web app in whatever kustomization has the web app."""
    replaced = {
        "name": WEB_APP_CONFIG,
        "namespace": site.namespace,
        "behavior": "replace",
        "files": [FORM],
        "options": {"labels": PLAIN_LABELS},
    }
    about = f"{ABOUT}\nList it under `components` of the kustomization that installs the web app."
    return dump(component(configMapGenerator=[replaced]), about=about)


def of_kinds() -> str:
    """Return the kustomization of the WorkspaceKinds of Notebooks 2."""
    return dump(kustomization(resources=[KINDS]), about=ABOUT)


def of_pod_defaults() -> str:
    """Return the kustomization of the PodDefaults; whoever applies it names the namespace of a user."""
    about = f"{ABOUT}\nFor every namespace in which people start notebooks."
    return dump(kustomization(resources=["poddefaults.yaml"]), about=about)
