"""One installation, put together: real ledger, real folder, scripted models."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promptflow import laboratory
from promptflow.errors import InputError, LedgerError, SetupError, UnknownGenerationError
from promptflow.events import Event, FlowFinished, ImageReady, RunStarted
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.laboratory import make_laboratory as make_shipped
from promptflow.ports import ImageModel, Picture, TextModel
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import GalleryFilter, GenerationStatus, ImageParameters, RunStatus, Stage
from promptflow.settings import Settings, read_settings
from promptflow.view import fold
from tests.pipeline.expected import GENERATION, PROMPT
from tests.scripted import (
    BOTH,
    GOUACHE,
    IDEA,
    POSTER,
    FailingLedger,
    ListPainter,
    Step,
    finish,
    give,
    make_laboratory,
    make_png,
    make_request,
    make_tools,
    run_whole,
)
from tests.storage.tiny_disk import run_on_tiny_disk
from tests.unmarked import without_lineage

Open = Callable[..., Laboratory]


@pytest.fixture
def open_lab(settings: Settings) -> Iterator[Open]:
    """Open laboratories on one folder; by default their painters give a picture each, once."""
    opened: list[Laboratory] = []

    def open_it(planner: TextModel | None = None, **painters: ImageModel) -> Laboratory:
        chosen: dict[str, ImageModel] = {GOUACHE: give(0), POSTER: give(1)}
        chosen |= {f"offline-{name}": painter for name, painter in painters.items()}
        opened.append(make_laboratory(settings, planner=planner, painters=chosen))
        return opened[-1]

    yield open_it
    for lab in opened:
        lab.close(timeout_s=10)
        lab.ledger.close()


def _gated(gate: threading.Event) -> ListPainter:
    """Make a painter that waits before its picture."""
    steps: list[Step] = [lambda: gate.wait(10), Picture(index=0, data=make_png())]
    return ListPainter(steps)


def _wait(lab: Laboratory, generation_id: str) -> None:
    """Wait for the end of a flow, wherever it stands."""
    assert list(finish(lab, generation_id)) or lab.find_flow(generation_id) is None


def _locks(settings: Settings) -> int:
    return len(list((settings.data_dir / "owners").glob("*.lock")))


def test_generation_is_kept_whole(open_lab: Open) -> None:
    """From an idea to pictures: when it is over the ledger has all of it, and the store the bytes."""
    lab = open_lab()

    generation_id = lab.start(make_request())
    _wait(lab, generation_id)

    flow, view = lab.look_up(generation_id)
    runs = [view.run(model) for model in BOTH]
    assert flow is None
    assert view.status is GenerationStatus.SUCCEEDED
    assert [run.status for run in runs if run] == [RunStatus.SUCCEEDED] * 2
    assert [
        without_lineage(lab.gallery.read_picture(run.images[0].asset)) for run in runs if run
    ] == [
        make_png(0),
        make_png(1),
    ]
    assert lab.archive.take_inventory().missing == ()


def test_what_was_painted_is_in_the_gallery(open_lab: Open) -> None:
    """The pictures of a flow are listed, counted, found, starred and searched by their texts."""
    lab = open_lab()
    generation_id = lab.start(make_request())
    _wait(lab, generation_id)
    first, second = lab.gallery.list_pictures(GalleryFilter(), limit=24)

    lab.organiser.star(first.asset.asset_id, starred=True)
    starred = lab.gallery.list_pictures(GalleryFilter(starred=True), limit=24)
    lab.organiser.star(first.asset.asset_id, starred=False)

    assert [one.asset for one in starred] == [first.asset]
    assert lab.gallery.find_picture(second.asset.asset_id) == second
    assert lab.gallery.count_pictures(GalleryFilter(text=first.title)) == (2, False)
    assert set(lab.gallery.list_gallery_models()) == set(BOTH)
    assert lab.read_lineage(generation_id).stars == {}


def test_what_was_seen_live_is_what_is_read_back(open_lab: Open) -> None:
    """The events of a finished flow fold to the same from the ledger as they did live."""
    gate = threading.Event()
    lab = open_lab(OfflinePlanner(gate=gate))
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    flow = lab.find_flow(generation_id)
    assert flow is not None
    gate.set()

    live = fold([event for batch in flow.follow(timeout_s=10) for event in batch])

    kept = lab.look_up(generation_id)[1]
    assert [stage.output for stage in kept.stages] == [stage.output for stage in live.stages]
    assert (kept.request, kept.status, kept.plan) == (live.request, live.status, live.plan)
    assert kept.runs[0].images == live.runs[0].images
    assert kept.cost_micro_usd == live.cost_micro_usd == 0


def test_flow_under_way_is_found_with_its_view(open_lab: Open) -> None:
    """Looked up in mid-flight, a generation is there as far as it has come, and can be followed."""
    gate = threading.Event()
    lab = open_lab(gouache=_gated(gate))
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    flow = lab.find_flow(generation_id)
    assert flow is not None
    for batch in flow.follow(timeout_s=10):
        if any(isinstance(event, RunStarted) for event in batch):
            break

    found, view = lab.look_up(generation_id)

    assert found is flow
    assert view.status is GenerationStatus.RUNNING
    assert view.stage(Stage.PROMPT_CONSTRUCTION, GOUACHE) is not None
    assert view.runs[0].status is RunStatus.RUNNING
    gate.set()


def test_unknown_generation_is_an_error(open_lab: Open) -> None:
    """An address that never was a generation's says so."""
    lab = open_lab()

    with pytest.raises(UnknownGenerationError, match="'nothing-here'"):
        lab.look_up("nothing-here")


