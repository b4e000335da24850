"""The Gallery through `app.py`: its pages, filters, stars, what is chosen, and the picture looked at."""

import sqlite3
import time
from contextlib import closing
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from promptflow.handover import MOST_BYTES, MOST_PICTURES
from promptflow.laboratory import Laboratory
from promptflow.records import GalleryFilter, PictureSummary, RunStatus
from tests.pages.conftest import OpenLab, all_text, open_studio
from tests.scripted import GOUACHE, POSTER, ShadePainter, finish, make_request

HOSTILE = "<b>bold</b> ![x](http://127.0.0.1/x.png) [l](https://a.example) :material/home: $x^2$ **b** ~~s~~"
_PLAIN = str.maketrans({"\u2060": "", "\\": "", "\u00a0": " "})


def test_empty_page_says_what_it_is_for(open_lab: OpenLab) -> None:
    """Without any picture the page says what it shows and leads to where one is made."""
    open_lab()

    page = _open()

    assert page.title[0].value == "Every picture you make, in one place"
    assert [link.proto.page for link in page.main.get("page_link")] == [""]
    assert not page.main.button
    assert not page.main.text_input


def test_newest_come_first_and_the_others_on_the_next_page(open_lab: OpenLab) -> None:
    """A page has 24 pictures, the newest first; the next page has the rest, and its address says so."""
    lab = _open_lab(open_lab)
    _paint(lab, 7)
    pictures = [one.asset.asset_id for one in _list(lab)]

    page = _open()

    assert page.main.subheader[0].value == "28 pictures"
    assert _shown(page) == pictures[:24]
    assert len(page.main.get("image")) == 24
    page.main.pagination[0].set_value(2).run()
    assert _shown(page) == pictures[24:]
    assert page.query_params["page"] == "2"


def test_address_opens_the_same_view_again(open_lab: OpenLab) -> None:
    """A link with filters and a page shows what they say, in the widgets too."""
    lab = _open_lab(open_lab)
    _paint(lab, 7, request="A red fox")
    _paint(lab, 1, request="A lamp", image_models=(POSTER,))
    address = {
        "text": "red",
        "model": GOUACHE,
        "status": "succeeded",
        "from": "2026-01-01",
        "to": "2099-01-01",
        "cost_from": "0",
        "cost_to": "0.0405",
        "page": "2",
    }

    page = _open(address)

    assert page.main.subheader[0].value == "28 pictures fit"
    assert len(_shown(page)) == 4
    assert page.main.pagination[0].value == 2
    assert page.text_input(key="gallery_text").value == "red"
    assert page.multiselect(key="gallery_models").value == [GOUACHE]
    assert page.session_state["gallery_statuses"] == [RunStatus.SUCCEEDED]
    assert page.date_input(key="gallery_from").value == date(2026, 1, 1)
    assert page.number_input(key="gallery_cost_to").value == 0.0405


def test_address_that_makes_no_sense_shows_everything(open_lab: OpenLab) -> None:
    """Values that are unknown or out of range are left out, without an error."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)

    page = _open({"model": "x", "status": "?", "from": "soon", "cost_to": "-1", "page": "0"})

    assert page.main.subheader[0].value == "4 pictures"
    assert len(_shown(page)) == 4


def test_page_behind_the_last_is_the_last(open_lab: OpenLab) -> None:
    """An address of a page that isn't there any more shows the last one."""
    lab = _open_lab(open_lab)
    _paint(lab, 7)

    page = _open({"page": "900"})

    assert page.main.pagination[0].value == 2
    assert len(_shown(page)) == 4


def test_search_goes_into_the_address_and_back_to_the_first_page(open_lab: OpenLab) -> None:
    """Words typed are looked for at once, from the first page on."""
    lab = _open_lab(open_lab)
    _paint(lab, 7, request="A red fox")
    _paint(lab, 1, request="A lamp")
    page = _open({"page": "2"})

    page.text_input(key="gallery_text").set_value("  lamp ").run()

    assert page.main.subheader[0].value == "4 pictures fit"
    assert page.query_params["text"] == "lamp"
    assert "page" not in page.query_params
    # What is being typed is left alone: a space may come before another word.
    assert page.text_input(key="gallery_text").value == "  lamp "


