#!/usr/bin/env python3
# When code-server or RStudio was last used, by what answers like Jupyter's API. Kubeflow runs it in the Workspace.
import json
import os
import urllib.request
from pathlib import Path

prefix = os.environ.get("NB_PREFIX", "").rstrip("/")
with urllib.request.urlopen(f"http://127.0.0.1:8888{prefix}/api/kernels", timeout=30) as response:
    kernels = json.load(response)
if any(kernel["execution_state"] == "busy" for kernel in kernels):
    report = {"has_activity": True}
else:
    report = {"last_activity": max(kernel["last_activity"] for kernel in kernels)}
Path(os.environ["OUTPUT_JSON_PATH"]).write_text(json.dumps(report), encoding="utf-8")
