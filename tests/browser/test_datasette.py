"""The questions about the lineage in a real browser, beside the app."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.datasette.known import GENERATIONS, make_ledger
from tests.datasette.serving import serve_app

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the app and the questions over the known ledger; yield the app's address."""
    folder = tmp_path_factory.mktemp("questions") / "data"
    make_ledger(folder)
    with serve_app(folder, "promptflow/server.py") as address:
        yield address


def test_from_a_question_to_the_studio(page: Page, questions: str) -> None:
    """A question is found, asked and answered with pictures, and one of them leads to the Studio."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{questions}/datasette")
    page.get_by_role("link", name="The prompts behind starred pictures").click()
    expect(page.get_by_role("cell", name="A red fox.", exact=True)).to_be_visible()
    page.goto(f"{questions}/datasette/promptflow/assets")
    pictures = page.locator("img.thumbnail")
    expect(pictures.first).to_be_visible()
    page.wait_for_function("[...document.images].some(image => image.naturalWidth === 64)")
    page.locator(f"a[href='/?generation={GENERATIONS[0]}']").first.click()

    expect(page).to_have_url(re.compile(rf"/\?generation={GENERATIONS[0]}$"))
    expect(page.get_by_test_id("stMain").get_by_text("Succeeded").first).to_be_visible()
    own = (questions, "data:", questions.replace("http", "ws", 1))
    assert [url for url in asked if not url.startswith(own)] == []


@pytest.mark.parametrize("path", ["", "/lineage", "/generations", "/slowest_stage_by_model"])
def test_nothing_stands_out_on_a_phone(page: Page, questions: str, path: str) -> None:
    """On a narrow screen no page is wider than the screen."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{questions}/datasette/promptflow{path}")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_own_question_is_asked(page: Page, questions: str) -> None:
    """SQL is typed, formatted and run; one that is wrong is told why."""
    page.goto(f"{questions}/datasette/promptflow?sql=select+nope")
    expect(page.get_by_text("no such column: nope")).to_be_visible()
    page.locator(".CodeMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("select count(*) as many from generations")
    page.get_by_role("button", name="Run SQL").click()

    expect(page.get_by_role("cell", name="4", exact=True)).to_be_visible()
