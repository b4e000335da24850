"""The Compare page through `app.py`: what is shown, measured and starred, and addresses that make no sense."""

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from promptflow.laboratory import Laboratory
from promptflow.records import GalleryFilter
from tests.pages.conftest import OpenLab, all_text, open_studio, wait_for_end
from tests.scripted import BOTH, GOUACHE, POSTER, ShadePainter, finish, make_request

HOSTILE = (
    "<b>bold</b> ![x](http://127.0.0.1/x.png) [l](https://a.example) :material/home: $x^2$ | **b**"
)
_PLAIN = str.maketrans({"\u2060": "", "\\": "", "\u00a0": " "})


def test_empty_page_says_where_to_choose(open_lab: OpenLab) -> None:
    """Without pictures the page says what it is for and leads to where they are chosen."""
    open_lab()

    page = _open()

    assert page.title[0].value == "Which one is best?"
    assert [link.proto.page for link in page.main.get("page_link")] == ["gallery", ""]
    assert not page.warning
    assert _viewer(page) is None


def test_pictures_lie_as_the_address_has_them(open_lab: OpenLab) -> None:
    """The viewer gets the pictures in the address's order, each with an address of its own."""
    lab = _open_lab(open_lab)
    one, two, three, *_ = _paint(lab)

    page = _open(three, one, two)

    assert page.main.subheader[0].value == "3 pictures"
    viewer = _viewer(page)
    assert viewer is not None
    assert viewer["mode"] == "zoom"
    assert [picture["id"] for picture in viewer["pictures"]] == [three, one, two]
    assert [picture["name"][0] for picture in viewer["pictures"]] == ["A", "B", "C"]
    sources = [picture["src"] for picture in viewer["pictures"]]
    assert len(set(sources)) == 3
    assert all(re.fullmatch(r".*/media/[0-9a-f]+\.png", source) for source in sources)
    assert not page.warning


def test_picture_that_is_not_there_is_a_sentence(open_lab: OpenLab) -> None:
    """An id of nothing is named; the others are shown."""
    lab = _open_lab(open_lab)
    one, two, *_ = _paint(lab)

    page = _open(one, "0193-gone", two)

    assert "There is no picture '0193-gone' in the ledger" in _warning(page)
    assert _ids(page) == [one, two]


def test_row_that_was_deleted_is_a_sentence(open_lab: OpenLab) -> None:
    """A picture whose row is gone leaves the other one, which alone can't be compared."""
    lab = _open_lab(open_lab)
    one, two, *_ = _paint(lab)
    with closing(sqlite3.connect(lab.settings.database)) as connection, connection:
        connection.execute("DELETE FROM assets WHERE id = ?", (two,))

    page = _open(one, two)

    assert "none was painted under this id, or a purge took it" in _warning(page)
    assert "One picture alone can't be compared: choose 2 to 6." in _warning(page)
    assert _ids(page) == [one]
    assert _ways(page) == ["Zoom in step", "Plain"]


def test_deleted_picture_leads_to_what_restores_it(open_lab: OpenLab) -> None:
    """A picture that was deleted, alone or with its generation, has a link to where it is restored."""
    lab = _open_lab(open_lab)
    one, two, *_ = _paint(lab)
    lab.organiser.label(
        "generation", _list(lab)[0].generation_id, title=HOSTILE[:70], note="", tags=()
    )
    [generation_id] = {picture.generation_id for picture in _list(lab)}
    lab.organiser.delete("picture", two)

    alone = _open(one, two)
    lab.organiser.delete("generation", generation_id)
    together = _open(two)

    assert _ids(alone) == [one]
    for page, told in (
        (alone, "Restore under Organise brings it back"),
        (together, "with its generation"),
    ):
        [said] = [str(one.value) for one in page.markdown if "was deleted on" in str(one.value)]
        assert told in said.replace("*", "")
        assert "](http" not in said
        assert "<b>" not in said.replace("\\<", "")
        [link] = [one for one in page.main.get("page_link") if "Restore" in one.proto.label]
        assert (link.proto.page, link.proto.query_string) == ("", f"generation={generation_id}")
        assert "There is no picture" not in _warning(page)


