"""The Compare page in a real browser: zoom in step, the slider, keys, stars, and pictures that are gone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from promptflow.records import GalleryFilter
from promptflow.settings import read_settings
from tests.browser.conftest import serve
from tests.scripted import finish, make_laboratory, make_request

pytestmark = pytest.mark.browser

HOSTILE = "<b>bold</b> ![x](http://127.0.0.1/x.png) [l](https://a.example) :material/home: $x^2$ **b** ~~s~~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """A served ledger."""

    address: str
    """The Compare page's own."""
    asset_ids: tuple[str, ...]
    """Six pictures; the last one's file is gone."""

    def of(self, *numbers: int) -> str:
        """Return the address that compares some of them, by number from 0."""
        return f"{self.address}?pictures={','.join(self.asset_ids[number] for number in numbers)}"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pictures]:
    """Serve a ledger of six pictures by two models, one of which has lost its file."""
    folder = tmp_path_factory.mktemp("compare")
    settings = read_settings({"PROMPTFLOW_DATA_DIR": str(folder / "data")})
    lab = make_laboratory(settings)
    for request, shape in ((HOSTILE, "16:9"), ("A red fox", "1:1"), ("A lamp", "1:1")):
        list(finish(lab, lab.start(make_request(request, aspect_ratio=shape))))
    found = lab.gallery.list_pictures(GalleryFilter(), limit=100)
    gone = found[-1].asset.key
    lab.close(timeout_s=10)
    next((folder / "data").rglob(gone)).unlink()
    with serve(folder, piece_s="0") as address:
        asset_ids = tuple(one.asset.asset_id for one in found)
        yield Pictures(address=f"{address}/compare", asset_ids=asset_ids)


def test_wheel_zooms_all_pictures_in_step(page: Page, pictures: Pictures) -> None:
    """Once a picture was clicked, the wheel over it zooms all of them by the same, at the same place."""
    page.goto(pictures.of(0, 1, 2))
    frames = page.locator(".frame")
    expect(frames).to_have_count(3)
    frames.nth(1).click(position={"x": 60, "y": 40})

    page.mouse.wheel(0, -400)

    expect(page.locator(".level")).not_to_have_text("1×")
    moved = _transforms(page)
    assert len(moved) == 3
    scale, x, y = moved[0]
    assert scale > 1.2
    # What was under the pointer stays there.
    assert x == pytest.approx(60 * (1 - scale), abs=1.5)
    assert y == pytest.approx(40 * (1 - scale), abs=1.5)
    _assert_in_step(moved)


def test_wheel_scrolls_past_until_a_picture_is_clicked(page: Page, pictures: Pictures) -> None:
    """Whoever only scrolls down the page is not caught by the pictures."""
    page.goto(pictures.of(0, 1))
    page.locator(".frame").first.hover()

    page.mouse.wheel(0, 300)

    expect(page.locator(".hint.asked")).to_have_count(1)
    expect(page.locator(".level")).to_have_text("1×")


def test_drag_moves_all_pictures_and_never_past_their_edges(page: Page, pictures: Pictures) -> None:
    """A zoomed picture that is dragged takes the others along, up to the edge."""
    page.goto(pictures.of(0, 1))
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    before = _transforms(page)

    _drag(page, page.locator(".frame").first, 40, 25)

    after = _transforms(page)
    assert after[0][1] - before[0][1] == pytest.approx(40, abs=1.5)
    assert after[0][2] - before[0][2] == pytest.approx(25, abs=1.5)
    _assert_in_step(after)
    for _ in range(6):
        _drag(page, page.locator(".frame").first, 300, 300)
    assert _transforms(page)[1][1:] == (0, 0)


def test_two_fingers_zoom_all_pictures(page: Page, pictures: Pictures) -> None:
    """Two fingers that move apart on one picture make all of them larger by as much."""
    page.goto(pictures.of(0, 1))
    expect(page.locator(".frame")).to_have_count(2)
    box = page.locator(".frame").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = page.context.new_cdp_session(page)

    for kind, apart in (("touchStart", 50), ("touchMove", 75), ("touchMove", 100)):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(page.locator(".level")).to_have_text("2×")
    moved = _transforms(page)
    _assert_in_step(moved)
    # The middle between the fingers stays where it was.
    assert moved[0][1] == pytest.approx(-box["width"] / 2, abs=3)


