"""The form with keys: models by their dates, what is asked of each, and reference images."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.laboratory import Laboratory
from promptflow.pipeline import Work
from promptflow.ports import Reference
from promptflow.providers import Provider
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import GenerationRequest, ImageParameters
from promptflow.references import prepare_reference
from promptflow.settings import SHIPPED_DATA, Settings, read_settings
from promptflow.ui import deps
from promptflow.ui.state import UPLOADS
from tests.pages.conftest import OpenLab, all_text, open_studio, wait_for_end
from tests.scripted import GOUACHE, IDEA

FLARE, GPT_2, GPT_15 = "gpt-image-2.6-flare", "gpt-image-2", "gpt-image-1.5"
BANANA, LITE = "gemini-nano-banana-2.1", "gemini-3.1-flash-lite-image"
HOSTILE = "![x](http://127.0.0.1/x.png) <b>$x^2$:material~home:.png"

OpenKeyed = Callable[..., "WatchedLaboratory"]


@dataclass(frozen=True, slots=True)
class Calendar(Clock):
    """A clock that stands on one day."""

    day: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """Return noon of that day."""
        return self.day


class WatchedLaboratory(Laboratory):
    """A laboratory that notes what it is asked to start."""

    started: list[tuple[GenerationRequest, tuple[Reference, ...]]]

    def start(
        self,
        request: GenerationRequest,
        references: Sequence[Reference] = (),
        *,
        work: Work | None = None,
    ) -> str:
        """Note it, and start it."""
        self.started.append((request, tuple(references)))
        return super().start(request, references, work=work)


@pytest.fixture
def open_keyed(settings: Settings) -> Iterator[OpenKeyed]:
    """Open a laboratory whose keyed models are played by the offline ones, on a day of the test's."""
    opened: list[WatchedLaboratory] = []

    def open_it(*, clock: Clock | None = None, **variables: str) -> WatchedLaboratory:
        provider = Provider(
            text_model=lambda _: OfflinePlanner(),
            image_model=lambda _: OfflinePainter(model=GOUACHE),
        )
        keys = {"OPENAI_API_KEY": "sk-marked", "GEMINI_API_KEY": "AIza-marked"} | variables
        catalog = read_catalog(SHIPPED_DATA / "models.toml")
        read = read_settings({"PROMPTFLOW_DATA_DIR": str(settings.data_dir)} | keys)
        if read.openai:
            named = read.openai
            catalog = catalog.with_named("openai", named.text_models, named.image_models)
        lab = WatchedLaboratory(
            settings=read,
            catalog=catalog,
            providers=dict.fromkeys(("offline", "openai", "google"), provider),
            clock=clock or Calendar(),
        )
        lab.started = []
        opened.append(lab)
        deps.install(lab)
        return lab

    yield open_it
    deps.install(None)
    for lab in opened:
        lab.close(timeout_s=10)
    st.cache_resource.clear()


def make_picture(shade: int = 90, kind: str = "PNG") -> bytes:
    """Encode a small gray picture."""
    file = BytesIO()
    Image.new("L", (30, 20), shade).save(file, kind)
    return file.getvalue()


def upload(page: AppTest, *files: tuple[str, bytes]) -> None:
    """Put files into the field for reference images."""
    field = page.file_uploader(key="reference_images")
    field.set_value([(name, data, "image/png") for name, data in files]).run()
    assert not page.exception


def choose(page: AppTest, *models: str, text_model: str | None = None) -> None:
    """Choose models."""
    page.multiselect(key="image_models").set_value(list(models))
    if text_model:
        page.selectbox(key="text_model").set_value(text_model)
    page.run()
    assert not page.exception


def options(page: AppTest, key: str) -> list[str]:
    """Return what a field offers, as it is shown."""
    return list(page.selectbox(key=key).options)


def send(page: AppTest) -> None:
    """Type a request and click Generate."""
    page.text_area(key="request").set_value(IDEA)
    page.button(key="generate").click().run()
    assert not page.exception


def keys_drawn(page: AppTest) -> set[str]:
    """Return the keys of all fields."""
    widgets = (*page.selectbox, *page.number_input, *page.file_uploader)
    return {str(widget.key) for widget in widgets}


def test_without_keys_nothing_is_drawn_for_references_or_parameters(open_lab: OpenLab) -> None:
    """The first page of a newcomer holds no field that only models with keys can use."""
    open_lab()

    page = open_studio()

    assert keys_drawn(page) == {"aspect_ratio", "text_model", "seed"}
    assert [group.label for group in page.expander] == [
        "10 more models can't be used now; 3 gone",
        "More settings",
    ]


