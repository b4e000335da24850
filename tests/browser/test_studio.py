"""The Studio in a real browser, from the first letter typed to the last picture."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
expect.set_options(timeout=40_000)

HOSTILE = (
    "A quiet harbour $40 $x^2$ :material/home: :streamlit: -> ![x](http://127.0.0.1:9/x.png) "
    "<b>bold</b> https://a.example www.b.example"
)


def status(page: Page, word: str) -> Locator:
    """Find the badge that says how the generation stands."""
    return page.get_by_test_id("stMain").locator(".stMarkdownBadge", has_text=word)


def test_idea_becomes_pictures_and_survives_a_reload(page: Page, address: str) -> None:
    """Text grows while a stage runs; a reload in mid-flight goes on; both pictures come."""
    page.goto(address)
    page.get_by_label("Request").fill("A lighthouse in a storm at dusk")
    page.get_by_role("button", name="Generate").click()

    # The plan's first field grows letter by letter.
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("Summary", exact=True)).to_be_visible()
    early = len(main.inner_text())
    expect(main.get_by_text("Technical notes", exact=True)).to_be_visible()
    assert len(main.inner_text()) > early

    # The thinking streams; what was said so far is there at once after a reload, and goes on.
    expect(main.get_by_text("Reading the idea")).to_be_visible()
    assert re.search(r"\?generation=[0-9a-f-]{36}$", page.url)
    page.reload()
    expect(status(page, "Running")).to_be_visible()
    expect(main.get_by_text("Reading the idea")).to_be_visible()
    said = len(main.inner_text())
    expect(main.get_by_text("What could go wrong")).to_be_visible()
    assert len(main.inner_text()) > said

    # Both pictures, whole, with their facts.
    expect(status(page, "Succeeded")).to_be_visible()
    pictures = main.get_by_role("img", name=re.compile("^Offline (gouache|poster): "))
    expect(pictures).to_have_count(2)
    widths = pictures.evaluate_all("all => all.map(one => one.naturalWidth)")
    assert widths == [1024, 1024]
    expect(main.get_by_text("1024 × 1024 px")).to_have_count(2)


def test_second_tab_follows_the_same_flow(page: Page, address: str) -> None:
    """A shared address opened in mid-flight shows the flow live, and its end."""
    page.goto(address)
    page.get_by_label("Request").fill("A castle on a mountain at dawn")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_test_id("stMain").get_by_text("Summary", exact=True)).to_be_visible()

    second = page.context.new_page()
    second.goto(page.url)

    expect(status(second, "Running")).to_be_visible()
    expect(status(second, "Succeeded")).to_be_visible()
    expect(status(page, "Succeeded")).to_be_visible()


def test_thinking_that_breaks_off_starts_over(page: Page, address: str) -> None:
    """A retry counts down, clears what was said, and says it anew; the reasoning stays openable."""
    page.goto(address)
    page.get_by_label("Request").fill("A lighthouse in a storm, and a horse that may stumble")
    page.get_by_role("button", name="Generate").click()

    main = page.get_by_test_id("stMain")
    expect(main.get_by_text(re.compile(r"Starting over in\s[0-3]\ss"))).to_be_visible()
    expect(main.get_by_text("What could go wrong")).to_be_visible()
    expect(main.get_by_text("Reading the idea")).to_have_count(1)

    expect(status(page, "Succeeded")).to_be_visible()
    expect(main.get_by_text(re.compile(r"2\sattempts"))).to_be_visible()
    main.get_by_text("Thinking", exact=True).click()
    main.get_by_text("Model's own reasoning").click()
    expect(main.get_by_text("Weighing the light.")).to_be_visible()


def test_four_pictures_of_each_model_come_one_by_one(page: Page, address: str) -> None:
    """Each of a model's pictures takes its place as it comes, and the others stay."""
    page.goto(address)
    page.get_by_label("Request").fill("A castle by a lake in autumn")
    page.get_by_test_id("stSidebar").get_by_text("4", exact=True).click()
    page.get_by_role("button", name="Generate").click()

    pictures = page.get_by_test_id("stMain").get_by_role("img", name=re.compile("^Offline"))
    expect(status(page, "Succeeded")).to_be_visible()
    expect(pictures).to_have_count(8)
    expect(page.get_by_role("button", name="Download")).to_have_count(8)


def test_request_that_is_too_long_is_kept_and_said(page: Page, address: str) -> None:
    """Nothing of a long paste is thrown away; the page says how much too long it is."""
    page.goto(address)
    page.get_by_label("Request").fill("x" * 4_001)
    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_text("4,001 of 4,000 characters, shorten it")).to_be_visible()
    expect(page.get_by_text("The request has 4,001 characters")).to_be_visible()
    assert len(page.get_by_label("Request").input_value()) == 4_001


def test_cancel_says_what_it_does(page: Page, address: str) -> None:
    """Cancel in mid-flight ends the flow with what was paid for, and says so."""
    page.goto(address)
    page.get_by_label("Request").fill("A robot gardener among sunflowers")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_test_id("stMain").get_by_text("Summary", exact=True)).to_be_visible()

    page.get_by_role("button", name="Cancel").click()

    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("Cancelled: what was already paid for was finished")).to_be_visible()
    expect(main.get_by_role("img", name=re.compile("^Offline"))).to_have_count(0)


def test_foreign_text_has_no_effect(page: Page, address: str) -> None:
    """Marks in a request make no link, image, formula or icon, live or finished, anywhere."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.get_by_label("Request").fill(HOSTILE)
    page.get_by_role("button", name="Generate").click()
    main = page.get_by_test_id("stMain")

    for moment in ("Summary", "Reading the idea", "Succeeded"):
        expect(main.get_by_text(moment).first).to_be_visible()
        assert main.locator("a[href*='example'], .katex, img[src*='127.0.0.1:9']").count() == 0

    assert HOSTILE in page.get_by_role("heading", level=3).nth(2).inner_text().replace("\u2060", "")
    assert [url for url in asked if not url.startswith((address, "data:", "ws://127.0.0.1"))] == []


def test_the_sidebar_makes_room_on_a_phone(page: Page, address: str) -> None:
    """On a narrow screen what was asked for is seen at once; the sidebar can be opened again."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_label("Request").fill("A lighthouse in a storm at dusk")
    page.get_by_role("button", name="Generate").click()

    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    expect(page.get_by_test_id("stMain").get_by_text("Summary", exact=True)).to_be_in_viewport()
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(sidebar).to_have_attribute("data-collapsed", "false")
    expect(status(page, "Succeeded")).to_have_count(1)
    expect(sidebar).to_have_attribute("data-collapsed", "false")
