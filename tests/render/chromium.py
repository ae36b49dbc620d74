"""A page in Chromium, in a frame: a headless window is never narrower than 500 pixels."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium here")
FRAME = """
<iframe id="frame" src="page.html%(address)s" style="width:%(width)dpx;height:800px;border:0"></iframe>
<script>
  const soon = () => new Promise((done) => setTimeout(done, 50));
  addEventListener("load", async () => {
    const view = document.getElementById("frame").contentWindow;
    const page = view.document;
    let seen;
    try {
      seen = await (async () => { %(script)s })();
    } catch (error) {
      seen = { error: String(error) };
    }
    document.body.textContent = JSON.stringify(seen);
  });
</script>
"""


def seen_in(
    folder: Path, text: str, script: str, *options: str, width: int = 1280, address: str = ""
) -> dict[str, Any]:
    """Return what a script returns that looks at the page (``page``) and its window (``view``) from outside the frame.

    ``address`` is what follows the name of the file: ``#id``.
    """
    (folder / "page.html").write_text(text, encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME % {"address": address, "width": width, "script": script}, encoding="utf-8")
    known = ("--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", *options)
    more = (f"--user-data-dir={folder / 'profile'}", "--window-size=1600,900", "--virtual-time-budget=3000")
    command = [BROWSER or "", *known, *more, "--dump-dom", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"<body>(.*)</body>", done.stdout, re.DOTALL)
    assert found, done.stdout
    seen: dict[str, Any] = json.loads(unescape(found[1]))
    assert "error" not in seen, seen
    return seen
