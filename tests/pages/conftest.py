"""The Studio through `app.py`, against laboratories whose models do as a test says."""

import time
from collections.abc import Callable, Iterator, Mapping

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from promptflow.events import Event
from promptflow.laboratory import Laboratory
from promptflow.ports import ImageModel, TextModel
from promptflow.settings import ROOT, Settings
from promptflow.ui import deps
from tests.scripted import make_laboratory

_PLAIN = str.maketrans({"\u2060": "", "\\": "", "\u00a0": " "})
"""Takes out the marks that keep text plain and facts whole."""

OpenLab = Callable[..., Laboratory]


@pytest.fixture
def open_lab(settings: Settings) -> Iterator[OpenLab]:
    """Open a laboratory with scripted models and have the pages use it."""
    opened: list[Laboratory] = []

    def open_it(
        *, planner: TextModel | None = None, painters: Mapping[str, ImageModel] | None = None
    ) -> Laboratory:
        opened.append(make_laboratory(settings, planner=planner, painters=painters))
        deps.install(opened[-1])
        return opened[-1]

    yield open_it
    deps.install(None)
    for laboratory in opened:
        laboratory.close(timeout_s=10)
    st.cache_resource.clear()


def open_studio(generation_id: str | None = None) -> AppTest:
    """Open the Studio as a browser would, at a generation's address if one is given."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    if generation_id is not None:
        page.query_params["generation"] = generation_id
    return page.run()


def generate(page: AppTest, request: str) -> str:
    """Type a request, click Generate, and return the id from the address."""
    page.text_area(key="request").set_value(request)
    page.button(key="generate").click().run()
    return str(page.query_params["generation"])


def wait_for_end(laboratory: Laboratory, generation_id: str) -> None:
    """Wait until a flow is over."""
    flow = laboratory.find_flow(generation_id)
    if flow is not None:
        assert flow.wait(20)
    deadline_s = time.monotonic() + 5
    while laboratory.find_flow(generation_id) and time.monotonic() < deadline_s:
        time.sleep(0.01)


def wait_for_event(laboratory: Laboratory, generation_id: str, kind: type[Event]) -> None:
    """Wait until an event of some kind has happened in a live flow."""
    flow = laboratory.find_flow(generation_id)
    assert flow is not None
    for batch in flow.follow(timeout_s=10):
        if any(isinstance(event, kind) for event in batch):
            return


def all_text(page: AppTest) -> str:
    """Everything the page says, labels included, without the marks that keep it plain."""
    said: list[str] = []
    for told in (page.title, page.subheader, page.markdown, page.caption, page.text):
        said += [str(element.value) for element in told]
    for alerts in (page.error, page.warning, page.info):
        said += [f"{alert.proto.title}\n{alert.value}" for alert in alerts]
    said += [status.label for status in page.status]
    said += [str(button.label) for button in page.button]
    return "\n".join(said).translate(_PLAIN)