def test_purged_picture_offers_nothing(open_lab: OpenLab) -> None:
    """What a purge has marked is said to be gone for good; what it has taken is as if it never was."""
    lab = _open_lab(open_lab)
    one, two, three, *_ = _paint(lab)
    lab.organiser.delete("picture", two)
    lab.archive.purge(lab.now())
    lab.organiser.delete("picture", three)
    with closing(sqlite3.connect(lab.settings.database)) as connection, connection:
        connection.execute("UPDATE assets SET purged_at = deleted_at WHERE id = ?", (three,))

    page = _open(one, two, three)

    assert f"There is no picture '{two}' in the ledger" in _warning(page)
    assert f"The picture '{three}' was deleted on" in _warning(page)
    assert "can't be brought back" in _warning(page)
    assert not [one for one in page.main.get("page_link") if "Restore" in one.proto.label]


def test_file_that_is_gone_leaves_the_others(open_lab: OpenLab) -> None:
    """A picture without its file is a sentence in each of the views; the others are shown."""
    lab = _open_lab(open_lab)
    one, two, three, *_ = _paint(lab)
    _lose_file(lab, two)

    page = _open(one, two, three)

    viewer = _viewer(page)
    assert viewer is not None
    assert [bool(picture["src"]) for picture in viewer["pictures"]] == [True, False, True]
    assert [error.value.startswith("B · ") for error in page.error] == [True]
    _look(page, "Plain")
    assert len(page.main.get("image")) == 2
    assert len(page.error) == 1
    _look(page, "Difference")
    assert len(page.error) == 1
    assert not page.metric
    assert "What differs" in all_text(page)


def test_same_picture_twice_is_shown_once(open_lab: OpenLab) -> None:
    """A picture that is named twice is said to be, and stands there once."""
    lab = _open_lab(open_lab)
    one, two, *_ = _paint(lab)

    page = _open(one, two, one)

    assert "A picture that was named more than once is shown once." in _warning(page)
    assert _ids(page) == [one, two]


def test_of_more_than_six_the_first_six_are_compared(open_lab: OpenLab) -> None:
    """What is too much is left out and counted."""
    lab = _open_lab(open_lab)
    pictures = _paint(lab)

    page = _open(*pictures, *(f"{number}" for number in range(5000)))

    assert len(pictures) == 8
    assert "At most 6 pictures are compared: of 5008, the first 6 are." in _warning(page)
    assert _ids(page) == pictures[:6]


@pytest.mark.parametrize("garbage", ["", ",,,", "<b>", "../../x", "a b", "é", "%00", "x" * 65])
def test_garbage_in_the_address_is_no_error(open_lab: OpenLab, garbage: str) -> None:
    """Whatever stands in the address, the page is drawn."""
    _open_lab(open_lab)

    page = _open(garbage)

    assert page.title[0].value == "Which one is best?"
    assert bool(page.warning) == bool(garbage.strip(","))


def test_winner_gets_its_star(open_lab: OpenLab) -> None:
    """A star given here is in the ledger and on the page, and can be taken back."""
    lab = _open_lab(open_lab)
    one, two, *_ = _paint(lab)
    page = _open(one, two)

    page.button(key=f"star {two}").click().run()

    starred = lab.gallery.find_picture(two)
    assert starred is not None
    assert starred.starred_at is not None
    assert "Starred" in page.button(key=f"star {two}").label
    assert "Starred" not in page.button(key=f"star {one}").label
    page.button(key=f"star {two}").click().run()
    starred = lab.gallery.find_picture(two)
    assert starred is not None
    assert starred.starred_at is None


