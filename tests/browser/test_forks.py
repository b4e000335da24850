"""Forks and offers in a real browser, where a dialog is drawn by itself and a click may come twice."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
expect.set_options(timeout=40_000)

IDEA = "A lighthouse in a storm at dusk"


def test_fork_keeps_what_is_typed_and_opens_one_child(page: Page, address: str) -> None:
    """A mistake is told at its field, a closed dialog loses nothing, two quick clicks make one child."""
    parent = _generate(page, address)
    main, dialog = page.get_by_test_id("stMain"), page.get_by_role("dialog")

    _open_fork(page)
    dialog.get_by_label("Mood").fill(" ")
    _fork(dialog).click()
    expect(dialog.get_by_text("of the plan is blank")).to_be_visible()
    dialog.get_by_label("Style").fill("linocut")
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    _open_fork(page)
    expect(dialog.get_by_label("Style")).to_have_value("linocut")
    dialog.get_by_label("Mood").fill("cheerful")
    _fork(dialog).dblclick()

    expect(page).not_to_have_url(parent)
    expect(dialog).to_have_count(0)
    expect(main.get_by_text("Edited by you")).to_be_visible()
    _succeeded(page)
    earlier = page.get_by_test_id("stSidebar").get_by_role("button", name=IDEA)
    expect(earlier).to_have_count(2)
    main.get_by_role("button", name="Forked from an earlier generation").click()
    expect(page).to_have_url(parent)


def test_offer_is_taken_by_choice(page: Page, address: str) -> None:
    """The form offers what was answered before; chosen, no word is asked for again."""
    first = _generate(page, address)
    main, sidebar = page.get_by_test_id("stMain"), page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Earlier answers fit: plan, thinking and prompts.")).to_be_visible()

    everything = sidebar.get_by_text("Reuse the plan, thinking and prompts")
    # After a start the choice is another one, and for a moment both are there.
    expect(everything).to_have_count(1)
    everything.click()
    expect(sidebar.get_by_text("What is left to buy: at most $0.00")).to_be_visible()
    page.get_by_role("button", name="Generate").click()

    expect(page).not_to_have_url(first)
    # Three stages, and in the last of them two prompts.
    expect(main.get_by_text("Reused from an earlier generation")).to_have_count(5)
    _succeeded(page)


def _generate(page: Page, address: str) -> str:
    """Make a generation; return its address once it is over."""
    page.goto(address)
    page.get_by_label("Request").fill(IDEA)
    page.get_by_role("button", name="Generate").click()
    expect(page).to_have_url(re.compile(r"\?generation="))
    _succeeded(page)
    return page.url


def _open_fork(page: Page) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name=re.compile(r"\bFork$")).click()
    expect(page.get_by_role("dialog").get_by_text("Fork at")).to_be_visible()


def _fork(dialog: Locator) -> Locator:
    return dialog.get_by_role("button", name=re.compile(r"\bFork$"))


def _succeeded(page: Page) -> None:
    badge = page.get_by_test_id("stMain").locator(".stMarkdownBadge", has_text="Succeeded")
    expect(badge).to_be_visible()
