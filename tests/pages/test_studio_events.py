"""What the Studio shows of reasoning, retries, previews, references, refusals and costs."""

import io
import threading
from collections.abc import Iterator

import pytest
from PIL import Image
from streamlit.testing.v1.element_tree import Image as PageImage

from promptflow.events import (
    PartialImage,
    ReasoningDelta,
    RunRetrying,
    StageFinished,
    StageRetrying,
)
from promptflow.laboratory import Laboratory
from promptflow.ports import Picture, Reference, TextPart, TextRequest
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import ImageParameters, Stage
from promptflow.settings import Settings
from tests.pages.conftest import OpenLab, all_text, open_studio, wait_for_end, wait_for_event
from tests.scripted import (
    GOUACHE,
    ListPainter,
    Step,
    finish,
    make_png,
    make_refusal,
    make_request,
    make_rush,
)

REASONING = "The hour is open, so dusk or dawn would both do."
FOLD = "Model's own reasoning"


class Reasoner:
    """A text model that lets its reasoning be seen, waits, and answers as the offline planner does."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self._gate = gate
        self._planner = OfflinePlanner()

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Reason, wait, answer."""
        yield TextPart(reasoning=REASONING)
        if self._gate and request.stage is Stage.THINKING:
            self._gate.wait(20)
        yield from self._planner.stream(request)


def test_reasoning_is_seen_while_a_model_reasons(open_lab: OpenLab) -> None:
    """Before the first word of an answer, the box of its stage shows the reasoning."""
    gate = threading.Event()
    lab = open_lab(planner=Reasoner(gate))
    generation_id = lab.start(make_request())
    wait_for_event(lab, generation_id, StageFinished)
    flow = lab.find_flow(generation_id)
    assert flow is not None
    events = (event for batch in flow.follow(timeout_s=10) for event in batch)
    reasoned = (event for event in events if isinstance(event, ReasoningDelta))
    next(reasoned), next(reasoned)

    page = open_studio(generation_id)

    assert REASONING in [_plain(caption.value) for caption in page.status[2].caption]
    assert not page.status[2].expander
    gate.set()
    wait_for_end(lab, generation_id)


def test_reasoning_is_kept_and_folded_away(open_lab: OpenLab) -> None:
    """Each stage of a finished generation has its reasoning in a fold, apart from the answer."""
    lab = open_lab(planner=Reasoner())
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    folds = [fold for fold in page.expander if fold.label == FOLD]
    assert [[_plain(told.value) for told in fold.caption] for fold in folds] == [[REASONING]] * 4
    assert not any(fold.proto.expanded for fold in folds)
    assert not any(REASONING in text.value for text in page.text)


def test_model_without_reasoning_has_no_fold(open_lab: OpenLab) -> None:
    """Where a model gives no reasoning, nothing is drawn for it."""
    lab = open_lab()
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert FOLD not in [fold.label for fold in page.expander]
    assert FOLD not in all_text(page)


def test_stage_that_starts_over_counts_down(open_lab: OpenLab) -> None:
    """A stage that waits says for how long, which attempt comes and why; its first words are gone."""
    planner = OfflinePlanner(faults=[None, make_rush(retry_after_s=60)], break_after=60)
    lab = open_lab(planner=planner)
    generation_id = lab.start(make_request())
    wait_for_event(lab, generation_id, StageRetrying)

    page = open_studio(generation_id)

    said = all_text(page)
    assert "(attempt 2): Offline gouache has too much to do." in said
    assert "Starting over in " in said
    assert not page.status[2].text
    lab.cancel(generation_id)
    wait_for_end(lab, generation_id)


def test_stage_of_two_attempts_says_so(open_lab: OpenLab) -> None:
    """The label of a stage that was started over has the number of attempts."""
    lab = open_lab(planner=OfflinePlanner(faults=[make_rush()]))
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    lines = [line for line in all_text(page).split("\n") if "2 attempts" in line]
    assert len(lines) == 1
    assert "Action plan" in lines[0]


def test_prompt_that_starts_over_counts_down_by_name(open_lab: OpenLab) -> None:
    """A prompt that waits is told by its image model, whichever tab is open."""
    rush = make_rush(retry_after_s=60)
    lab = open_lab(planner=OfflinePlanner(faults=[None, None, rush]))
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    wait_for_event(lab, generation_id, StageRetrying)

    page = open_studio(generation_id)

    assert "Offline gouache: starting over in " in all_text(page)
    lab.cancel(generation_id)
    wait_for_end(lab, generation_id)


def test_run_that_waits_counts_down_in_its_card(open_lab: OpenLab) -> None:
    """A model that is tried again says when and why in its card, beside its line."""
    painter = OfflinePainter(model=GOUACHE, faults=[make_rush(retry_after_s=60)])
    lab = open_lab(painters={GOUACHE: painter})
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    wait_for_event(lab, generation_id, RunRetrying)

    page = open_studio(generation_id)

    said = all_text(page)
    assert "Retrying in " in said
    assert "gray[retrying in " in said
    assert said.count("(attempt 2): Offline gouache has too much to do.") == 2
    lab.cancel(generation_id)
    wait_for_end(lab, generation_id)


