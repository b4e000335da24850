"""The Studio through `app.py`, with keys of both providers in its environment."""

import base64
from collections.abc import Iterator
from io import BytesIO

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from promptflow.laboratory import Laboratory
from promptflow.ui import deps
from promptflow.ui.plain import as_message
from promptflow.wording import format_usd
from tests.pages.conftest import all_text, generate, open_studio, wait_for_end
from tests.real.scripts import (
    IDEA,
    OTHER,
    PAINTERS,
    PICTURE_COST,
    STAGE_COST,
    WRITERS,
    script_picture,
    script_texts,
)
from tests.real.workbench import KEYS
from tests.wire.faults import find_fault
from tests.wire.wire import Wire

FAULTS = ("moderation", "quota", "bad_key", "model_not_found", "cut_picture")


@pytest.fixture
def lab(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Laboratory]:
    """The laboratory that the app makes of its environment."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    st.cache_resource.clear()
    made = deps.laboratory()
    yield made
    made.close(timeout_s=10)
    st.cache_resource.clear()


def show(lab: Laboratory, page: AppTest, generation_id: str) -> AppTest:
    """Return the page of a generation once it is over."""
    wait_for_end(lab, generation_id)
    shown = open_studio(generation_id)
    assert not page.exception
    assert not shown.exception
    return shown


def find_keys(page: AppTest) -> list[str]:
    """Return the keys that are in any element, in what the page keeps, or in its address."""
    kept = (page.session_state, page.query_params)
    seen = "\n".join((*walk(page._tree), *map(repr, kept)))
    assert "Describe a picture" in seen or IDEA in seen
    return [key for key in KEYS if key in seen]


def walk(node: Node) -> Iterator[str]:
    """Yield all that the browser is sent of an element and of those in it."""
    yield str(getattr(node, "proto", ""))
    if isinstance(node, Block):
        for child in node.children.values():
            yield from walk(child)


def facts(page: AppTest) -> list[str]:
    """Return the lines under the pictures."""
    return [line for line in all_text(page).splitlines() if " px" in line]


def test_one_model_of_each_provider_is_chosen_to_begin_with(lab: Laboratory) -> None:
    """With both keys, an OpenAI and a Google painter stand in the form, and what they cost at most."""
    page = open_studio()

    assert list(page.multiselect(key="image_models").value) == list(PAINTERS.values())
    assert page.selectbox(key="text_model").value == WRITERS["openai"]
    assert "At most $" in all_text(page)
    assert find_keys(page) == []


def test_both_providers_paint_side_by_side(lab: Laboratory, wire: Wire) -> None:
    """A click brings a picture of each, with what it took and cost, and what all cost at the top."""
    script_texts(wire, "openai")
    script_picture(wire, "openai")
    script_picture(wire, "google")
    page = open_studio()

    shown = show(lab, page, generate(page, IDEA))

    assert len(shown.image) == 2
    assert "Succeeded" in all_text(shown)
    openai, google = facts(shown)
    assert openai.startswith("48 × 48 px")
    assert google.startswith("32 × 32 px")
    for provider in ("openai", "google"):
        assert format_usd(PICTURE_COST[provider]) in all_text(shown)
    cost = format_usd(4 * STAGE_COST["openai"] + sum(PICTURE_COST.values()))
    captions = [caption.value.replace("\N{NO-BREAK SPACE}", " ") for caption in shown.main.caption]
    (head,) = [value for value in captions if "2 image models" in value]
    assert cost in head.replace("\\", "")
    assert wire.violations == ()
    assert (find_keys(page), find_keys(shown)) == ([], [])


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("failing", PAINTERS)
def test_a_card_says_what_failed_beside_the_others_picture(
    lab: Laboratory, wire: Wire, failing: str, name: str
) -> None:
    """One provider's failure is in its card, in the words of its run; the other's picture is there."""
    good = OTHER[failing]
    script_texts(wire, good)
    script_picture(wire, good)
    find_fault(failing, "image", name).script(wire, times=None)
    page = open_studio()
    page.selectbox(key="text_model").set_value(WRITERS[good])

    generation_id = generate(page, IDEA)
    shown = show(lab, page, generation_id)

    run = lab.look_up(generation_id)[1].run(PAINTERS[failing])
    assert run is not None
    assert run.fault is not None
    assert len(shown.image) == 1
    assert [line.split(" px")[0] for line in facts(shown)] == [
        "32 × 32" if failing == "openai" else "48 × 48"
    ]
    title = "Refused" if run.status == "refused" else "What failed"
    told = [(alert.proto.title, alert.value) for alert in (*shown.error, *shown.warning)]
    assert told == [(title, as_message(run.fault.message))]
    assert find_keys(shown) == []


def test_a_text_model_that_fails_is_told_where_it_stands(lab: Laboratory, wire: Wire) -> None:
    """A key that is not accepted is told with the page to go to, without the key."""
    find_fault("openai", "text", "bad_key").script(wire, times=None)
    page = open_studio()

    shown = show(lab, page, generate(page, IDEA))

    assert "does not accept the key in OPENAI_API_KEY" in all_text(shown)
    assert len(shown.image) == 0
    assert find_keys(shown) == []


def test_uploads_reach_both_painters(lab: Laboratory, wire: Wire) -> None:
    """Two files put into the form are edited by OpenAI and seen by Google, upright and small."""
    script_texts(wire, "openai")
    script_picture(wire, "openai")
    script_picture(wire, "google")
    page = open_studio()
    files = [(f"{shade}.png", _make_upload(shade), "image/png") for shade in (40, 90)]
    page.file_uploader(key="reference_images").set_value(files).run()

    shown = show(lab, page, generate(page, IDEA))

    (edit,) = [request for request in wire.openai.requests if request.kind == "image"]
    (google,) = [request for request in wire.google.requests if request.kind == "image"]
    assert edit.path == "/v1/images/edits"
    sent = [part.data for part in edit.parts if part.filename is not None]
    (content,) = (google.json or {})["contents"]
    inline = [part["inlineData"]["data"] for part in content["parts"] if "inlineData" in part]
    assert [base64.urlsafe_b64decode(data) for data in inline] == sent
    assert len(sent) == 2
    assert len(shown.main.image) == 2 + len(files)
    assert wire.violations == ()


def _make_upload(shade: int) -> bytes:
    file = BytesIO()
    Image.new("L", (30, 20), shade).save(file, "PNG")
    return file.getvalue()