def test_removed_picture_leaves_the_address(open_lab: OpenLab) -> None:
    """Removing a picture takes it out of the address, together with whatever else was none."""
    lab = _open_lab(open_lab)
    one, two, three, *_ = _paint(lab)
    page = _open(one, "gone", two, three)

    page.button(key=f"remove {two}").click().run()

    assert page.query_params["pictures"] == f"{one},{three}"
    assert _ids(page) == [one, three]
    assert not page.warning
    page.button(key=f"remove {one}").click().run()
    page.button(key=f"remove {three}").click().run()
    assert "pictures" not in page.query_params
    assert page.title[0].value == "Which one is best?"


def test_pictures_of_the_same_generation_can_be_added(open_lab: OpenLab) -> None:
    """A sibling that isn't on the page is a click away, until there are six."""
    lab = _open_lab(open_lab)
    pictures = _paint(lab)
    page = _open(*pictures[:5])
    offered = [button.key for button in page.button if (button.key or "").startswith("add ")]

    page.button(key=f"add {pictures[6]}").click().run()

    assert set(offered) == {f"add {asset_id}" for asset_id in pictures[5:]}
    assert _ids(page) == [*pictures[:5], pictures[6]]
    assert not [button for button in page.button if (button.key or "").startswith("add ")]


def test_table_marks_what_differs(open_lab: OpenLab) -> None:
    """Models, seeds and times stand in one table, which tells the rows that differ from the others."""
    lab = _open_lab(open_lab)
    of_gouache, of_poster = _first_of_each(lab)

    table = _table(_open(of_gouache, of_poster))

    assert "| **Model** ≠| Offline gouache| Offline poster|" in table
    assert "| :gray[Version]| :gray[run 1]| :gray[run 1]|" in table
    for name in ("Cost of the run", "First picture after", "Run in total", "Pixels", "Prompt"):
        assert name in table


def test_table_has_the_parameters_that_any_was_asked_for(open_lab: OpenLab) -> None:
    """What was asked of one picture's model is a row, and a dash for the other."""
    from promptflow.records import ImageParameters

    lab = _open_lab(open_lab)
    asked = make_request(parameters={GOUACHE: ImageParameters(quality="high", size="1K")})
    list(finish(lab, lab.start(asked)))
    found = {one.image_model: one.asset.asset_id for one in _list(lab)}

    table = _table(_open(found[GOUACHE], found[POSTER]))

    assert "| **Quality, asked** ≠| high| –|" in table
    assert "| **Size, asked** ≠| 1K| –|" in table
    assert "Background" not in table


def test_prompts_are_compared_word_by_word(open_lab: OpenLab) -> None:
    """The first two prompts are compared at once; any two of the texts can be."""
    lab = _open_lab(open_lab)
    of_gouache, of_poster = _first_of_each(lab)

    page = _open(of_gouache, of_poster)

    texts = page.selectbox(key="compare_from").options
    assert [text.split(" · ")[0] for text in texts] == [
        "Prompt of A",
        "Prompt of B",
        "Request of A, B",
    ]
    assert re.search(r"\d+ words kept .*words new.*words gone", all_text(page))
    page.selectbox(key="compare_from").set_value(texts[2]).run()
    page.selectbox(key="compare_to").set_value(texts[2]).run()
    assert "Both are the same, word by word." in all_text(page)


def test_slider_takes_any_two_of_them(open_lab: OpenLab) -> None:
    """Of three pictures two are chosen, never the same one twice."""
    lab = _open_lab(open_lab)
    one, two, three, *_ = _paint(lab)
    page = _open(one, two, three)

    _look(page, "A/B slider")
    first = page.selectbox(key="compare_first")
    first.set_value(first.options[1]).run()

    viewer = _viewer(page)
    assert viewer is not None
    assert viewer["mode"] == "slider"
    assert _ids(page) == [two, one]
    page.selectbox(key="compare_second").set_value(first.options[2]).run()
    assert _ids(page) == [two, three]