def test_cancelled_generation_reads_as_cancelled(open_lab: Open) -> None:
    """Cancelling keeps what is paid for, and the ledger says that it was cancelled."""
    gate = threading.Event()
    lab = open_lab(OfflinePlanner(gate=gate))
    generation_id = lab.start(make_request())

    lab.cancel(generation_id)
    gate.set()
    _wait(lab, generation_id)

    view = lab.look_up(generation_id)[1]
    assert view.status is GenerationStatus.CANCELLED
    assert view.runs == []


def test_cancelling_what_is_over_does_nothing(open_lab: Open) -> None:
    """A generation that is over, or unknown, stays as it is."""
    lab = open_lab()
    generation_id = lab.start(make_request())
    _wait(lab, generation_id)

    lab.cancel(generation_id)
    lab.cancel("nothing-here")

    assert lab.look_up(generation_id)[1].status is GenerationStatus.SUCCEEDED


def test_bug_in_a_model_is_recorded_as_its_failure(open_lab: Open) -> None:
    """After a bug in one model the ledger says so, with the other model's picture kept."""
    lab = open_lab(gouache=ListPainter([RuntimeError("a bug")]))
    generation_id = lab.start(make_request())
    _wait(lab, generation_id)

    view = lab.look_up(generation_id)[1]

    assert view.status is GenerationStatus.PARTIAL
    assert [(run.image_model, run.status, len(run.images)) for run in view.runs] in (
        [(GOUACHE, RunStatus.FAILED, 0), (POSTER, RunStatus.SUCCEEDED, 1)],
        [(POSTER, RunStatus.SUCCEEDED, 1), (GOUACHE, RunStatus.FAILED, 0)],
    )


