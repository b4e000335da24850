"""Pictures in a bucket in a real browser: shown by links that end, long after they have."""

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from subprocess import PIPE

import pytest
from playwright.sync_api import Page, expect

from tests.datasette.serving import serve_app
from tests.processes import run_cli
from tests.storage.marked import KEY, KEY_ID, REGION
from tests.wire.b2_front import B2Front, S3Fault
from tests.wire.buckets import S3Server

pytestmark = pytest.mark.browser

_TTL_S = 4
_PICTURES = "[data-testid=stMain] [data-testid=stImage] img"
_SOURCES = "all => all.map(one => one.src)"
_WHOLE = "sought => [...document.querySelectorAll(sought)].every(one => one.naturalWidth)"
_BROKEN = "all => all.filter(one => one.complete && !one.naturalWidth).map(one => one.src)"


@pytest.fixture(scope="module")
def front() -> Iterator[B2Front]:
    """A bucket whose server is as strict with links as Backblaze."""
    with S3Server() as server, B2Front(server, key_id=KEY_ID, key=KEY, region=REGION) as opened:
        server.make_bucket("pictures")
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder."""
    return tmp_path_factory.mktemp("links") / "data"


@pytest.fixture(scope="module")
def app(front: B2Front, folder: Path) -> Iterator[str]:
    """Serve the app and the questions below a base path; yield the address."""
    variables = front.variables("pictures") | {"IMAGE_URL_TTL_SECONDS": str(_TTL_S)}
    with serve_app(folder, "promptflow/server.py", base_path="/lab", **variables) as address:
        yield address


@pytest.fixture(scope="module")
def lasting(front: B2Front, folder: Path) -> Iterator[str]:
    """Serve the same pictures by links that last as long as they do by default; yield the address."""
    with serve_app(folder, "promptflow/server.py", **front.variables("pictures")) as address:
        yield address


@pytest.fixture(scope="module")
def uploaded(front: B2Front, folder: Path) -> str:
    """A generation of two pictures that are in the bucket; its id."""
    variables = front.variables("pictures")
    made = run_cli(folder, "generate", "An owl by the sea", "--json", stdout=PIPE, **variables)
    return str(json.loads(made.stdout)["generation_id"])


def test_pictures_outlast_their_links(page: Page, app: str, front: B2Front, uploaded: str) -> None:
    """A page that is open for longer than its links are good for still loads every picture."""
    page.goto(f"{app}?generation={uploaded}")
    first = _read_links(page, front)

    page.wait_for_timeout(10_000)

    assert page.request.get(first[0]).status == 403
    assert not set(first) & set(_read_links(page, front))
    assert _load_anew(page) == [1024, 1024]


def test_links_hold_for_half_their_life(
    page: Page, app: str, front: B2Front, uploaded: str
) -> None:
    """The same link is shown to the next tab, so that the browser need not load the picture again."""
    page.goto(f"{app}?generation={uploaded}")
    first = _read_links(page, front)
    other = page.context.new_page()
    other.goto(page.url)

    assert all("X-Amz-Signature=" in link and KEY not in link for link in first)
    assert len(set(first) | set(_read_links(other, front))) <= 4


def test_a_picture_on_screen_stays_while_it_goes_up(page: Page, app: str, front: B2Front) -> None:
    """From the end of the flow on no picture is broken, whether it is here or in the bucket by then."""
    front.fail("PUT", S3Fault(status=503, code="SlowDown"), times=2)
    _generate(page, app, "A heron in the reeds")

    for _ in range(20):
        page.wait_for_timeout(300)
        assert page.locator(_PICTURES).count() == 2
        assert page.eval_on_selector_all(_PICTURES, _BROKEN) == []
    assert "Picture" not in "".join(page.get_by_test_id("stAlert").all_inner_texts())


def test_lineage_shows_pictures_by_links_and_leads_to_questions(
    page: Page, app: str, uploaded: str
) -> None:
    """On the Lineage page, too, pictures outlast their links; Datasette is one click away."""
    page.goto(f"{app}/lineage?generation={uploaded}")
    page.get_by_text("Picture · Offline gouache", exact=True).click()
    page.get_by_alt_text("Picture 1").wait_for()
    page.wait_for_timeout(6_000)

    assert _load_anew(page) == [1024]
    page.get_by_text("Prompt · Offline gouache", exact=True).click()
    question = page.get_by_role("link", name="What did each stage add to this prompt?")
    with page.context.expect_page() as opened:
        question.click()
    expect(opened.value.get_by_role("cell", name="idea", exact=True).first).to_be_visible()
    assert opened.value.url.startswith(f"{app}/datasette/promptflow/what_each_stage_added?")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Datasette").click()
    expect(opened.value).to_have_url(
        re.compile(rf"^{app}/datasette/promptflow/generations/[\w-]+$")
    )
    assert opened.value.get_by_role("heading", level=1).is_visible()


def test_a_bucket_that_is_down_is_told_of(page: Page, app: str, front: B2Front) -> None:
    """Pictures that can't go up are shown from here, the page says why, and they go up by themselves."""
    front.fail("PUT", S3Fault(status=403, code="AccessDenied"), times=1_000)
    _generate(page, app, "A bear by the brook")

    warning = page.get_by_test_id("stSidebar").get_by_test_id("stAlert")
    expect(warning).to_contain_text("to be uploaded")
    head = page.get_by_test_id("stMain").get_by_test_id("stAlert")
    expect(head).to_contain_text("on this machine only")
    assert _load_anew(page) == [1024, 1024]
    front.left.clear()
    expect(warning).to_have_count(0, timeout=60_000)
    expect(head).to_have_count(0)


