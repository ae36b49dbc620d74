"""A hub in a pod, asked by its REST API as an administrator asks it, and by its pages as a user's browser does."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from tests.cluster.kube import Cluster, until

if TYPE_CHECKING:
    from tests.cluster.kube import Object

TOKEN = os.urandom(16).hex()
"""Of the service of tests, in the values of the chart."""


@dataclass(frozen=True)
class Hub:
    """The hub of a namespace."""

    cluster: Cluster
    deployments: tuple[str, ...]
    """What it runs in, by their names, which are their components as well; users reach it at the pod of the first."""
    namespace: str = "jupyterhub"

    def ready(self, offered: list[Any]) -> None:
        """Wait until the pods run that were started with a list of profiles."""

        def runs() -> bool:
            return all(self.runs(name) for name in self.deployments)

        until(runs, lambda: (self.log(), offered), seconds=300)

    def runs(self, name: str) -> bool:
        """Does the pod of a Deployment run, as the Deployment now is?"""
        found = self.cluster.get("deployment", name, self.namespace)
        status = (found or {}).get("status", {})
        fresh = status.get("observedGeneration") == (found or {}).get("metadata", {}).get("generation")
        return bool(found) and fresh and status.get("updatedReplicas") == status.get("readyReplicas") == 1

    def log(self) -> str:
        """Return the end of the log of each pod of the hub."""
        place = (f"--namespace={self.namespace}", "--tail=60")
        done = [self.cluster.kubectl("logs", f"deployment/{name}", *place) for name in self.deployments]
        return "".join(one.stdout + one.stderr for one in done)

    def address(self) -> str:
        """Return where users reach the hub, by the address of a pod."""
        component = f"--selector=component={self.deployments[0]}"
        (pod,) = self.cluster.all("pod", f"--namespace={self.namespace}", component)
        return f"http://{pod['status']['podIP']}:8000"

    def ask(self, method: str, path: str, **body: Any) -> requests.Response:
        """Send a request to the hub."""
        headers = {"Authorization": f"token {TOKEN}"}
        return requests.request(
            method, f"{self.address()}{path}", headers=headers, json=body or None, timeout=60
        )

    def choices(self, user: str) -> list[str]:
        """Log in as a user without a server, and return the profiles of the form that the hub then shows."""
        with requests.Session() as browser:
            login = f"{self.address()}/hub/login"
            form = browser.get(login, timeout=60).text
            (token,) = re.findall(r'name="_xsrf"\s+value="([^"]+)"', form)
            said = {"username": user, "password": "any", "_xsrf": token}
            browser.post(login, data=said, timeout=60).raise_for_status()
            shown = browser.get(f"{self.address()}/hub/spawn", timeout=60)
            shown.raise_for_status()
        tags = re.findall(r"<input\b[^>]*>", shown.text)
        return [attribute(tag, "value") for tag in tags if attribute(tag, "name") == "profile"]

    def start(self, user: str, **chosen: str) -> Object:
        """Start the server of a user with what the form would post; return the pod when the hub says it is ready."""
        assert self.ask("POST", f"/hub/api/users/{user}").status_code in (201, 409)  # 409: it is there
        begun = self.ask("POST", f"/hub/api/users/{user}/server", **chosen)
        assert begun.status_code in (201, 202), begun.text
        until(
            lambda: self.ask("GET", f"/hub/api/users/{user}").json()["servers"].get("", {}).get("ready"),
            self.log,
            seconds=300,
        )
        pod = self.pod(user)
        assert pod is not None
        return pod

    def pod(self, user: str) -> Object | None:
        """Return the pod of a user's server."""
        return self.cluster.get("pod", f"jupyter-{user}", self.namespace)

    def stop(self, user: str) -> None:
        """Stop the server of a user, and wait until its pod is gone."""
        self.ask("DELETE", f"/hub/api/users/{user}/server")
        until(lambda: self.pod(user) is None, self.log)


def attribute(tag: str, name: str) -> str:
    """Return an attribute of a tag of HTML; nothing where it has none."""
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""