def test_picture_the_ledger_did_not_take_is_found_again(open_lab: Open, settings: Settings) -> None:
    """A stored picture that could not be recorded gets its row when the generation is looked up."""
    lab = open_lab()
    failures = iter([True])

    def first_picture(event: Event) -> bool:
        return isinstance(event, ImageReady) and next(failures, False)

    tools = make_tools(
        settings.data_dir,
        painters={GOUACHE: give(0, 1)},
        ledger=FailingLedger(first_picture, lab.ledger),
    )
    events = run_whole(tools, make_request(image_models=(GOUACHE,), images_per_model=2))

    view = lab.look_up(GENERATION)[1]

    ending = events[-1]
    assert isinstance(ending, FlowFinished)
    assert ending.status is view.status is GenerationStatus.INTERRUPTED
    assert sorted(
        without_lineage(lab.gallery.read_picture(image.asset)) for image in view.runs[0].images
    ) == sorted([make_png(0), make_png(1)])


def test_generations_are_listed_and_searched(open_lab: Open) -> None:
    """The newest comes first, and words narrow the list down."""
    lab = open_lab(
        gouache=ListPainter(*[[Picture(index=0, data=make_png())]] * 2), planner=OfflinePlanner()
    )
    ids = []
    for idea in (IDEA, "A cat on a roof"):
        ids.append(lab.start(make_request(idea, image_models=(GOUACHE,))))
        _wait(lab, ids[-1])

    listed = [one.generation_id for one in lab.list_generations()]

    assert listed == ids[::-1]
    assert [one.title for one in lab.list_generations(search="cat")] == ["A cat on a roof"]
    assert [one.generation_id for one in lab.list_generations(before=ids[1])] == ids[:1]
    assert [one.generation_id for one in lab.list_generations(limit=1)] == ids[1:]


def test_request_is_checked_against_what_can_be_asked(open_lab: Open) -> None:
    """A good request comes back ready to start, one for a model without a key names it."""
    lab = open_lab()
    fields = {
        "request": f"  {IDEA} ",
        "text_model": "offline-planner",
        "aspect_ratio": "1:1",
        "images_per_model": 1,
        "seed": None,
    }

    checked = lab.check(image_models=BOTH, **fields)  # type: ignore[arg-type]

    assert checked == make_request(estimate_micro_usd=0)
    with pytest.raises(InputError, match="needs OPENAI_API_KEY to be set"):
        lab.check(image_models=("gpt-image-2.6-flare",), **fields)  # type: ignore[arg-type]


def test_only_what_can_be_asked_is_available(open_lab: Open) -> None:
    """Without any key the offline models are there, and the others say what they need."""
    lab = open_lab()
    flare = lab.catalog.image_model("gpt-image-2.6-flare")

    assert lab.models.available(lab.catalog.image_models) == BOTH
    assert lab.models.available(lab.catalog.text_models) == ("offline-planner",)
    assert (
        lab.models.reason_unavailable(flare)
        == "GPT Image 2.6 Flare needs OPENAI_API_KEY to be set."
    )
    assert lab.models.reason_unavailable(lab.catalog.image_model(GOUACHE)) is None


@pytest.mark.parametrize(
    ("base_url", "text_models", "image_models"),
    [
        ("http://127.0.0.1:9/v1", ("llama3.3", "offline-planner"), BOTH),
        (
            "https://api.openai.com/v1",
            ("llama3.3", "offline-planner", "gpt-6.1-terra"),
            (*BOTH, "gpt-image-2.6-flare"),
        ),
    ],
)
def test_another_server_offers_what_is_named_and_no_more(
    settings: Settings,
    base_url: str,
    text_models: tuple[str, ...],
    image_models: tuple[str, ...],
) -> None:
    """Where a server's models are named, OpenAI's own are not offered; at OpenAI's they are."""
    lab = make_shipped(
        read_settings(
            {
                "PROMPTFLOW_DATA_DIR": str(settings.data_dir),
                "OPENAI_API_KEY": "sk-marked",
                "OPENAI_BASE_URL": base_url,
                "OPENAI_TEXT_MODELS": "llama3.3",
            }
        )
    )

    assert lab.models.available(lab.catalog.text_models)[:3] == text_models
    assert lab.models.available(lab.catalog.image_models)[:3] == image_models
    assert (
        lab.catalog.default_text_model(lab.models.available(lab.catalog.text_models)) == "llama3.3"
    )