def test_the_text_model_starts_at_the_default(open_keyed: OpenKeyed) -> None:
    """With keys, the first choice is not the offline planner, although it stands first."""
    open_keyed()

    page = open_studio()

    assert page.selectbox(key="text_model").value == "gpt-6.1-terra"
    assert options(page, "text_model")[0] == "Offline planner"


def test_gone_models_are_struck_out_with_their_successor(open_keyed: OpenKeyed) -> None:
    """A model past its date can't be chosen, and isn't counted among those a key would bring back."""
    open_keyed()

    page = open_studio()

    listed = page.expander[0]
    assert listed.label == "3 models gone for good"
    assert "~~Nano Banana~~" in listed.markdown[0].value.replace("\\", "")
    assert "use gemini-3.1-flash-lite-image instead" in all_text(page)
    assert "Nano Banana" not in page.multiselect(key="image_models").options


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (datetime(2026, 10, 1, tzinfo=UTC), None),
        (datetime(2026, 10, 2, tzinfo=UTC), "1 model gone for good"),
        (datetime(2026, 12, 1, tzinfo=UTC), "5 models gone for good"),
    ],
)
def test_models_go_on_their_day(open_keyed: OpenKeyed, day: datetime, label: str | None) -> None:
    """From its last day on a model is listed as gone."""
    open_keyed(clock=Calendar(day))

    page = open_studio()

    assert [group.label for group in page.expander if "gone" in group.label] == (
        [label] if label else []
    )


def test_a_model_near_its_end_is_warned_of_when_chosen(open_keyed: OpenKeyed) -> None:
    """Within thirty days of its end a chosen model says so; one that isn't chosen does not."""
    open_keyed()
    page = open_studio()
    before = [warning.value for warning in page.warning]

    choose(page, GPT_15)

    assert before == []
    assert [warning.value.replace("\\", "").replace("\u2060", "") for warning in page.warning] == [
        "GPT Image 1.5 is shut down in 8 days, on 2026-12-01; use gpt-image-2.6-sunburst instead."
    ]


def test_a_model_that_goes_while_the_page_is_open_is_let_go(open_keyed: OpenKeyed) -> None:
    """What was chosen and can't be asked any more is no longer chosen; the page stands."""
    open_keyed()
    page = open_studio()
    choose(page, GPT_15, BANANA)
    open_keyed(clock=Calendar(datetime(2026, 12, 1, tzinfo=UTC)))

    page.run()

    assert not page.exception
    assert page.multiselect(key="image_models").value == [BANANA]


def test_another_server_offers_only_what_is_named(open_keyed: OpenKeyed) -> None:
    """OpenAI's own models are not offered at a server whose models are named; it says what to set."""
    open_keyed(OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_IMAGE_MODELS="sdxl")

    page = open_studio()

    offered = page.multiselect(key="image_models").options
    assert offered[0] == "sdxl"
    assert not [title for title in offered if title.startswith("GPT")]
    assert "add gpt-image-2 to OPENAI_IMAGE_MODELS" in all_text(page)


def test_each_model_offers_what_it_can_do(open_keyed: OpenKeyed) -> None:
    """Fields are those of the chosen models, each with the model's own choice first."""
    open_keyed()
    page = open_studio()

    choose(page, FLARE, BANANA, "offline-poster")

    assert keys_drawn(page) - {"aspect_ratio", "text_model", "seed", "reference_images"} == {
        f"{FLARE}.quality",
        f"{FLARE}.size",
        f"{FLARE}.output_format",
        f"{FLARE}.background",
        f"{FLARE}.moderation",
        f"{BANANA}.size",
    }
    assert options(page, f"{FLARE}.quality") == [
        *("Model's choice", "low", "medium", "high", "xhigh", "max")
    ]
    assert options(page, f"{FLARE}.background") == ["Model's choice", "transparent", "opaque"]
    assert options(page, f"{FLARE}.moderation") == ["Model's choice", "low"]
    assert options(page, f"{BANANA}.size") == ["Model's choice", "1K", "2K", "4K"]


