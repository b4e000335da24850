"""Titles, notes, tags and deleting on the pages, through `app.py`."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from promptflow.handover import write_handover
from promptflow.labels import clean_labels
from promptflow.laboratory import Laboratory
from promptflow.records import GalleryFilter
from tests.pages.conftest import OpenLab, all_text, generate, open_studio, wait_for_end
from tests.scripted import GOUACHE, POSTER, ListPainter, ShadePainter, finish, make_request

HOSTILE = "<b>x</b> ![i](http://127.0.0.1/x.png) :red[y] $z$ https://a.example"
_PLAIN = str.maketrans({"\u2060": "", "\\": "", "\u00a0": " "})


def make(open_lab: OpenLab) -> tuple[Laboratory, str, list[str]]:
    """Make a generation of two pictures; return its id and theirs, newest first."""
    lab = open_lab(painters={GOUACHE: ShadePainter(), POSTER: ShadePainter(100)})
    own = lab.start(make_request("A red fox"))
    list(finish(lab, own))
    return (
        lab,
        own,
        [one.asset.asset_id for one in lab.gallery.list_pictures(GalleryFilter(), limit=9)],
    )


def open_gallery(page: AppTest | None = None, **address: str) -> AppTest:
    """Open the Gallery, in a tab that may be open already."""
    page = page or open_studio()
    for name, value in address.items():
        page.query_params[name] = value
    page.switch_page("pages/gallery.py").run()
    assert not page.exception
    return page


def badges(page: AppTest) -> list[str]:
    """Return the gray badges, as they read."""
    marks = [str(one.value) for one in page.main.markdown]
    return [
        mark.split("[", 1)[1][:-1].translate(_PLAIN)
        for mark in marks
        if mark.startswith(":gray-badge[")
    ]


def test_title_tags_and_note_are_written_in_the_studio(open_lab: OpenLab) -> None:
    """What is saved stands in the head, in the history, and in the fields as it is kept."""
    lab, own, _ = make(open_lab)
    page = open_studio(own)

    page.text_input(key=f"title {own}").set_value("  Vulpes ")
    page.multiselect(key=f"tags {own}").set_value(["Red", "animal"])
    page.text_area(key=f"note {own}").set_value("For the poster\n")
    page.main.button[[one.label for one in page.main.button].index("Save")].click().run()

    assert not page.exception
    assert lab.organiser.read_labels("generation", own) == clean_labels(
        "Vulpes", "For the poster", ("animal", "red")
    )
    assert page.main.subheader[0].value == "Vulpes"
    assert "A red fox" in all_text(page)
    assert "For the poster" in all_text(page)
    assert badges(page) == ["animal", "red"]
    assert page.multiselect(key=f"tags {own}").value == ["animal", "red"]
    assert page.text_input(key=f"title {own}").value == "Vulpes"
    assert "Vulpes" in page.button(key=f"open {own}").label


def test_what_is_too_long_is_told_and_nothing_is_lost(open_lab: OpenLab) -> None:
    """A sentence says what is too much; what was typed stays in its field."""
    lab, own, _ = make(open_lab)
    page = open_studio(own)

    page.multiselect(key=f"tags {own}").set_value(["x" * 41])
    page.text_area(key=f"note {own}").set_value("kept")
    page.main.button[[one.label for one in page.main.button].index("Save")].click().run()

    assert "has 41 characters; 40 are the most" in all_text(page)
    assert page.text_area(key=f"note {own}").value == "kept"
    assert lab.organiser.read_labels("generation", own).note == ""


def test_labels_are_data(open_lab: OpenLab) -> None:
    """No title, note or tag has any effect but to be read."""
    lab, own, pictures = make(open_lab)
    lab.organiser.label("generation", own, title=HOSTILE, note=HOSTILE, tags=[HOSTILE[:40]])
    lab.organiser.label("picture", pictures[0], title=HOSTILE, note=HOSTILE, tags=[HOSTILE[:40]])

    studio = open_studio(own)
    gallery = open_gallery()
    gallery.button(key=f"look at {pictures[0]}").click().run()

    for page in (studio, gallery):
        assert not page.exception
        marked = [str(one.value) for one in (*page.markdown, *page.caption, *page.subheader)]
        said = [text for text in marked if "127" in text]
        assert said
        assert not any("![i]" in text or "<b>" in text for text in said)


def test_a_deleted_generation_can_be_brought_back_at_once(open_lab: OpenLab) -> None:
    """The page says so and offers to undo it, also after further clicks; then all is as it was."""
    lab, own, _ = make(open_lab)
    page = open_studio(own)

    page.button(key=f"delete {own}").click().run()
    page.run()

    assert not page.exception
    assert "The generation was deleted." in all_text(page)
    assert page.button(key="restore").label == "Undo"
    assert not [one for one in page.sidebar.button if one.key == f"open {own}"]
    assert lab.gallery.count_pictures(GalleryFilter()) == (0, False)
    page.button(key="restore").click().run()
    assert page.main.subheader[0].value == "A red fox"
    assert [one.key for one in page.sidebar.button if one.key == f"open {own}"]


@pytest.mark.parametrize("where", ["studio", "lineage"])
def test_another_tab_says_that_it_was_deleted(open_lab: OpenLab, where: str) -> None:
    """What another tab shows is told with its time once that tab is drawn anew, and can be restored."""
    lab, own, _ = make(open_lab)
    page = open_studio(own)
    page.switch_page(f"pages/{where}.py").run()

    lab.organiser.delete("generation", own)
    page.run()

    assert not page.exception
    assert f"The generation '{own}' was deleted on " in all_text(page)
    assert page.button(key="restore").label == "Restore"
    page.button(key="restore").click().run()
    assert page.main.subheader[0].value == "A red fox"


def test_a_purged_generation_offers_nothing(open_lab: OpenLab) -> None:
    """Where nothing is left to bring back, there is a sentence and the way to a new prompt."""
    lab, own, _ = make(open_lab)
    lab.organiser.delete("generation", own)
    lab.archive.purge(lab.now().replace(year=2099))

    page = open_studio(own)

    assert not page.exception
    assert "It was purged since: what is left of it is what it cost." in all_text(page)
    assert [one.key for one in page.main.button] == ["new_prompt"]


def test_a_running_generation_cannot_be_deleted(open_lab: OpenLab) -> None:
    """The button waits until the end; a click that came too early has its sentence."""
    gate: list[bool] = []

    def wait() -> None:
        while not gate:
            time.sleep(0.01)

    lab = open_lab(painters={GOUACHE: ListPainter([wait]), POSTER: ListPainter([wait])})
    page = open_studio()
    own = generate(page, "A kite")
    try:
        assert page.button(key=f"delete {own}").disabled
    finally:
        gate.append(True)
        wait_for_end(lab, own)


def test_a_picture_is_deleted_and_brought_back_in_the_gallery(open_lab: OpenLab) -> None:
    """The dialog closes, the page offers to undo it, and the picture comes back with its star."""
    lab, _, pictures = make(open_lab)
    lab.organiser.star(pictures[0], starred=True)
    page = open_gallery()

    page.button(key=f"look at {pictures[0]}").click().run()
    page.button(key=f"delete {pictures[0]}").click().run()

    assert not page.exception
    assert "The picture was deleted." in all_text(page)
    assert page.main.subheader[0].value == "1 picture"
    page.button(key="restore").click().run()
    assert page.main.subheader[0].value == "2 pictures"
    assert "The picture was deleted." not in all_text(page)
    assert lab.gallery.count_pictures(GalleryFilter(starred=True)) == (1, False)


def test_deleted_pictures_are_restored_in_the_studio(open_lab: OpenLab) -> None:
    """The generation goes on without them, and says how many there are to bring back."""
    lab, own, pictures = make(open_lab)
    for one in pictures:
        lab.organiser.delete("picture", one)

    page = open_studio(own)
    without = len(page.main.get("image"))
    button = page.button(key=f"restore pictures {own}")
    label = button.label
    button.click().run()

    assert not page.exception
    assert (without, label) == (0, "Restore 2 deleted pictures")
    assert len(page.main.get("image")) == 2


def test_clicks_on_what_is_gone_are_told(open_lab: OpenLab, tmp_path: Path) -> None:
    """A star, a look and a download in a tab that shows a deleted picture break nothing."""
    lab, _, pictures = make(open_lab)
    page = open_gallery()
    page.checkbox(key=f"choose {pictures[0]}").check().run()
    lab.organiser.delete("picture", pictures[0])

    page.button(key=f"star {pictures[0]}").click().run()
    starred = all_text(page)
    with (tmp_path / "pictures.zip").open("xb") as out:
        handed = write_handover(
            out, pictures, source=lab.gallery, read_events=lab.read_events, created_at=lab.now()
        )

    assert not page.exception
    assert "The picture was deleted meanwhile." in starred
    assert (handed.pictures, handed.left_out) == (1, 1)


def test_the_gallery_is_filtered_by_tags_in_the_address(open_lab: OpenLab) -> None:
    """A chosen tag goes into the address; an address with one opens the same; unknown ones are left out."""
    lab, _, pictures = make(open_lab)
    lab.organiser.label("picture", pictures[0], title="", note="", tags=["best"])
    page = open_gallery()

    page.multiselect(key="gallery_tags").set_value(["best"]).run()
    chosen = dict(page.query_params)
    again = open_gallery(tag="best")
    unknown = open_gallery(tag="none")

    assert chosen == {"tag": "best"}
    assert page.main.subheader[0].value == again.main.subheader[0].value == "1 picture fits"
    assert unknown.main.subheader[0].value == "2 pictures"
    assert badges(page) == ["best"]