def test_model_that_another_server_was_not_said_to_have_names_the_variable(
    settings: Settings,
) -> None:
    """Why a model of OpenAI's is missing there is one sentence with what to set; others are as ever."""
    lab = make_shipped(
        read_settings(
            {
                "PROMPTFLOW_DATA_DIR": str(settings.data_dir),
                "OPENAI_API_KEY": "sk-marked",
                "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
                "OPENAI_IMAGE_MODELS": "sdxl",
            }
        )
    )
    banana = lab.catalog.image_model("gemini-nano-banana-2.1")
    luna, sdxl = lab.catalog.text_model("gpt-6-luna"), lab.catalog.image_model("sdxl")

    assert "add gpt-6-luna to OPENAI_TEXT_MODELS" in (lab.models.reason_unavailable(luna) or "")
    assert "GOOGLE_AI_API_KEY" in (lab.models.reason_unavailable(banana) or "")
    assert lab.models.reason_unavailable(sdxl) is None


def test_request_is_checked_with_its_parameters_and_references(open_lab: Open) -> None:
    """What is asked of a model and what goes along are checked before anything is started."""
    lab = open_lab()
    fields = {
        "request": IDEA,
        "image_models": BOTH,
        "text_model": "offline-planner",
        "aspect_ratio": "1:1",
        "images_per_model": 1,
        "seed": None,
    }

    with pytest.raises(InputError, match="can't be asked for any quality"):
        lab.check(**fields, parameters={GOUACHE: ImageParameters(quality="low")})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="None of the chosen models can use reference images"):
        lab.check(**fields, references=1)  # type: ignore[arg-type]


def test_models_are_called_by_their_titles(open_lab: Open) -> None:
    """A model has its title from the catalogue; one that it has lost keeps its id."""
    lab = open_lab()

    assert lab.models.name_of(GOUACHE) == "Offline gouache"
    assert lab.models.name_of("painter-of-old") == "painter-of-old"


def test_picture_without_its_file_is_missing(open_lab: Open, settings: Settings) -> None:
    """A recorded picture whose file is gone is told by its key."""
    lab = open_lab()
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    _wait(lab, generation_id)
    key = lab.look_up(generation_id)[1].runs[0].images[0].asset.key

    (settings.data_dir / key).unlink()

    assert [asset.key for asset in lab.archive.take_inventory().missing] == [key]


def test_only_who_runs_a_flow_claims_ownership(open_lab: Open, settings: Settings) -> None:
    """Looking needs no claim; the first start makes one, and closing gives it up."""
    lab = open_lab()
    looked = _locks(settings)

    generation_id = lab.start(make_request())
    started = _locks(settings)
    _wait(lab, generation_id)
    lab.close(timeout_s=10)

    assert (looked, started, _locks(settings)) == (0, 1, 0)


def test_another_laboratory_sees_a_flow_and_leaves_it_alone(open_lab: Open) -> None:
    """Who shares the folder reads a running generation as running, and does not mend it."""
    gate = threading.Event()
    lab = open_lab(gouache=_gated(gate))
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    other = open_lab()

    flow, view = other.look_up(generation_id)
    mended = other.recover()
    gate.set()
    _wait(lab, generation_id)

    assert flow is None
    assert view.status is GenerationStatus.RUNNING
    assert mended == ()
    assert other.look_up(generation_id)[1].status is GenerationStatus.SUCCEEDED


def test_closing_waits_for_what_is_paid_for(open_lab: Open) -> None:
    """A picture that is being painted arrives before the laboratory is closed."""
    gate = threading.Event()
    lab = open_lab(gouache=_gated(gate))
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    flow = lab.find_flow(generation_id)
    assert flow is not None
    for batch in flow.follow(timeout_s=10):
        if any(isinstance(event, RunStarted) for event in batch):
            break
    threading.Timer(0.05, gate.set).start()

    lab.close(timeout_s=10)

    view = lab.look_up(generation_id)[1]
    assert view.status is GenerationStatus.CANCELLED
    assert [run.status for run in view.runs] == [RunStatus.SUCCEEDED]