def test_sizes_have_the_chosen_shape(open_keyed: OpenKeyed) -> None:
    """Another aspect ratio offers other sizes, and a size in the former shape is let go."""
    open_keyed()
    page = open_studio()
    choose(page, GPT_2)
    page.selectbox(key=f"{GPT_2}.size").set_value("2048x2048").run()
    square = options(page, f"{GPT_2}.size")

    page.selectbox(key="aspect_ratio").set_value("16:9").run()

    auto = "Model's choice, any shape"
    assert square == ["1024 × 1024", "1456 × 1456", "2048 × 2048", "2880 × 2880", auto]
    assert options(page, f"{GPT_2}.size") == [
        *("1280 × 720", "2048 × 1152", "2816 × 1584", "3840 × 2160", auto)
    ]
    assert page.selectbox(key=f"{GPT_2}.size").value == ""


def test_a_size_that_is_left_to_the_model_outlives_the_shape(open_keyed: OpenKeyed) -> None:
    """It fits every aspect ratio, so that another one lets it stand."""
    open_keyed()
    page = open_studio()
    choose(page, GPT_2)

    page.selectbox(key=f"{GPT_2}.size").set_value("auto").run()
    page.selectbox(key="aspect_ratio").set_value("16:9").run()

    assert page.selectbox(key=f"{GPT_2}.size").value == "auto"
    assert not page.error


def test_transparency_and_jpeg_exclude_each_other(open_keyed: OpenKeyed) -> None:
    """Whichever of the two is chosen, the other is not offered."""
    open_keyed()
    page = open_studio()
    choose(page, FLARE)

    page.selectbox(key=f"{FLARE}.background").set_value("transparent").run()
    with_transparency = options(page, f"{FLARE}.output_format")
    page.selectbox(key=f"{FLARE}.background").set_value("").run()
    page.selectbox(key=f"{FLARE}.output_format").set_value("jpeg").run()

    assert with_transparency == ["Model's choice", "png", "webp"]
    assert options(page, f"{FLARE}.background") == ["Model's choice", "opaque"]


@pytest.mark.parametrize(
    ("output_format", "drawn"), [("", False), ("png", False), ("jpeg", True), ("webp", True)]
)
def test_only_what_is_compressed_has_a_compression(
    open_keyed: OpenKeyed, output_format: str, drawn: bool
) -> None:
    """The field is there for JPEG and WebP."""
    open_keyed()
    page = open_studio()
    choose(page, FLARE)

    page.selectbox(key=f"{FLARE}.output_format").set_value(output_format).run()

    assert (f"{FLARE}.output_compression" in keys_drawn(page)) is drawn


def test_what_is_chosen_is_asked_for(open_keyed: OpenKeyed) -> None:
    """The request that is started holds the parameters of each model, and no others."""
    lab = open_keyed()
    page = open_studio()
    choose(page, FLARE, BANANA, text_model="offline-planner")
    page.selectbox(key=f"{FLARE}.quality").set_value("low")
    page.selectbox(key=f"{FLARE}.output_format").set_value("webp").run()
    page.number_input(key=f"{FLARE}.output_compression").set_value(60)
    page.selectbox(key=f"{BANANA}.size").set_value("2K").run()
    page.multiselect(key="image_models").set_value([FLARE]).run()

    send(page)

    wait_for_end(lab, str(str(page.query_params["generation"])))
    assert [dict(request.parameters) for request, _ in lab.started] == [
        {FLARE: ImageParameters(quality="low", output_format="webp", output_compression=60)}
    ]


def test_the_estimate_follows_the_choices(open_keyed: OpenKeyed) -> None:
    """A lower quality costs less at most, and reference images cost more."""
    open_keyed()
    page = open_studio()
    choose(page, GPT_2, text_model="offline-planner")
    open_choice = _cost(page)

    page.selectbox(key=f"{GPT_2}.quality").set_value("low").run()
    low = _cost(page)
    upload(page, ("sun.png", make_picture()))

    assert (open_choice, low) == ("At most $0.26", "At most $0.05")
    assert _cost(page) == "At most $0.13"


def test_an_unknown_price_names_its_model(open_keyed: OpenKeyed) -> None:
    """What is known is told, with the models of which nothing can be told beforehand."""
    open_keyed()
    page = open_studio()
    choose(page, GPT_2, FLARE, GPT_15, text_model="offline-planner")
    mixed = _cost(page)

    choose(page, FLARE)

    assert mixed == (
        "At most $0.26, and what GPT Image 2.6 Flare and GPT Image 1.5 will cost can't be told"
        " beforehand."
    )
    assert _cost(page) == "What GPT Image 2.6 Flare will cost can't be told beforehand."


