"""A picture that was painted here or elsewhere, dropped on the Studio."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from promptflow.catalog import MAX_REQUEST_CHARS
from promptflow.laboratory import Laboratory
from promptflow.ui.origins import plan_filling
from promptflow.xmp import PictureLineage, embed_lineage
from tests.pages.conftest import OpenLab, all_text, open_studio
from tests.pages.test_form import HOSTILE, OpenKeyed, make_picture, open_keyed, send, upload
from tests.scripted import GOUACHE, IDEA, finish, give, make_request

__all__ = ["open_keyed"]
ELSEWHERE = PictureLineage(
    generation_id="0193-elsewhere",
    run_id="run-1",
    index=0,
    request="A heron in the reeds",
    prompt="A heron.",
    image_model=GOUACHE,
    provider="offline",
    text_model="offline-planner",
    aspect_ratio="16:9",
    seed=7,
    created_at=datetime(2026, 11, 1, tzinfo=UTC),
    app_version="1.0",
)
OPEN, FILL = "Open the generation it comes from", "Fill the form with what it tells"
USE = "Use as a reference image"


def test_a_picture_painted_here_opens_its_generation(open_lab: OpenLab) -> None:
    """Without any key a picture of this ledger leads to its generation at a click."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id, data = _paint(lab)
    page = open_studio()

    _drop(page, data)
    assert _offered(page) == [OPEN]
    _click(page, OPEN)

    assert page.query_params["generation"] == generation_id
    assert page.main.subheader[0].value == IDEA
    assert _offered(page) == []
    assert "Its generation is open." in all_text(page)