def test_closing_without_time_keeps_the_claim(open_lab: Open, settings: Settings) -> None:
    """While a flow still runs nobody else may take its generation for a dead one."""
    gate = threading.Event()
    lab = open_lab(gouache=_gated(gate))
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))

    lab.close(timeout_s=0)
    held = _locks(settings)
    gate.set()
    _wait(lab, generation_id)

    assert held == 1


def test_laboratory_can_start_again_after_closing(open_lab: Open, settings: Settings) -> None:
    """Closing lets go of the folder; a later start claims it anew."""
    lab = open_lab()
    lab.close(timeout_s=0)

    generation_id = lab.start(make_request())
    _wait(lab, generation_id)

    assert lab.look_up(generation_id)[1].status is GenerationStatus.SUCCEEDED


def test_nothing_is_started_without_the_data_folder(open_lab: Open, settings: Settings) -> None:
    """A data folder that went away is said in a sentence, and nobody is asked."""
    planner = OfflinePlanner()
    lab = open_lab(planner)
    shutil.rmtree(settings.data_dir)

    with pytest.raises(SetupError, match="can't be used any more"):
        lab.start(make_request())

    assert planner.requests == []


def test_nothing_is_started_on_a_full_disk(tmp_path: Path) -> None:
    """With less than 64 MB left nothing is recorded and nothing spent."""
    script = """
import sys
from pathlib import Path
from promptflow.errors import SetupError
from promptflow.settings import read_settings
from tests.scripted import make_laboratory, make_request
from tests.unmarked import without_lineage

lab = make_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": sys.argv[1]}))
try:
    lab.start(make_request())
except SetupError as error:
    print(error.message)
print(lab.list_generations())
"""

    said = run_on_tiny_disk(tmp_path / "disk", script)

    assert "MB left, and pictures need 64 MB. Free some space; nothing was started." in said
    assert said.endswith("\n()\n")


def test_folder_that_cannot_be_one_is_a_setup_error(tmp_path: Path) -> None:
    """Where a file stands in the place of the data folder, opening says what to do."""
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(SetupError, match="PROMPTFLOW_DATA_DIR"):
        open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(tmp_path / "data")}))


def test_ledger_is_made_by_the_first_start(settings: Settings) -> None:
    """An installation that was never used shows nothing and has no ledger until something is started."""
    lab = laboratory.make_laboratory(settings)
    lab.open()
    with pytest.raises(UnknownGenerationError):
        lab.look_up("anything")
    before = (lab.list_generations(), settings.database.exists())
    generation_id = lab.start(make_request())
    lab.close(timeout_s=30)

    assert before == ((), False)
    assert [row.generation_id for row in lab.list_generations()] == [generation_id]


def test_ledger_that_vanishes_is_not_taken_for_a_new_one(settings: Settings) -> None:
    """What was there and is gone is a failure to be told, not an empty list."""
    lab = open_laboratory(settings)
    settings.database.unlink()

    with pytest.raises(LedgerError):
        lab.list_generations()


def test_shipped_models_need_no_setting(settings: Settings) -> None:
    """As it is shipped, a laboratory plans and paints offline, without any key."""
    lab = open_laboratory(settings)

    generation_id = lab.start(make_request(image_models=(POSTER,)))
    _wait(lab, generation_id)

    view = lab.look_up(generation_id)[1]
    run = view.runs[0]
    assert view.status is GenerationStatus.SUCCEEDED
    assert run.prompt
    assert run.prompt != PROMPT
    assert (run.images[0].asset.width_px, run.images[0].asset.height_px) == (1024, 1024)
    lab.close(timeout_s=10)
    lab.ledger.close()