def test_difference_is_measured(open_lab: OpenLab) -> None:
    """Two pictures get both distances, how they were brought to one size, and a map."""
    lab = _open_lab(open_lab)
    one, two, *_ = _paint(lab)
    page = _open(one, two)

    _look(page, "Difference")

    assert [metric.label for metric in page.metric] == ["SSIM", "Hash distance"]
    assert re.fullmatch(r"[01]\.\d{3}", str(page.metric[0].value))
    assert re.fullmatch(r"\d+ of 64", str(page.metric[1].value))
    assert len(page.main.get("image")) == 3
    assert "Both were brought to 16 × 16 pixels to be measured" in all_text(page)


@pytest.mark.parametrize("way", ["A/B slider", "Difference"])
def test_view_of_two_outlives_the_removal_of_what_it_shows(open_lab: OpenLab, way: str) -> None:
    """Removing one of the two takes another in; removing all but one goes back to zooming."""
    lab = _open_lab(open_lab)
    one, two, three, *_ = _paint(lab)
    page = _open(one, two, three)
    _look(page, way)
    second = page.selectbox(key="compare_second")
    second.set_value(second.options[1]).run()

    page.button(key=f"remove {three}").click().run()
    two_left = page.button_group(key="compare_view").value
    page.button(key=f"remove {one}").click().run()

    assert two_left == way
    assert not page.exception
    assert _ids(page) == [two]


def test_texts_are_never_markup(open_lab: OpenLab) -> None:
    """What a person typed stays the text it is: in the cards, the table and the words."""
    lab = _open_lab(open_lab)
    list(finish(lab, lab.start(make_request(HOSTILE))))
    found = [one.asset.asset_id for one in _list(lab)]

    page = _open(*found)

    written = [*page.markdown, *page.caption]
    assert any(HOSTILE[:40] in str(one.value).translate(_PLAIN) for one in written)
    for one in written:
        assert "<b>" not in str(one.value)
        assert "![x]" not in str(one.value)
        assert "https://a" not in str(one.value)
        assert not one.allow_html
    idea = next(line for line in _table(page).splitlines() if "Idea" in line)
    assert len(re.findall(r"(?<!\\)\|", idea)) == 4


def test_chosen_in_the_gallery_leads_here(open_lab: OpenLab) -> None:
    """Two to six pictures chosen in the Gallery can be compared; one or seven can't."""
    lab = _open_lab(open_lab)
    pictures = _paint(lab)
    page = open_studio()
    page.switch_page("pages/gallery.py").run()

    enabled = []
    for asset_id in pictures[:7]:
        page.checkbox(key=f"choose {asset_id}").check().run()
        [link] = [one for one in page.get("page_link") if one.proto.page == "compare"]
        enabled.append(not link.proto.disabled)
        if len(enabled) == 2:
            assert link.proto.query_string == f"pictures={pictures[0]}%2C{pictures[1]}"

    assert enabled == [False, True, True, True, True, True, False]


def test_finished_generation_leads_here(open_lab: OpenLab) -> None:
    """In the Studio a finished generation has a link that compares each model's first picture."""
    lab = _open_lab(open_lab)
    generation_id = lab.start(make_request(images_per_model=2))
    list(finish(lab, generation_id))
    firsts = {one.image_model: one.asset.asset_id for one in _list(lab)}

    page = open_studio(generation_id)

    [link] = [one for one in page.main.get("page_link") if one.proto.page == "compare"]
    named = link.proto.query_string.removeprefix("pictures=").split("%2C")
    assert len(named) == 2
    shown = [lab.gallery.find_picture(asset_id) for asset_id in named]
    assert [one.image_model for one in shown if one] == list(BOTH)
    assert set(firsts) == set(BOTH)


