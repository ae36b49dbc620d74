"""Drives Helm's own SDK: values through a chart with one Secret, as the JupyterHub chart passes them to the hub.

One JSON line in: ``{"files": [values text, …]}``; one out: the values that come out at the other end, in their order.
``{"set": text}`` instead is what stands behind ``helm --set``. With ``"chart": folder`` that chart is rendered, and the
answer has its manifests.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

CHART = "apiVersion: v2\nname: probe\nversion: 0.1.0\n"
TEMPLATE = """\
apiVersion: v1
kind: Secret
metadata: {name: hub}
stringData:
  values.yaml: |
    {{- .Values | toYaml | nindent 4 }}
"""


def answer(folder: Path, files: list[str]) -> dict[str, Any]:
    import helm_python
    import yaml

    merged: dict[str, Any] = {}
    chart = helm_python.Chart.load(str(folder))
    for text in files:
        merged = deep(merged, helm_python.values_from_yaml(text))
    rendered = chart.render(merged, name="probe", namespace="default")
    secret = yaml.safe_load(next(iter(rendered.values())))
    return {"values": yaml.safe_load(secret["stringData"]["values.yaml"])}


def manifests(folder: Path, files: list[str]) -> dict[str, Any]:
    import helm_python
    import yaml

    merged: dict[str, Any] = {}
    for text in files:
        merged = deep(merged, helm_python.values_from_yaml(text))
    rendered = helm_python.Chart.load(str(folder)).render(merged, name="probe", namespace="jupyterhub")
    texts = [text for path, text in rendered.items() if not path.endswith("NOTES.txt")]
    return {"manifests": [item for text in texts for item in yaml.load_all(text, yaml.CSafeLoader) if item]}


def parsed(text: str) -> dict[str, Any]:
    import helm_python

    made: dict[str, Any] = helm_python.parse_set_string(text)
    return made


def deep(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    made = dict(base)
    for key, value in top.items():
        old = made.get(key)
        made[key] = deep(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return made


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "probe"
        (folder / "templates").mkdir(parents=True)
        (folder / "Chart.yaml").write_text(CHART)
        (folder / "values.yaml").write_text("{}\n")
        (folder / "templates" / "secret.yaml").write_text(TEMPLATE)
        for line in sys.stdin:
            try:
                asked = json.loads(line)
                if "chart" in asked:
                    said = manifests(Path(asked["chart"]), asked["files"])
                else:
                    said = (
                        {"values": parsed(asked["set"])} if "set" in asked else answer(folder, asked["files"])
                    )
            except Exception as error:
                said = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