def test_reference_images_are_shown_with_who_sees_them(open_keyed: OpenKeyed) -> None:
    """Each file has a preview with its name, and one sentence tells which of the models look."""
    open_keyed()
    page = open_studio()
    choose(page, BANANA, "offline-poster", text_model="gpt-6.1-terra")

    upload(page, ("sun.png", make_picture()), ("sea.jpg", make_picture(40, "JPEG")))

    assert [image.captions for image in _previews(page)] == [["sun\\.png"], ["sea\\.jpg"]]
    assert "GPT-6.1 Terra and Nano Banana 2.1 see them; Offline poster does not." in all_text(page)


@pytest.mark.parametrize(
    ("text_model", "painters", "said"),
    [
        ("gpt-6-luna", (BANANA,), "GPT-6 Luna and Nano Banana 2.1 see them."),
        (
            "gemini-4-argon",
            (BANANA, "offline-poster"),
            "Nano Banana 2.1 sees them; Gemini 4 Argon and Offline poster do not.",
        ),
        ("offline-planner", ("offline-poster",), "None of the chosen models can use them."),
    ],
)
def test_who_sees_references_is_one_sentence(
    open_keyed: OpenKeyed, text_model: str, painters: tuple[str, ...], said: str
) -> None:
    """The sentence follows the models that are chosen."""
    open_keyed()
    page = open_studio()
    upload(page, ("sun.png", make_picture()))

    choose(page, *painters, text_model=text_model)

    assert said in [caption.value.replace("\\", "") for caption in page.caption]


def test_reference_images_go_along(open_keyed: OpenKeyed) -> None:
    """The prepared pictures are started with the request, one that was sent twice only once."""
    lab = open_keyed()
    page = open_studio()
    choose(page, BANANA)
    sun, sea = make_picture(), make_picture(40, "JPEG")
    upload(page, ("sun.png", sun), ("sea.jpg", sea), ("again.png", sun))

    send(page)

    wait_for_end(lab, str(str(page.query_params["generation"])))
    assert [references for _, references in lab.started] == [
        (prepare_reference(sun, name="sun"), prepare_reference(sea, name="sea"))
    ]


def test_a_second_click_with_other_references_is_another_wish(open_keyed: OpenKeyed) -> None:
    """The same words with another picture start a generation of their own."""
    lab = open_keyed()
    page = open_studio()
    choose(page, BANANA)
    upload(page, ("sun.png", make_picture()))
    send(page)

    upload(page, ("sea.png", make_picture(40)))
    send(page)

    for summary in lab.list_generations():
        wait_for_end(lab, summary.generation_id)
    assert len(lab.started) == 2


def test_a_file_is_decoded_once(open_keyed: OpenKeyed) -> None:
    """A run of the page takes what an earlier one made of a file; what is taken out is forgotten."""
    open_keyed()
    page = open_studio()
    upload(page, ("sun.png", make_picture()), ("bad.png", b"nothing"))
    made = list(page.session_state[UPLOADS].values())

    page.selectbox(key="aspect_ratio").set_value("16:9").run()
    kept = list(page.session_state[UPLOADS].values())
    page.file_uploader(key="reference_images").clear().run()

    assert [one is other for one, other in zip(made, kept, strict=True)] == [True, True]
    assert page.session_state[UPLOADS] == {}


def test_a_file_that_can_not_be_used_is_said_and_stops_the_start(open_keyed: OpenKeyed) -> None:
    """Each bad file has its sentence; nothing is started without what was meant to go along."""
    lab = open_keyed()
    page = open_studio()
    choose(page, BANANA)

    upload(page, ("sun.png", make_picture()), ("a.png", b"nothing"), ("b.png", b""))
    said = page.error[0].value.replace("\\", "")
    send(page)

    assert "The reference image 'a.png' can't be used. The 7 bytes are no such picture." in said
    assert "The reference image 'b.png' can't be used. The picture has 0 bytes." in said
    assert len(_previews(page)) == 1
    assert "'a.png' can't be used" in page.error[1].value.replace("\\", "")
    assert lab.started == []


def test_more_than_eight_files_are_too_many(open_keyed: OpenKeyed) -> None:
    """Of nine files it is said how many to take out, and nothing is started."""
    lab = open_keyed()
    page = open_studio()
    choose(page, BANANA)

    upload(page, *((f"{shade}.png", make_picture(shade)) for shade in range(9)))
    send(page)

    assert [error.value.replace("\\", "") for error in page.error] == [
        "9 reference images are chosen, and at most 8 can go along. Take 1 of them out; past the first 8"
        " is '8.png'."
    ] * 2
    assert len(page.session_state[UPLOADS]) == 8
    assert lab.started == []


