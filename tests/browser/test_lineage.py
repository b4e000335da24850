"""The Lineage page in a real browser: opened first after a start, looked through, and played."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

_PROGRESS = re.compile(r"^Replay: ([\d.]+) s of ([\d.]+) s$")


def test_first_address_after_a_start_has_its_frame(page: Page, address: str) -> None:
    """The page's own address, opened before any other, comes with title, navigation and width."""
    page.goto(f"{address}/lineage")

    page.get_by_role("heading", name="Where a picture came from").wait_for()
    assert page.title() == "Prompt Flow"
    assert page.get_by_role("link", name="Studio", exact=True).count() == 1
    assert page.get_by_role("link", name="app", exact=True).count() == 0


def test_flow_is_replayed_from_the_studio_on(page: Page, address: str) -> None:
    """From the Studio to the tree, its details, and a replay that goes on faster where it was."""
    page.goto(address)
    page.get_by_label("Request").fill("An otter paints the sea")
    page.get_by_role("button", name="Generate").click()
    page.get_by_test_id("stMain").locator(".stMarkdownBadge", has_text="Succeeded").wait_for()

    page.get_by_test_id("stMain").get_by_role("link", name="Lineage").click()
    page.get_by_alt_text(re.compile("Family tree of 9 parts")).wait_for()
    page.get_by_text("Picture · Offline gouache", exact=True).click()
    page.get_by_alt_text("Picture 1").wait_for()

    page.get_by_role("tab", name=re.compile("Replay")).click()
    page.get_by_text("1×", exact=True).click()
    progress = page.get_by_text(_PROGRESS)
    page.wait_for_timeout(3_000)
    slow_s = _played_s(progress.inner_text())
    page.get_by_text("4×", exact=True).click()
    page.wait_for_timeout(1_500)

    assert 1 < slow_s < 4
    assert _played_s(progress.inner_text()) > slow_s + 2
    expect(page.get_by_role("button", name="Download")).to_have_count(2)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    expect(progress).to_have_count(0)


def _played_s(words: str) -> float:
    found = _PROGRESS.match(words)
    assert found is not None
    return float(found[1])
