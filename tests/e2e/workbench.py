"""Keeps a page of code-server open, as a browser does. Run with the hub's own Python: workbench.py CHROMIUM URL.

It ends when its standard input does.
"""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright


def main() -> None:
    """Open the page, in which code-server starts extensions, and wait."""
    program, address = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        page.locator(".monaco-workbench .part.activitybar").wait_for(timeout=60_000)
        print("open", flush=True)
        sys.stdin.read()
        browser.close()


if __name__ == "__main__":
    main()