def test_more_than_a_model_takes_is_refused_at_the_click(open_keyed: OpenKeyed) -> None:
    """A model that takes one picture is named when two are there."""
    lab = open_keyed()
    page = open_studio()
    choose(page, LITE)
    upload(page, ("sun.png", make_picture()), ("sea.png", make_picture(40)))

    send(page)

    assert "Nano Banana 2 Lite takes 1 of 2 reference images" in page.error[0].value
    assert lab.started == []


def test_moderation_is_not_offered_for_edits(open_keyed: OpenKeyed) -> None:
    """With reference images OpenAI takes no moderation: the field goes, and what it held with it."""
    lab = open_keyed()
    page = open_studio()
    choose(page, GPT_2)
    page.selectbox(key=f"{GPT_2}.moderation").set_value("low").run()

    upload(page, ("sun.png", make_picture()))
    drawn = keys_drawn(page)
    send(page)

    wait_for_end(lab, str(str(page.query_params["generation"])))
    assert f"{GPT_2}.moderation" not in drawn
    assert [dict(request.parameters) for request, _ in lab.started] == [{}]


def test_a_file_name_has_no_effect(open_keyed: OpenKeyed) -> None:
    """Marks in a file's name stand on the page as text."""
    open_keyed()
    page = open_studio()

    upload(page, (HOSTILE, make_picture()), (HOSTILE, b"nothing"))

    (preview,) = _previews(page)
    assert preview.captions[0].replace("\u2060", "").startswith("\\!\\[x\\]\\(http\\:")
    assert "\\<b\\>" in page.error[0].value


def _cost(page: AppTest) -> str:
    [said] = [caption.value for caption in page.caption if ":material/payments:" in caption.value]
    return str(said).replace("\\", "").removeprefix(":material/payments: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Preview:
    captions: list[str]


def _previews(page: AppTest) -> list[_Preview]:
    """Return the pictures of the sidebar."""
    return [
        _Preview(captions=[one.caption for one in image.proto.imgs]) for image in page.sidebar.image
    ]


def test_what_goes_beyond_a_limit_is_refused_at_the_click(open_keyed: OpenKeyed) -> None:
    """One sentence says by how much it is over, and nothing is recorded; what is free still starts."""
    lab = open_keyed(PROMPTFLOW_GENERATION_LIMIT_USD="0.01")
    page = open_studio()
    choose(page, GPT_2)

    send(page)

    [said] = [error.value.replace("\\", "") for error in page.error]
    assert "over the limit of $0.01 for one generation" in said
    assert lab.list_generations() == ()
    choose(page, GOUACHE, text_model="offline-planner")
    send(page)
    assert not page.error
    assert len(lab.list_generations()) == 1
    wait_for_end(lab, str(page.query_params["generation"]))


def test_what_goes_beyond_a_limit_is_told_before_the_click(open_keyed: OpenKeyed) -> None:
    """Beside the estimate stands by how much it is over; nothing stands there for what is free."""
    open_keyed(PROMPTFLOW_GENERATION_LIMIT_USD="0.01", PROMPTFLOW_MONTHLY_LIMIT_USD="5")
    page = open_studio()

    choose(page, GPT_2)
    dear = [caption.value.replace("\\", "") for caption in page.sidebar.caption]
    choose(page, GOUACHE, text_model="offline-planner")
    free = [caption.value for caption in page.sidebar.caption]

    [said] = [one for one in dear if "limit" in one]
    assert "over the limit of $0.01 for one generation" in said
    assert not [one for one in free if "limit" in one]


def test_a_cost_that_cannot_be_told_is_refused_under_a_limit(open_keyed: OpenKeyed) -> None:
    """A model without a price is not asked where there is a limit."""
    lab = open_keyed(
        PROMPTFLOW_MONTHLY_LIMIT_USD="100",
        OPENAI_IMAGE_MODELS="my-painter",
    )
    page = open_studio()
    choose(page, "my-painter")

    send(page)

    [said] = [error.value.replace("\\", "") for error in page.error]
    assert said.startswith("What this will cost can't be told beforehand")
    assert "PROMPTFLOW_MONTHLY_LIMIT_USD" in said
    assert lab.list_generations() == ()