def test_every_filter_goes_into_the_address(open_lab: OpenLab) -> None:
    """Model, status, days, costs and star narrow what is shown, and the button counts them."""
    lab = _open_lab(open_lab)
    _paint(lab, 1, image_models=(GOUACHE, POSTER))
    page = _open()

    page.multiselect(key="gallery_models").set_value([POSTER]).run()
    page.button_group(key="gallery_statuses").set_value([RunStatus.SUCCEEDED]).run()
    page.date_input(key="gallery_from").set_value(date(2026, 1, 1)).run()
    page.date_input(key="gallery_to").set_value(date(2098, 1, 1)).run()
    page.number_input(key="gallery_cost_from").set_value(0.0).run()
    page.number_input(key="gallery_cost_to").set_value(0.25).run()

    assert dict(page.query_params) == {
        "model": POSTER,
        "status": "succeeded",
        "from": "2026-01-01",
        "to": "2098-01-01",
        "cost_from": "0",
        "cost_to": "0.25",
    }
    assert page.main.subheader[0].value == "4 pictures fit"
    assert [popover.proto.popover.label for popover in page.main.get("popover")] == ["Filters (4)"]


def test_last_day_before_the_first_is_taken_back(open_lab: OpenLab) -> None:
    """A last day before the first is not kept, and its box is empty again."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    page = _open({"from": "2026-02-01"})

    page.date_input(key="gallery_to").set_value(date(2026, 1, 1)).run()

    assert page.date_input(key="gallery_to").value is None
    assert len(_shown(page)) == 4


def test_one_click_clears_filters_that_fit_nothing(open_lab: OpenLab) -> None:
    """Where nothing fits the page says so, and one click shows everything again."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    page = _open({"text": "zeppelin", "starred": "1"})
    assert page.main.subheader[0].value == "0 pictures fit"
    assert not page.main.get("image")

    page.button(key="show_all").click().run()

    assert dict(page.query_params) == {}
    assert len(_shown(page)) == 4
    assert page.text_input(key="gallery_text").value == ""
    assert page.toggle(key="gallery_starred").value is False


def test_count_that_is_cut_says_more_than(open_lab: OpenLab) -> None:
    """Of a search that finds more than are counted, the page says more than that many."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    _multiply(lab, 1_100)

    page = _open({"starred": "1"})

    assert page.main.subheader[0].value == "More than 1,000 pictures fit"
    assert page.main.pagination[0].num_pages == 42
    page.main.pagination[0].set_value(42).run()
    assert page.main.pagination[0].num_pages == 43


def test_pages_of_what_is_not_counted_have_an_end(open_lab: OpenLab) -> None:
    """However far back an address asks for, no page behind the four hundredth is looked for."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    _multiply(lab, 9_700)

    page = _open({"starred": "1", "page": "999999"})

    assert page.main.pagination[0].value == 400
    assert page.main.pagination[0].num_pages == 400
    assert len(_shown(page)) == 24


def test_star_is_given_and_taken_at_a_click(open_lab: OpenLab) -> None:
    """A click gives a picture its star, to be seen at once and filtered by; another takes it."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    second = _list(lab)[1].asset.asset_id
    page = _open()

    page.button(key=f"star {second}").click().run()

    assert page.button(key=f"star {second}").label == ":orange[★] Starred"
    assert (
        lab.gallery.list_pictures(GalleryFilter(starred=True), limit=9)[0].asset.asset_id == second
    )
    page.toggle(key="gallery_starred").set_value(True).run()
    assert _shown(page) == [second]
    assert page.query_params["starred"] == "1"
    page.button(key=f"star {second}").click().run()
    assert page.main.subheader[0].value == "0 pictures fit"


def test_star_of_a_picture_that_is_gone_is_a_sentence(open_lab: OpenLab) -> None:
    """A click that can't be carried out is told of once, and the page goes on."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    gone = _list(lab)[0].asset.asset_id
    page = _open()
    _execute(lab, "DELETE FROM assets WHERE id = ?", gone)

    page.button(key=f"star {gone}").click().run()

    assert len(page.main.error) == 1
    assert len(_shown(page)) == 3
    assert not page.run().main.error


