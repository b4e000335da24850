"""Takes pictures of the Studio, the Compare and the Usage page for the docs, and others to be looked at.

Empty, running and finished, in light and dark, wide and narrow; into ``test-results/``.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from promptflow.settings import ROOT
from tests.browser.conftest import find_chromium, launch, serve

_RESULTS = ROOT / "test-results"
_IDEAS = (
    "A castle on a mountain at dawn",
    "A robot gardener among sunflowers",
    "A red fox reading a book under a lantern in a snowy pine forest at night, cosy and quiet",
)


def main() -> None:
    """Take them all."""
    _RESULTS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder), piece_s="0.006") as address,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright, find_chromium())
        _take(browser, address)
        browser.close()
    _take_usage()


def _take(browser: Browser, address: str) -> None:
    for scheme in ("light", "dark"):
        page = _open(browser, scheme, address)
        page.screenshot(path=_RESULTS / f"empty-{scheme}.png")
        for idea in _IDEAS:
            page.get_by_label("Request").fill(idea)
            page.get_by_role("button", name="Generate").click()
            page.get_by_text("Composition", exact=True).first.wait_for()
            page.screenshot(path=_RESULTS / f"running-{scheme}.png")
            _badge(page, "Succeeded")
        page.screenshot(path=_RESULTS / f"finished-{scheme}.png")
        if scheme == "light":
            page.get_by_test_id("stMain").get_by_text("Thinking", exact=True).click()
            page.wait_for_timeout(800)
            page.screenshot(path=ROOT / "docs" / "studio.png")
            _take_compare(page)
            page.go_back()
            _make_versions(page)
            page.screenshot(path=ROOT / "docs" / "versions.png")
        narrow = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        narrow.goto(page.url)
        _badge(narrow, "Succeeded")
        narrow.screenshot(path=_RESULTS / f"narrow-{scheme}.png")


def _take_usage() -> None:
    """Take the page of an installation that was used for four weeks."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder), piece_s="0.001", script="used.py") as address,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright, find_chromium())
        page = browser.new_page(viewport={"width": 1280, "height": 980}, color_scheme="light")
        page.goto(f"{address}/usage")
        page.get_by_text("Spend", exact=True).first.wait_for()
        page.get_by_test_id("stVegaLiteChart").first.wait_for()
        page.wait_for_timeout(1200)
        page.screenshot(path=ROOT / "docs" / "usage.png")
        browser.close()


def _take_compare(page: Page) -> None:
    """Take the pictures of the open generation, zoomed in step."""
    page.get_by_test_id("stMain").get_by_role("link", name="Compare").click()
    page.locator(".frame img").nth(1).wait_for()
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    page.wait_for_timeout(800)
    page.screenshot(path=ROOT / "docs" / "compare.png")


def _make_versions(page: Page) -> None:
    """Paint the first picture again with another seed, then with other words."""
    page.get_by_role("button", name="Again", exact=True).first.click()
    seed = page.get_by_role("dialog").get_by_label("Seed", exact=True)
    seed.fill("8")
    seed.press("Tab")
    page.get_by_role("button", name="Paint again").click()
    page.get_by_text("From v1: seed random → 8").wait_for()
    _badge(page, "Succeeded")
    page.get_by_role("button", name="Edit prompt").first.click()
    prompt = page.get_by_role("dialog").get_by_label("Prompt", exact=True)
    prompt.fill(f"{prompt.input_value()} A sailing boat on a lake in the distance.")
    page.get_by_role("button", name="Paint this").click()
    page.get_by_text("From v2: prompt edited").wait_for()
    _badge(page, "Succeeded")
    page.mouse.move(0, 0)


def _open(browser: Browser, scheme: str, address: str) -> Page:
    page = browser.new_page(
        viewport={"width": 1440, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.goto(address)
    page.get_by_role("button", name="Generate").wait_for()
    page.wait_for_timeout(800)
    return page


def _badge(page: Page, word: str) -> None:
    page.get_by_test_id("stMain").locator(".stMarkdownBadge", has_text=word).wait_for()
    page.wait_for_timeout(1200)


if __name__ == "__main__":
    main()