def test_a_picture_of_a_deleted_generation_leads_to_where_it_is_restored(open_lab: OpenLab) -> None:
    """Deleted, its generation is opened and can be restored; purged, its idea fills the form."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id, data = _paint(lab)
    lab.organiser.delete("generation", generation_id)
    page, later = open_studio(), open_studio()

    _drop(page, data)
    _click(page, OPEN)
    said = all_text(page)
    lab.archive.purge(lab.now().replace(year=2099))
    _drop(later, data)

    assert "was deleted on " in said
    assert _offered(later) == [FILL]


def test_a_picture_painted_elsewhere_fills_the_form(open_lab: OpenLab) -> None:
    """What its file tells is in the form after a click, and nothing was started."""
    lab = open_lab()
    page = open_studio()

    _drop(page, _write(ELSEWHERE))
    assert _offered(page) == [FILL]
    _click(page, FILL)

    assert page.text_area(key="request").value == "A heron in the reeds"
    assert page.multiselect(key="image_models").value == [GOUACHE]
    assert page.selectbox(key="text_model").value == "offline-planner"
    assert page.selectbox(key="aspect_ratio").value == "16:9"
    assert page.number_input(key="seed").value == 7
    assert "The form is filled in" in page.toast[0].value
    assert lab.list_generations() == ()


def test_models_that_are_not_here_are_left_out_and_named(open_lab: OpenLab) -> None:
    """An unknown model leaves the choice as it is; the page says which one it was, as text."""
    open_lab()
    page = open_studio()
    before = page.multiselect(key="image_models").value
    strange = replace(ELSEWHERE, image_model="<b>brush</b>", text_model="![x](http://127.0.0.1)")

    _drop(page, _write(strange))
    _click(page, FILL)

    said = all_text(page)
    assert "Can't be taken over here: the text model '![x](http://127.0.0.1)'" in said
    assert "the image model '<b>brush</b>'." in said
    assert not [one.value for one in page.caption if "<b>" in one.value or "![x]" in one.value]
    assert page.text_area(key="request").value == "A heron in the reeds"
    assert page.multiselect(key="image_models").value == before


def test_a_picture_that_tells_nothing_is_said_to(open_lab: OpenLab) -> None:
    """A photo opens nothing, and the page says so under its name, which has no effect."""
    open_lab()
    page = open_studio()

    _drop(page, make_picture(), name=HOSTILE)

    assert "tells nothing of where it comes from." in all_text(page)
    assert _offered(page) == []
    assert not [one.value for one in page.caption if "![x]" in one.value]


def test_a_painted_picture_is_no_reference_before_someone_says_so(open_keyed: OpenKeyed) -> None:
    """With keys, too, it asks first; what is started meanwhile goes without it."""
    lab = open_keyed()
    page = open_studio()

    upload(page, ("heron.png", _write(ELSEWHERE)), ("sun.png", make_picture(200)))
    assert _offered(page) == [FILL, USE]
    send(page)
    _click(page, USE)
    assert _offered(page) == []
    send(page)

    assert [len(references) for _, references in lab.started] == [1, 2]


def test_what_a_file_says_is_shown_as_text(open_lab: OpenLab) -> None:
    """An idea full of Markdown comes out as it is, and a very long one in its beginning."""
    open_lab()
    page = open_studio()

    _drop(page, _write(replace(ELSEWHERE, request=f"{HOSTILE} {'la ' * 900}")))

    [shown] = [text.value for text in page.text if text.value.startswith("![x]")]
    assert 150 < len(shown) <= 160
    assert not [one.value for one in page.markdown if HOSTILE in one.value]


@pytest.mark.parametrize(
    ("told", "left_out"),
    [
        ({"request": "x" * (MAX_REQUEST_CHARS + 1)}, "the end of its idea, which is too long"),
        ({"aspect_ratio": "7:5"}, "the aspect ratio '7:5'"),
        ({"seed": -1}, "the seed -1"),
        ({"seed": 2**31}, "the seed 2147483648"),
        ({"parameters": {"quality": "high"}}, "'quality' 'high'"),
        ({"parameters": {"nonsense": 3}}, "'nonsense' 3"),
        ({"parameters": {"output_compression": "9"}}, "'output_compression' '9'"),
        ({"image_model": "brush-9"}, "the image model 'brush-9'"),
        ({"image_model": "gpt-image-2"}, "the image model 'gpt-image-2'"),
        ({"text_model": "pen-9"}, "the text model 'pen-9'"),
    ],
)
def test_only_what_the_form_can_take_is_taken(
    open_lab: OpenLab, told: dict[str, object], left_out: str
) -> None:
    """Each thing that is too long, out of bounds or unknown is left out and named."""
    lab = open_lab()

    filling = plan_filling(lab, replace(ELSEWHERE, **told))  # type: ignore[arg-type]  # by name

    assert filling.left_out == (left_out,)
    assert len(str(filling.values["request"])) <= MAX_REQUEST_CHARS


def test_parameters_are_taken_where_the_model_has_them(open_keyed: OpenKeyed) -> None:
    """What was asked of a model besides the prompt is filled in, each by its own field."""
    lab = open_keyed()
    asked: dict[str, str | int] = {
        "quality": "high",
        "output_format": "webp",
        "output_compression": 80,
        "background": "x",
    }
    told = replace(ELSEWHERE, image_model="gpt-image-1.5", aspect_ratio="1:1", seed=None)

    filling = plan_filling(lab, replace(told, parameters=asked))

    assert filling.left_out == ("'background' 'x'",)
    assert {key: value for key, value in filling.values.items() if "." in key} == {
        "gpt-image-1.5.quality": "high",
        "gpt-image-1.5.output_format": "webp",
        "gpt-image-1.5.output_compression": 80,
    }
    page = open_studio()
    upload(page, ("heron.png", _write(replace(told, parameters=asked))))
    _click(page, FILL)
    assert page.selectbox(key="gpt-image-1.5.quality").value == "high"


def _paint(lab: Laboratory) -> tuple[str, bytes]:
    """Paint one picture; return its generation's id and its file."""
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    list(finish(lab, generation_id))
    [run] = lab.look_up(generation_id)[1].runs
    return generation_id, lab.gallery.read_picture(run.images[0].asset)


def _write(lineage: PictureLineage) -> bytes:
    return embed_lineage(make_picture(), lineage)


def _drop(page: AppTest, data: bytes, *, name: str = "heron.png") -> None:
    page.button(key="open").click().run()
    page.file_uploader(key="open_picture").set_value((name, data, "image/png")).run()
    assert not page.exception


def _offered(page: AppTest) -> list[str]:
    return [one.label for one in page.sidebar.button if one.label in {OPEN, FILL, USE}]


def _click(page: AppTest, label: str) -> None:
    next(one for one in page.sidebar.button if one.label == label).click().run()
    assert not page.exception
