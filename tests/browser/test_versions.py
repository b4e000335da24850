"""Versions in a real browser: painted again, and in two tabs at the same moment."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser
expect.set_options(timeout=40_000)


def test_new_version_streams_in_and_the_earlier_one_is_a_click_away(
    page: Page, address: str
) -> None:
    """The dialog makes room, the new version streams in and is shown, and the switch leads back."""
    _generate(page, address)
    page.get_by_role("button", name="Again", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Seed", exact=True).fill("99")
    dialog.get_by_label("Seed", exact=True).press("Tab")
    dialog.get_by_role("button", name="Paint again").click()

    expect(dialog).to_have_count(0)
    expect(_badge(page, "Running")).to_be_visible()

    # The new version's picture and facts, then by one click those of the first.
    expect(_badge(page, "Succeeded")).to_be_visible()
    expect(page.get_by_text("From v1: seed random → 99")).to_be_visible()
    expect(page.get_by_text(re.compile(r"seed\s99$"))).to_be_visible()
    newest = _pictures(page).first.get_attribute("src")
    page.get_by_role("radio", name="v1").or_(page.get_by_text("v1", exact=True)).first.click()
    expect(_pictures(page).first).not_to_have_attribute("src", newest or "")
    expect(_pictures(page)).to_have_count(2)


def test_tab_that_comes_second_is_told_and_loses_nothing(
    page: Page, browser: Browser, address: str
) -> None:
    """The second of two tabs is told once that the first one paints; closed, it follows that one."""
    _generate(page, address)
    other = browser.new_page()
    other.goto(page.url)
    expect(_badge(other, "Succeeded")).to_be_visible()
    other.get_by_role("button", name="Edit prompt").first.click()
    prompt = other.get_by_role("dialog").get_by_label("Prompt", exact=True)
    prompt.fill("A cat on a roof, gouache")
    page.get_by_role("button", name="Again", exact=True).first.click()
    page.get_by_role("button", name="Paint again").click()
    expect(_badge(page, "Running")).to_be_visible()

    other.get_by_role("button", name="Paint this").click()

    told = other.get_by_text("This generation is still being worked on")
    expect(told).to_have_count(1)
    expect(prompt).to_have_value("A cat on a roof, gouache")
    other.keyboard.press("Escape")
    expect(other.get_by_role("dialog")).to_have_count(0)
    expect(other.get_by_text("From v1: nothing changed")).to_be_visible()
    expect(_badge(other, "Succeeded")).to_be_visible()
    other.close()


def _generate(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Request").fill("A castle on a mountain at dawn")
    page.get_by_role("button", name="Generate").click()
    expect(_badge(page, "Running")).to_be_visible()
    expect(_badge(page, "Succeeded")).to_be_visible()


def _badge(page: Page, word: str) -> Locator:
    return page.get_by_test_id("stMain").locator(".stMarkdownBadge", has_text=word)


def _pictures(page: Page) -> Locator:
    main = page.get_by_test_id("stMain")
    return main.get_by_role("img", name=re.compile("^Offline (gouache|poster): "))