def test_words_of_others_are_text_only(open_lab: OpenLab) -> None:
    """Nothing of a request becomes HTML, a picture, a link or a symbol, on the page or in the dialog."""
    lab = _open_lab(open_lab)
    _paint(lab, 1, request=HOSTILE)
    page = _open()
    picture = _list(lab)[0]

    page.button(key=f"look at {picture.asset.asset_id}").click().run()

    label = page.button(key=f"look at {picture.asset.asset_id}").label
    assert label.translate(_PLAIN).startswith("<b>bold</b> ![x](http://127.0.0.1/x.png)")
    assert "\\<b\\>bold" in label
    [dialog] = page.get("dialog")
    assert "\\<b\\>bold" in dialog.proto.dialog.title
    assert HOSTILE in [element.value for element in page.text] + [c.value for c in page.code]
    [alt, *_] = [image.proto.imgs[0].alt for image in page.main.get("image")]
    assert "<b>bold</b>" in alt


def test_thumbnails_are_shown_and_pictures_where_there_is_none(open_lab: OpenLab) -> None:
    """A picture with a thumbnail is shown by it; one without, or with a lost one, by itself."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    while lab.ledger.assets.list_without_thumbnail():
        time.sleep(0.02)
    _, second, *others = _list(lab)
    assert second.thumbnail
    lab.archive.store.path(second.thumbnail).unlink()
    with lab.ledger.file.writing() as db:
        for other in others:
            db.execute("DELETE FROM assets WHERE source_id = ?", (other.asset.asset_id,))

    page = _open()

    urls = [image.proto.imgs[0].url for image in page.main.get("image")]
    assert [url.startswith("data:image/webp;base64,") for url in urls] == [True, *[False] * 3]
    assert not page.main.error


def test_picture_that_is_gone_leaves_the_others(open_lab: OpenLab) -> None:
    """A picture without a file is a sentence in its card; the others are shown."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    lab.archive.store.path(_list(lab)[2].asset).unlink()

    page = _open()

    assert len(page.main.get("image")) == 3
    assert len(page.main.error) == 1


def test_dialog_has_the_picture_its_facts_and_a_download(open_lab: OpenLab) -> None:
    """A picture looked at comes whole, with its words, what it took, and ways on."""
    lab = _open_lab(open_lab)
    _paint(lab, 1, request="A lamp")
    picture = _list(lab)[0]
    page = _open()

    page.button(key=f"look at {picture.asset.asset_id}").click().run()

    [dialog] = page.get("dialog")
    assert len(dialog.get("image")) == 1
    said = "\n".join(str(one.value) for one in dialog.markdown).translate(_PLAIN)
    assert "Offline gouache" in said
    assert "2 × 1" in said
    assert "Cost of the run" in said
    assert "lamp" in dialog.code[0].value
    assert [one.label for one in dialog.download_button] == ["Download"]
    links = [(one.proto.label, one.proto.query_string) for one in dialog.get("page_link")]
    query = f"generation={picture.generation_id}"
    assert links == [("Open in Studio", query), ("Lineage", query)]
    dialog.button(key=f"star here {picture.asset.asset_id}").click().run()
    assert lab.gallery.find_picture(picture.asset.asset_id) != picture


def test_dialog_of_a_picture_without_a_file_says_so(open_lab: OpenLab) -> None:
    """Where the file is gone there is a sentence in its place, and no download."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    picture = _list(lab)[0]
    page = _open()
    lab.archive.store.path(picture.asset).unlink()

    page.button(key=f"look at {picture.asset.asset_id}").click().run()

    [dialog] = page.get("dialog")
    assert len(dialog.error) == 1
    assert not dialog.get("download_button")


def test_cards_lead_to_the_studio_and_to_the_lineage(open_lab: OpenLab) -> None:
    """Each card has links, named in words, to its generation in the Studio and where it came from."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    picture = _list(lab)[0]

    page = _open()

    cards = [one.proto for one in page.main.get("page_link")[:2]]
    query = f"generation={picture.generation_id}"
    assert [(one.page, one.query_string) for one in cards] == [("", query), ("lineage", query)]
    assert [one.label for one in cards] == ["Open in Studio", "Lineage"]