def test_keys_zoom_move_and_reset(page: Page, pictures: Pictures) -> None:
    """Plus, minus, the arrows and 0 do what wheel and mouse do."""
    page.goto(pictures.of(0, 1))
    stage = page.locator(".stage")
    expect(page.locator(".frame")).to_have_count(2)
    stage.focus()

    page.keyboard.press("+")
    page.keyboard.press("+")
    zoomed = _transforms(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    moved = _transforms(page)
    page.keyboard.press("-")
    smaller = _transforms(page)
    page.keyboard.press("0")

    assert zoomed[0][0] == pytest.approx(1.5625)
    assert moved[0][1] < zoomed[0][1]
    assert moved[0][2] < zoomed[0][2]
    assert smaller[0][0] == pytest.approx(1.25)
    for transforms in (zoomed, moved, smaller):
        _assert_in_step(transforms)
    assert _transforms(page) == [(1, 0, 0), (1, 0, 0)]


def test_star_leaves_the_zoom_as_it_is(page: Page, pictures: Pictures) -> None:
    """The winner gets its star while the pictures stay zoomed."""
    page.goto(pictures.of(0, 1))
    page.get_by_role("button", name="Zoom in").click()
    expect(page.locator(".level")).to_have_text("1.3×")

    page.get_by_role("button", name="☆ Star").first.click()

    expect(page.get_by_role("button", name="★ Starred")).to_have_count(1)
    expect(page.locator(".level")).to_have_text("1.3×")
    page.get_by_role("button", name="★ Starred").click()
    expect(page.get_by_role("button", name="★ Starred")).to_have_count(0)


def test_slider_moves_by_key_and_by_mouse(page: Page, pictures: Pictures) -> None:
    """The line between two pictures follows the arrow keys and the mouse, and cuts the first one off."""
    page.goto(pictures.of(0, 1))
    page.get_by_text("A/B slider", exact=True).click()
    slider = page.get_by_role("slider", name=re.compile("How much of A"))
    expect(slider).to_have_value("50")
    expect(page.locator(".frame img")).to_have_count(2)

    slider.focus()
    page.keyboard.press("ArrowRight")

    expect(slider).to_have_value("51")
    top = page.locator(".layer").nth(1)
    assert top.evaluate("one => one.style.clipPath") == "inset(0px 49% 0px 0px)"
    frame = page.locator(".frame")
    box = frame.bounding_box()
    assert box
    frame.click(position={"x": box["width"] / 4, "y": 30})
    expect(slider).to_have_value("25")
    page.get_by_role("button", name="Zoom in").click()
    _assert_in_step(_transforms(page))


def test_difference_is_measured_and_drawn(page: Page, pictures: Pictures) -> None:
    """Two pictures of different models get their two distances and a map."""
    page.goto(pictures.of(2, 3))
    page.get_by_text("Difference", exact=True).click()

    expect(page.get_by_alt_text(re.compile("Where A.* and B.* differ"))).to_be_visible(
        timeout=30_000
    )
    expect(page.get_by_test_id("stMetric")).to_have_count(2)
    expect(page.get_by_test_id("stMetric").first).to_contain_text(re.compile(r"SSIM\s*0\.\d{3}"))


def test_picture_without_a_file_leaves_the_others(page: Page, pictures: Pictures) -> None:
    """A picture whose file is gone is a sentence in its place; the other one is shown."""
    page.goto(pictures.of(0, 5))
    frames = page.locator(".frame")
    expect(frames).to_have_count(2)

    expect(frames.nth(1).locator(".problem")).not_to_be_empty()
    expect(frames.nth(0).locator("img")).to_be_visible()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(one => one.shadowRoot"
        "?.querySelector('.frame img')?.naturalWidth > 0)"
    )


def test_texts_of_the_pictures_are_text(page: Page, pictures: Pictures) -> None:
    """Whatever an idea says, it makes no element, asks for no picture, and leads nowhere."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pictures.of(4, 5, 0))
    expect(page.get_by_text("<b>bold</b> ![x]").first).to_be_visible()
    main = page.get_by_test_id("stMain")

    assert main.locator("b, a[href*='a.example'], img[src*='x.png']").count() == 0
    assert not [url for url in asked if "x.png" in url or "a.example" in url]


def test_chosen_in_the_gallery_and_compared(page: Page, pictures: Pictures) -> None:
    """Two pictures chosen in the Gallery are one click away from being compared."""
    page.goto(pictures.address.replace("/compare", "/gallery"))
    boxes = page.get_by_test_id("stMain").get_by_test_id("stCheckbox")
    boxes.nth(1).click()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    boxes.nth(2).click()
    expect(page.get_by_text("2 chosen")).to_be_visible()

    page.get_by_test_id("stBottom").get_by_role("link", name="Compare").click()

    expect(page).to_have_url(re.compile(r"/compare\?pictures="))
    expect(page.get_by_role("heading", name="2 pictures")).to_be_visible()
    expect(page.locator(".frame img")).to_have_count(2)


def _drag(page: Page, place: Locator, right: float, down: float) -> None:
    box = place.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up()


def _transforms(page: Page) -> list[tuple[float, float, float]]:
    """Return (scale, right, down) of each picture as the browser computed it, in pixels."""
    computed: list[list[float]] = page.locator(".frame img").evaluate_all(
        "all => all.map(one => { const m = new DOMMatrix(getComputedStyle(one).transform);"
        " return [m.a, m.e, m.f]; })"
    )
    return [(scale, x, y) for scale, x, y in computed]


def _assert_in_step(transforms: list[tuple[float, float, float]]) -> None:
    for one in transforms[1:]:
        assert one == pytest.approx(transforms[0], abs=0.5)
