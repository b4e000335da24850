"""The page in a bundle: all of it can be read, and nothing in it does anything."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from promptflow.bundles.page import render_page
from promptflow.view import FlowView, fold
from tests.bundles.made import Place, read_files
from tests.ledger.scripted_flow import flow_finished, flow_started, stage_finished, stage_started

HARM = '<script>alert(1)</script><img src=x onerror=alert(1)> & "q" \u202e[a](javascript:1)'


class _Page(HTMLParser):
    """What is in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)

    def values(self, name: str) -> set[str | None]:
        """Return the values of an attribute."""
        return {attributes[name] for _, attributes in self.tags if name in attributes}


@pytest.fixture
def view(rich: Place) -> FlowView:
    """The flow in which everything happens."""
    return fold(rich.ledger.read_events("g1"))


def test_all_of_a_generation_can_be_read(view: FlowView) -> None:
    """Idea, plan, thinking, reasoning, prompts, refusal, times and costs stand on it."""
    text = "".join(_Page(render_page([view])).texts)

    for told in (
        view.request.request,
        "An octopus plays chess",
        "octopus\nchess board",
        "Ink and salt",
        "It is ink.",
        "an octopus, linocut",
        "Offline refused the words. Change them.",
        "2026-11-23 12:00:00 UTC · partial · 9.0 s · price unknown",
        "painter-1",
        "quality auto · size 2K · output_compression 80",
        "resolved quality high",
    ):
        assert told in text


def test_each_picture_is_shown_from_the_bundle(bundle: Path) -> None:
    """Every picture of the page is a file beside it, and every file is shown."""
    files = read_files(bundle)

    page = _Page(files["index.html"].decode())

    assert page.values("src") == {name for name in files if name.startswith("images/")}


def test_what_was_written_stays_text() -> None:
    """Markup in an idea or an answer makes no tag, and no direction leaks out of its paragraph."""
    stage = stage_finished("s1", HARM)
    events = (flow_started(request=HARM), stage_started("s1"), stage, flow_finished())

    page = _Page(render_page([fold(events)]))

    assert page.texts.count(HARM) == 2
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "article"),
        *("h1", "h2", "h3", "p", "div", "figure", "figcaption", "img"),
    }
    assert not page.values("onerror")
    assert page.values("dir") == {"auto"}


def test_the_page_may_load_nothing_but_its_pictures(view: FlowView) -> None:
    """No script, no address, and a policy that forbids them; its own style is known by its hash."""
    text = render_page([view])

    page = _Page(text)

    policy = next(tag["content"] for name, tag in page.tags if tag.get("http-equiv"))
    style = re.search("<style>(.*)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{digest}'"
    )
    assert "script" not in {name for name, _ in page.tags}
    assert "://" not in text
