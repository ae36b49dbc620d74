"""A user of code-server at a browser: logs in, opens a terminal and types a command. Run with the hub's own Python:
code_server_terminal.py ADDRESS TOKEN CHROMIUM COMMAND SCREENSHOT. It stays until its input ends.
"""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright

MILLISECONDS = 90_000


def main(address: str, token: str, chromium: str, command: str, screenshot: str) -> None:
    """Take a picture whatever happens."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(MILLISECONDS)
        try:
            page.goto(address)
            page.fill("input[name=token]", token)
            page.get_by_role("button", name="Log in").click()
            page.locator(".explorer-folders-view .monaco-list-row").first.wait_for()
            page.keyboard.press("Control+Backquote")
            page.locator(".terminal-wrapper.active .xterm-screen").wait_for()
            page.locator(".terminal-wrapper.active .xterm-helper-textarea").focus()
            page.keyboard.type(f"{command}\n")
            sys.stdin.read()
        finally:
            page.screenshot(path=screenshot)
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