def test_box_of_a_card_is_named_in_plain_words(open_lab: OpenLab) -> None:
    """What chooses a picture is read out as it is written: its name has no mark of Markdown."""
    lab = _open_lab(open_lab)
    _paint(lab, 1, request="A **red** fox: [l](https://a.example)", images_per_model=1)

    page = _open()

    assert [box.label for box in page.main.checkbox] == ["Choose A red fox l https a example"]


def test_one_page_has_no_pages_to_turn(open_lab: OpenLab) -> None:
    """Where all pictures have room on one page there is nothing to turn pages with."""
    lab = _open_lab(open_lab)
    _paint(lab, 6)

    page = _open()

    assert len(_shown(page)) == 24
    assert not page.main.pagination


def test_choice_is_kept_from_page_to_page(open_lab: OpenLab) -> None:
    """What is chosen on one page stays chosen while another is shown, until it is cleared."""
    lab = _open_lab(open_lab)
    _paint(lab, 7)
    first = _list(lab)[0].asset
    page = _open()
    assert not page.get("download_button")

    page.checkbox(key=f"choose {first.asset_id}").check().run()
    page.main.pagination[0].set_value(2).run()
    page.button(key="choose_page").click().run()

    assert len(page.session_state["chosen"]) == 5
    assert "5 chosen" in all_text(page)
    assert page.button(key="choose_page").disabled
    assert [one.label for one in page.download_button] == ["Download"]
    page.main.pagination[0].set_value(1).run()
    assert page.checkbox(key=f"choose {first.asset_id}").value is True
    page.checkbox(key=f"choose {first.asset_id}").uncheck().run()
    assert len(page.session_state["chosen"]) == 4
    page.button(key="clear_choice").click().run()
    assert not page.get("download_button")


@pytest.mark.parametrize(
    "chosen",
    [{f"{number}": 1 for number in range(MOST_PICTURES)}, {"heavy": MOST_BYTES}],
)
def test_choice_is_bounded(open_lab: OpenLab, chosen: dict[str, int]) -> None:
    """Once no more pictures or bytes fit, nothing more can be chosen, one by one or by the page."""
    lab = _open_lab(open_lab)
    _paint(lab, 1)
    page = _open()
    page.session_state["chosen"] = dict(chosen)

    page.run()
    page.button(key="choose_page").click().run()

    assert all(box.disabled for box in page.main.checkbox if (box.key or "").startswith("choose "))
    assert page.session_state["chosen"] == chosen
    assert "no more fit" in all_text(page)


def _open_lab(open_lab: OpenLab) -> Laboratory:
    return open_lab(painters={GOUACHE: ShadePainter(), POSTER: ShadePainter(100)})


def _open(address: dict[str, str] | None = None) -> AppTest:
    """Open the page as a link to it would."""
    page = open_studio()
    for name, value in (address or {}).items():
        page.query_params[name] = value
    page.switch_page("pages/gallery.py").run()
    assert not page.exception
    return page


def _paint(lab: Laboratory, generations: int, **asked: object) -> None:
    """Make generations of four pictures of one model, if nothing else is asked for."""
    fields = {"image_models": (GOUACHE,), "images_per_model": 4} | asked
    for _ in range(generations):
        list(finish(lab, lab.start(make_request(**fields))))  # type: ignore[arg-type]  # by name


def _list(lab: Laboratory) -> list[PictureSummary]:
    return list(lab.gallery.list_pictures(GalleryFilter(), limit=100))


def _shown(page: AppTest) -> list[str]:
    """Return the ids of the pictures in sight, in their order."""
    keys = [button.key or "" for button in page.main.button]
    return [key.removeprefix("look at ") for key in keys if key.startswith("look at ")]


def _multiply(lab: Laboratory, number: int) -> None:
    """Have the ledger know so many more pictures with a star, all of them one file."""
    picture = _list(lab)[0].asset.asset_id
    with closing(sqlite3.connect(lab.settings.database)) as connection, connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM assets WHERE id = ?", (picture,)).fetchone())
        row |= {"starred_at": row["created_at"]}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        for copy in range(number):
            values = row | {"id": f"{row['id'][:-6]}{copy:06}", "position": copy + 10}
            connection.execute(f"INSERT INTO assets ({names}) VALUES ({marks})", values)  # noqa: S608


def _execute(lab: Laboratory, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(lab.settings.database)) as connection, connection:
        connection.execute(sql, values)