def test_run_of_two_attempts_says_so(open_lab: OpenLab) -> None:
    """A card whose run was tried again has the number of attempts among its facts."""
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, faults=[make_rush()])})
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert [c.value for c in page.caption if "2\u00a0attempts" in c.value]
    assert "and 2 attempts, $0.00" in all_text(page)


def test_card_says_what_the_provider_did(open_lab: OpenLab) -> None:
    """Quality and class of size are shown as the provider told them."""
    told = ImageParameters(quality="high", size="2K", output_format="png")
    painter = ListPainter([Picture(index=0, data=make_png(), resolved=told)])
    lab = open_lab(painters={GOUACHE: painter})
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert "2 × 1 px ·  2K ·  high quality ·  PNG" in all_text(page)


def test_refusal_says_category_and_how_often(open_lab: OpenLab) -> None:
    """A refused run has the category in words and how often this model has refused."""
    faults = [None, make_refusal(), make_refusal()]
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, faults=faults)})
    ids = [lab.start(make_request(image_models=(GOUACHE,)))]
    list(finish(lab, ids[0]))
    for _ in range(2):
        ids.append(lab.start(make_request(image_models=(GOUACHE,))))
        list(finish(lab, ids[-1]))

    page = open_studio(ids[-1])

    said = all_text(page)
    assert "Category: violence" in said
    assert "Refused in 2 of 3 runs of this model" in said


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_preview_is_shown_as_it_comes(open_lab: OpenLab, kind: str) -> None:
    """A preview in any of the three formats is a picture in its card while the model paints."""
    gate = threading.Event()
    lab, generation_id = _start_painting(open_lab, gate, _encode(kind))

    page = open_studio(generation_id)

    assert not page.exception
    assert [image.proto.imgs[0].alt for image in page.image] == ["Preview from Offline gouache"]
    assert "Preview" in [caption.value for caption in page.caption]
    gate.set()
    wait_for_end(lab, generation_id)


@pytest.mark.parametrize("data", [b"", b"no picture", make_png()[:40], b"<svg/>"])
def test_broken_preview_breaks_nothing(open_lab: OpenLab, data: bytes) -> None:
    """What is no picture is not shown as a preview; the page waits on for the picture."""
    gate = threading.Event()
    lab, generation_id = _start_painting(open_lab, gate, data)

    page = open_studio(generation_id)

    assert not page.exception
    assert not page.image
    assert "Preview" not in [caption.value for caption in page.caption]
    gate.set()
    wait_for_end(lab, generation_id)
    assert len(open_studio(generation_id).image) == 1


def test_cost_stands_beside_the_estimate(open_lab: OpenLab) -> None:
    """The head of a finished generation says what it cost and what it could have cost at most."""
    lab = open_lab()
    generation_id = lab.start(make_request(estimate_micro_usd=120_000))
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    head = next(caption for caption in page.main.caption if "at\u00a0most" in caption.value)
    assert "$0.00 of at most $0.12" in all_text(page)
    assert "most that was estimated" in head.proto.help


def test_reference_images_stand_with_the_request(open_lab: OpenLab) -> None:
    """What went along with a request is shown small in its box, each with a name, every time."""
    lab = open_lab()
    references = [Reference(data=make_png(shade), mime="image/png") for shade in (10, 200)]
    generation_id = lab.start(make_request(), references)
    list(finish(lab, generation_id))

    open_studio(generation_id)
    page = open_studio(generation_id)

    assert not page.exception
    assert "2 reference images" in all_text(page)
    shown = [element for element in page.status[0] if isinstance(element, PageImage)]
    assert [one.proto.imgs[0].alt for one in shown] == ["Reference image 1", "Reference image 2"]


def test_lost_reference_image_is_a_sentence(open_lab: OpenLab, settings: Settings) -> None:
    """A reference whose file has gone is said in its place; the page stands."""
    lab = open_lab()
    generation_id = lab.start(make_request(), [Reference(data=make_png(113), mime="image/png")])
    list(finish(lab, generation_id))
    for path in (settings.data_dir / "generations").glob("*/reference/**/*.png"):
        path.unlink()

    page = open_studio(generation_id)

    assert not page.exception
    assert "Reference image 1: The picture" in all_text(page)


def _plain(text: str) -> str:
    return text.replace("\u2060", "").replace("\\", "")


def _start_painting(
    open_lab: OpenLab, gate: threading.Event, preview: bytes
) -> tuple[Laboratory, str]:
    """Start a generation whose painter has given a preview and waits."""
    steps: list[Step] = [
        Picture(index=0, data=preview, partial=True),
        lambda: gate.wait(20),
        Picture(index=0, data=make_png()),
    ]
    lab = open_lab(painters={GOUACHE: ListPainter(steps)})
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    wait_for_event(lab, generation_id, PartialImage)
    return lab, generation_id


def _encode(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 80, 20)).save(buffer, kind)
    return buffer.getvalue()