def test_versions_that_are_shown_are_compared(open_lab: OpenLab) -> None:
    """The link goes by what the cards show: the newest version, or the one chosen in a card's switch."""
    lab = _open_lab(open_lab)
    generation_id = lab.start(make_request(seed=7))
    list(finish(lab, generation_id))
    [first] = lab.look_up(generation_id)[1].versions(GOUACHE)
    lab.resume(generation_id, lambda view: lab.iterations.again(view, first.run_id, seed=8))
    wait_for_end(lab, generation_id)
    older, newer = lab.look_up(generation_id)[1].versions(GOUACHE)
    page = open_studio(generation_id)
    linked = [_compared_in_studio(page)]

    page.segmented_control(key=f"version {GOUACHE} 2 {generation_id}").set_value(1).run()
    linked.append(_compared_in_studio(page))
    page.switch_page("pages/gallery.py").run()
    page.query_params["generation"] = generation_id
    page.switch_page("pages/studio.py").run()
    linked.append(_compared_in_studio(page))

    [poster] = lab.look_up(generation_id)[1].versions(POSTER)
    expected = [[run.images[0].asset.asset_id for run in (one, poster)] for one in (newer, older)]
    assert linked == [expected[0], expected[1], expected[1]]


def test_generation_of_one_picture_has_nothing_to_compare(open_lab: OpenLab) -> None:
    """One picture has no link; several of one model have."""
    lab = _open_lab(open_lab)
    linked = []
    for number in (1, 3):
        asked = make_request(image_models=(GOUACHE,), images_per_model=number)
        generation_id = lab.start(asked)
        list(finish(lab, generation_id))
        page = open_studio(generation_id)
        pages = [one.proto.page for one in page.main.get("page_link")]
        linked.append("compare" in pages)

    assert linked == [False, True]


def _open_lab(open_lab: OpenLab) -> Laboratory:
    return open_lab(painters={GOUACHE: ShadePainter(), POSTER: ShadePainter(100)})


def _open(*asset_ids: str) -> AppTest:
    """Open the page as a link to it would."""
    page = open_studio()
    if asset_ids:
        page.query_params["pictures"] = ",".join(asset_ids)
    page.switch_page("pages/compare.py").run()
    assert not page.exception
    return page


def _compared_in_studio(page: AppTest) -> list[str]:
    """Return the pictures that the Studio's link compares."""
    [link] = [one for one in page.main.get("page_link") if one.proto.page == "compare"]
    return str(link.proto.query_string).removeprefix("pictures=").split("%2C")


def _paint(lab: Laboratory) -> list[str]:
    """Make a generation of eight pictures; return their ids."""
    list(finish(lab, lab.start(make_request(images_per_model=4))))
    return [one.asset.asset_id for one in _list(lab)]


def _first_of_each(lab: Laboratory) -> tuple[str, str]:
    list(finish(lab, lab.start(make_request())))
    found = {one.image_model: one.asset.asset_id for one in _list(lab)}
    return found[GOUACHE], found[POSTER]


def _list(lab: Laboratory) -> Any:
    return lab.gallery.list_pictures(GalleryFilter(), limit=100)


def _lose_file(lab: Laboratory, asset_id: str) -> None:
    picture = lab.gallery.find_picture(asset_id)
    assert picture is not None
    next(lab.settings.data_dir.rglob(picture.asset.key)).unlink()


def _look(page: AppTest, way: str) -> None:
    page.button_group(key="compare_view").set_value(way).run()
    assert not page.exception


def _ways(page: AppTest) -> list[str]:
    return list(page.button_group(key="compare_view").options)


def _viewer(page: AppTest) -> dict[str, Any] | None:
    """Return what the viewer was given; ``None`` where there is none."""
    found = page.get("bidi_component")
    return json.loads(found[0].proto.json) if found else None


def _ids(page: AppTest) -> list[str]:
    viewer = _viewer(page)
    assert viewer is not None
    return [picture["id"] for picture in viewer["pictures"]]


def _warning(page: AppTest) -> str:
    return "\n".join(str(one.value) for one in page.warning).translate(_PLAIN)


def _table(page: AppTest) -> str:
    return next(str(one.value) for one in page.markdown if "|---" in str(one.value))
