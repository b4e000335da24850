"""The Gallery in a real browser: filter, turn the page, star, look, choose, download."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Download, Locator, Page, expect

from promptflow.pictures import make_thumbnail
from promptflow.records import AssetRole, GalleryFilter
from promptflow.settings import read_settings
from tests.browser.conftest import serve
from tests.scripted import GOUACHE, ShadePainter, finish, make_laboratory, make_request

pytestmark = pytest.mark.browser

HOSTILE = "<b>bold</b> ![x](http://127.0.0.1/x.png) [l](https://a.example) :material/home: $x^2$ **b** ~~s~~"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a ledger of 32 pictures, half of them with thumbnails; yield the Gallery's address."""
    folder = tmp_path_factory.mktemp("gallery")
    lab = make_laboratory(
        read_settings({"PROMPTFLOW_DATA_DIR": str(folder / "data")}),
        painters={GOUACHE: ShadePainter()},
    )
    for request in (HOSTILE, *["A red fox under a lantern"] * 7):
        asked = make_request(request, image_models=(GOUACHE,), images_per_model=4)
        list(finish(lab, lab.start(asked)))
    for picture in lab.gallery.list_pictures(GalleryFilter(), limit=100)[::2]:
        thumbnail = lab.archive.store.write(
            generation_id=picture.generation_id,
            role=AssetRole.THUMBNAIL,
            model=GOUACHE,
            data=make_thumbnail(lab.gallery.read_picture(picture.asset)),
        )
        lab.ledger.assets.record_thumbnail(picture.asset.asset_id, thumbnail)
    lab.close(timeout_s=10)
    with serve(folder, piece_s="0") as address:
        yield f"{address}/gallery"


def test_first_address_after_a_start_has_its_frame(page: Page, gallery: str) -> None:
    """The page's own address, opened before any other, comes with its title and navigation."""
    page.goto(gallery)

    expect(page.get_by_role("heading", name="32 pictures")).to_be_visible()
    assert page.title() == "Prompt Flow"
    expect(page.get_by_role("link", name="Studio", exact=True)).to_have_count(1)


def test_pages_and_filters_are_in_the_address(page: Page, gallery: str) -> None:
    """What is typed and turned is in the address, and a new tab with it shows the same."""
    page.goto(gallery)
    expect(_pictures(page)).to_have_count(24)
    page.get_by_label("Search", exact=True).press_sequentially("red fox", delay=40)
    expect(page.get_by_role("heading", name="28 pictures fit")).to_be_visible()
    expect(page.get_by_label("Search", exact=True)).to_have_value("red fox")

    page.get_by_role("button", name="Page 2", exact=True).click()
    expect(_pictures(page)).to_have_count(4)
    expect(page).to_have_url(re.compile(r"text=red\+fox&page=2|text=red%20fox&page=2"))
    again = page.context.new_page()
    again.goto(page.url)

    expect(again.get_by_role("heading", name="28 pictures fit")).to_be_visible()
    expect(_pictures(again)).to_have_count(4)
    expect(again.get_by_label("Search", exact=True)).to_have_value("red fox")
    again.get_by_role("button", name="Clear", exact=True).click()
    expect(again.get_by_role("heading", name="32 pictures")).to_be_visible()
    expect(again).to_have_url(re.compile(r"/gallery$"))


def test_browser_goes_back_to_the_view_before(page: Page, gallery: str) -> None:
    """The browser's own way back leads to the page that was shown before, widgets and all."""
    page.goto(gallery)
    page.get_by_role("button", name="Page 2", exact=True).click()
    expect(_pictures(page)).to_have_count(8)

    page.go_back()

    expect(_pictures(page)).to_have_count(24)
    expect(page).to_have_url(re.compile(r"/gallery$"))


def test_star_is_seen_at_once_and_filtered_by(page: Page, gallery: str) -> None:
    """A star that is given shows on the card, and in the view of the pictures with one."""
    page.goto(gallery)
    page.get_by_role("button", name="☆ Star").nth(3).click()

    expect(page.get_by_role("button", name="★ Starred")).to_have_count(1)
    page.get_by_test_id("stMain").get_by_text("Starred", exact=True).first.click()
    expect(page.get_by_role("heading", name="1 picture fits")).to_be_visible()
    expect(_pictures(page)).to_have_count(1)


def test_picture_is_looked_at_and_downloaded(page: Page, gallery: str) -> None:
    """The dialog shows the picture's words as text, and its file comes under a sensible name."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{gallery}?text=bold")
    page.locator("[class*='st-key-look-at']").first.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Cost of the run")).to_be_visible()
    expect(dialog.get_by_text("[l](https://a.example)").first).to_be_visible()
    assert (
        dialog.locator("b:has-text('bold'), a[href*='a.example'], img[src*='x.png']").count() == 0
    )

    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()

    assert re.fullmatch(r"b-bold-b-x-http-127-offline-gouache-\d\.png", _name(download.value))
    assert not [url for url in asked if "x.png" in url or "a.example" in url]


def test_chosen_pictures_of_two_pages_come_in_one_file(page: Page, gallery: str) -> None:
    """What is chosen here and there comes as one zip file with a manifest."""
    page.goto(gallery)
    boxes = page.get_by_test_id("stMain").get_by_test_id("stCheckbox")
    boxes.nth(1).click()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.get_by_role("button", name="Page 2", exact=True).click()
    expect(_pictures(page)).to_have_count(8)
    page.get_by_role("button", name="Choose page").click()
    expect(page.get_by_text("9 chosen")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert archive.testzip() is None
    assert len(archive.namelist()) == 10
    assert len(json.loads(archive.read("manifest.json"))["pictures"]) == 9
    assert re.fullmatch(r"pictures-\d{4}-\d\d-\d\d\.zip", _name(download.value))


def test_card_leads_to_the_studio(page: Page, gallery: str) -> None:
    """The brush of a card opens its generation in the Studio."""
    page.goto(gallery)
    page.get_by_test_id("stMain").locator("a[href*='?generation=']").first.click()

    expect(page).to_have_url(re.compile(r"/\?generation="))
    expect(page.get_by_role("button", name="Generate")).to_be_visible()


def test_links_of_a_card_are_icons_with_names(page: Page, gallery: str) -> None:
    """The words of a card's links are there for who has them read out, and take no room."""
    page.goto(gallery)
    link = page.get_by_test_id("stMain").get_by_role("link", name="Lineage").first
    expect(link).to_be_visible()

    words = link.get_by_text("Lineage").bounding_box()
    whole = link.bounding_box()

    assert words is not None
    assert whole is not None
    assert words["width"] <= 1
    assert 16 <= whole["width"] <= 40


def _pictures(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_test_id("stImage").locator("img")


def _name(download: Download) -> str:
    return download.suggested_filename
