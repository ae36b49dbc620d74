"""A user at a browser: logs in at a hub and works in what it spawns. Run with the hub's own Python: browser.py REQUEST.

REQUEST is JSON: ``hub`` (address), ``user``, ``ide``, ``chromium`` (program), ``screenshot`` (file). What was seen is
printed as JSON.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

SECONDS = 120_000
ATTEMPTS = 8


def jupyter(page: Page) -> dict[str, Any]:
    """Start a notebook from the launcher and run a cell."""
    page.locator(".jp-LauncherCard", has_text="Python 3").first.click()
    cell = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first
    cell.wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
    cell.click()
    page.keyboard.type("1+1")
    output = page.locator(".jp-OutputArea-executeResult .jp-OutputArea-output pre").first
    for _ in range(ATTEMPTS):  # JupyterLab drops what is run before its session is connected
        cell.click()
        page.keyboard.press("Control+Enter")
        with suppress(TooLate):
            output.wait_for(timeout=SECONDS / ATTEMPTS)
            break
    return {"output": output.inner_text(timeout=1000).strip()}


def codeserver(page: Page) -> dict[str, Any]:
    """Wait for the workbench with the home in its explorer, which comes through the web socket."""
    page.locator(".monaco-workbench .part.activitybar").wait_for()
    page.locator(".explorer-folders-view .monaco-list-row").first.wait_for()
    rows = page.locator(".explorer-folders-view .monaco-list-row").all_inner_texts()
    chat = page.locator(".part.auxiliarybar")
    with suppress(TooLate):
        chat.wait_for(state="hidden")  # it is shown, first empty, until the image's defaults have arrived
    return {"files": [row.strip() for row in rows], "chat": chat.is_visible()}


IDES = {"jupyter": jupyter, "codeserver": codeserver}


def note(answer: Response, failed: list[str]) -> None:
    """Keep what a server could not answer."""
    if answer.status >= 500:
        failed.append(f"{answer.status} {answer.url}")


def main() -> None:
    """Log in, wait for the server, work, and take a picture whatever happens."""
    request = json.loads(sys.argv[1])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=request["chromium"], args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(SECONDS)
        failed: list[str] = []
        page.on("response", lambda answer: note(answer, failed))
        try:
            page.goto(f"{request['hub']}/hub/login")
            page.fill("#username_input", request["user"])
            page.fill("#password_input", "any")
            page.click("#login_submit")
            page.wait_for_url(f"**/user/{request['user']}/**")
            seen = IDES[request["ide"]](page)
            print(json.dumps({**seen, "url": page.url, "title": page.title(), "failed": failed}))
        finally:
            page.screenshot(path=request["screenshot"])
            browser.close()


if __name__ == "__main__":
    main()