@pytest.mark.parametrize("page_name", ["", "gallery"])
def test_pictures_come_back_with_the_bucket(
    page: Page, lasting: str, front: B2Front, uploaded: str, page_name: str
) -> None:
    """Where the bucket gives no picture, words stand in its place, until by itself it is there."""
    front.fail("GET", S3Fault(status=503, code="SlowDown"), times=1_000)
    page.goto(f"{lasting}/{page_name}?generation={uploaded}")
    page.locator(_PICTURES).nth(1).wait_for()
    page.wait_for_function("[...document.images].some(one => one.complete && !one.naturalWidth)")
    links = page.eval_on_selector_all(_PICTURES, _SOURCES)

    broken = page.eval_on_selector_all(_PICTURES, _BROKEN)
    heights_px = page.eval_on_selector_all(_PICTURES, "all => all.map(one => one.clientHeight)")
    front.left.clear()

    assert set(broken) <= set(links)
    assert broken
    assert min(heights_px) >= 128
    page.wait_for_function(_WHOLE, arg=_PICTURES, timeout=40_000)
    assert page.eval_on_selector_all(_PICTURES, _SOURCES) == links


def test_a_dropped_picture_opens_its_generation(
    page: Page, app: str, uploaded: str, tmp_path: Path
) -> None:
    """A picture that was saved from the page and is dropped on it again leads to where it comes from."""
    page.goto(f"{app}?generation={uploaded}")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download").first.click()
    saved = tmp_path / saving.value.suggested_filename
    saving.value.save_as(saved)
    page.goto(app)
    page.get_by_role("button", name="Open a picture").click()
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(saved)

    page.get_by_role("button", name="Open the generation it comes from").click()

    expect(page).to_have_url(re.compile(rf"generation={uploaded}"))
    expect(page.get_by_test_id("stMain").locator(".stMarkdownBadge").first).to_contain_text(
        "Succeeded"
    )
    expect(page.get_by_text("Its generation is open.")).to_be_visible()


def test_dialog_opens_over_links_and_outlasts_their_renewal(page: Page, app: str) -> None:
    """A card that is drawn again by itself opens its dialog at the first click, and leaves it open.

    A click in its switch reaches the head of the page, whose link compares the versions that are shown.
    """
    _generate(page, app, "A kingfisher on a branch")
    page.get_by_role("button", name="Edit prompt").first.click()
    prompt = page.get_by_role("dialog").get_by_label("Prompt", exact=True)
    prompt.fill("A kingfisher that dives")

    page.wait_for_timeout(5_000)
    page.get_by_role("button", name="Paint this").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("From v1: prompt edited")).to_be_visible()
    page.get_by_role("button", name="Again", exact=True).first.wait_for()
    compare = page.get_by_test_id("stMain").get_by_role("link", name="Compare")
    newest = compare.get_attribute("href") or ""
    page.get_by_text("v1", exact=True).first.click()
    expect(page.get_by_text("From v1: prompt edited")).to_have_count(0)
    expect(compare).not_to_have_attribute("href", newest)


def _generate(page: Page, app: str, idea: str) -> None:
    page.goto(app)
    page.get_by_label("Request").fill(idea)
    page.get_by_role("button", name="Generate").click()
    page.get_by_test_id("stMain").locator(".stMarkdownBadge", has_text="Succeeded").wait_for()


def _load_anew(page: Page) -> list[int]:
    """Load each picture that the page shows from its address, in a browser window that has none of them.

    Returns:
        How wide they are; 0 where one is broken.
    """
    shown = page.eval_on_selector_all(_PICTURES, "all => all.map(one => one.src)")
    assert page.context.browser is not None
    window = page.context.browser.new_context()
    tab = window.new_page()
    tab.set_content("".join(f"<img src='{escape(source)}'>" for source in shown))
    widths = tab.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
    window.close()
    return [int(width) for width in widths]


def _read_links(page: Page, front: B2Front) -> list[str]:
    """Return the addresses of both pictures, once they are in the bucket's."""
    shown = page.locator(f"{_PICTURES}[src^='{front.endpoint}']")
    expect(shown).to_have_count(2, timeout=20_000)
    return [str(link) for link in shown.evaluate_all("all => all.map(one => one.src)")]
