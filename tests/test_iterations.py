"""What is done once more with a generation: what that asks for, what it leaves alone, what it refuses."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.errors import BusyGenerationError, InputError, PromptflowError
from promptflow.iterations import Iteration
from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.ports import Reference
from promptflow.records import (
    GenerationStatus,
    ImageParameters,
    PromptOrigin,
    RunStatus,
    Stage,
    StageStatus,
)
from promptflow.settings import Settings, read_settings
from promptflow.view import FlowView, RunView, StageView
from tests.scripted import finish, make_png
from tests.sequences import (
    FAILS,
    GOOD,
    NONSENSE,
    OTHER_WRITER,
    PAINTERS,
    REFUSES,
    WAITS,
    WRITER,
    MillisecondClock,
    Script,
)

FLARE, BANANA, GOUACHE = PAINTERS
Plan = Callable[[FlowView], Iteration]


class Room:
    """A laboratory with scripted models, and what is done in it."""

    def __init__(self, settings: Settings) -> None:
        self.script = Script()
        self.lab: Laboratory = make_laboratory(
            settings, providers=self.script.providers(), clock=MillisecondClock()
        )
        self.lab.open(make=True, tend=False)

    def run(
        self,
        *,
        painters: Sequence[str] = (FLARE, GOUACHE),
        texts: Sequence[str] = (),
        pictures: dict[str, list[str]] | None = None,
        cancel_at: str = "",
        references: Sequence[Reference] = (),
        **more: object,
    ) -> FlowView:
        """Run a generation to its end; texts and pictures go as they say."""
        asked = {
            "request": "A lighthouse",
            "image_models": painters,
            "text_model": WRITER,
            "aspect_ratio": "1:1",
            "images_per_model": 1,
            "seed": None,
            "references": len(references),
        } | more
        self.script.tell(texts, pictures or {})
        request = self.lab.check(**asked)  # type: ignore[arg-type]  # by name
        return self.follow(self.lab.start(request, references), cancel_at=cancel_at)

    def resume(
        self,
        view: FlowView,
        plan: Plan,
        *,
        texts: Sequence[str] = (),
        pictures: dict[str, list[str]] | None = None,
    ) -> FlowView:
        """Do something once more."""
        self.script.tell(texts, pictures or {})
        return self.follow(self.lab.resume(view.generation_id, plan))

    def retry(self, view: FlowView) -> FlowView:
        """Retry what failed; all goes well."""
        return self.resume(view, self.lab.iterations.retry)

    def fork(self, parent: FlowView, stage: Stage, **edited: object) -> FlowView:
        """Fork a generation; all goes well."""
        self.script.tell((), {})
        request = edited.pop("request", parent.request)

        def plan(view: FlowView) -> Iteration:
            return self.lab.iterations.fork(view, request, stage, **edited)  # type: ignore[arg-type]  # by name

        return self.follow(self.lab.fork(parent.generation_id, plan))

    def follow(self, generation_id: str, *, cancel_at: str = "") -> FlowView:
        """Follow a flow to its end, and cancel it at an event of a name."""
        for event in finish(self.lab, generation_id):
            if type(event).__name__ == cancel_at:
                self.lab.cancel(generation_id)
        return self.lab.look_up(generation_id)[1]

    def calls_since(self, before: tuple[dict[str, int], dict[str, int]]) -> dict[str, int]:
        """Return what was asked for since: stages and image models."""
        return {
            name: times - was.get(name, 0)
            for was, now in zip(before, self.script.calls, strict=True)
            for name, times in now.items()
            if times > was.get(name, 0)
        }


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a ledger in which nothing is written."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    Room(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)})).lab.close(timeout_s=0)
    return folder


@pytest.fixture
def room(empty: Path, settings: Settings) -> Iterator[Room]:
    """A laboratory in which nothing has happened yet."""
    shutil.copytree(empty, settings.data_dir)
    opened = Room(settings)
    yield opened
    opened.lab.close(timeout_s=10)


def outline(view: FlowView) -> list[tuple[str, int, str, str]]:
    """Return model, version, origin and status of each run, model by model."""
    return sorted(
        (run.image_model, run.version, run.prompt_origin.value, run.status.value)
        for run in view.runs
    )


# Retry


@pytest.mark.parametrize("how", [FAILS, REFUSES])
def test_a_failed_plan_is_asked_for_again(room: Room, how: str) -> None:
    """With no plan, all is asked for, and the generation succeeds after all."""
    first = room.run(texts=[how])
    before = room.script.calls

    view = room.retry(first)

    assert first.status in (GenerationStatus.FAILED, GenerationStatus.REFUSED)
    assert room.calls_since(before) == {
        "action_plan": 1,
        "thinking": 1,
        "prompt_construction": 2,
        FLARE: 1,
        GOUACHE: 1,
    }
    assert view.status is GenerationStatus.SUCCEEDED
    assert view.fault is None


def test_a_plan_that_was_nonsense_twice_is_asked_for_again(room: Room) -> None:
    """The answer and its repair that could not be read stay; the next one is used."""
    first = room.run(texts=[NONSENSE, NONSENSE])

    view = room.retry(first)

    plans = [one.status for one in view.stages if one.stage is Stage.ACTION_PLAN]
    assert plans == [StageStatus.FAILED, StageStatus.FAILED, StageStatus.SUCCEEDED]
    assert view.status is GenerationStatus.SUCCEEDED


def test_failed_thinking_is_asked_for_again_without_the_plan(room: Room) -> None:
    """The plan is there and is used."""
    first = room.run(texts=[GOOD, FAILS])
    before = room.script.calls

    view = room.retry(first)

    assert room.calls_since(before) == {
        "thinking": 1,
        "prompt_construction": 2,
        FLARE: 1,
        GOUACHE: 1,
    }
    assert view.status is GenerationStatus.SUCCEEDED


def test_fallback_words_are_painted_again_as_they_are(room: Room) -> None:
    """Where a prompt could not be written and the picture failed, the picture alone is asked for."""
    first = room.run(painters=[FLARE], texts=[GOOD, GOOD, FAILS], pictures={FLARE: [FAILS]})
    before = room.script.calls

    view = room.retry(first)

    assert room.calls_since(before) == {FLARE: 1}
    assert outline(view) == [(FLARE, 1, "fallback", "failed"), (FLARE, 2, "fallback", "succeeded")]
    assert view.runs[0].prompt_id == view.runs[1].prompt_id


def test_what_was_cancelled_before_any_run_goes_on(room: Room) -> None:
    """The plan was waited for when it was cancelled: all is asked for, baselines too."""
    first = room.run(texts=[WAITS], cancel_at="StageRetrying", baseline=True)
    before = room.script.calls

    view = room.retry(first)

    assert (first.status, first.runs) == (GenerationStatus.CANCELLED, [])
    assert room.calls_since(before) == {
        "action_plan": 1,
        "thinking": 1,
        "prompt_construction": 2,
        FLARE: 2,
        GOUACHE: 2,
    }
    assert view.status is GenerationStatus.SUCCEEDED
    assert all(len(view.versions(one, baseline=True)) == 1 for one in view.request.image_models)


def test_words_that_were_there_when_it_was_cancelled_are_painted(room: Room) -> None:
    """Of two models one had its words; only the other's are asked for."""
    first = room.run(painters=[FLARE], texts=[GOOD, GOOD, WAITS], cancel_at="StageRetrying")
    before = room.script.calls

    view = room.retry(first)

    assert first.status is GenerationStatus.CANCELLED
    assert room.calls_since(before) == {"prompt_construction": 1, FLARE: 1}
    assert view.status is GenerationStatus.SUCCEEDED


def test_of_a_partial_run_the_missing_pictures_are_asked_for(room: Room) -> None:
    """Three were asked for and one came: the retry asks for two, and the model has delivered."""
    first = room.run(painters=[FLARE], images_per_model=3, pictures={FLARE: [FAILS]})

    view = room.retry(first)

    assert [(run.wanted, len(run.images)) for run in view.runs] == [(3, 1), (2, 2)]
    assert outline(view) == [
        (FLARE, 1, "constructed", "partial"),
        (FLARE, 2, "constructed", "succeeded"),
    ]
    assert view.status is GenerationStatus.SUCCEEDED


def test_a_retry_that_is_partial_itself_is_retried_for_the_rest(room: Room) -> None:
    """Each retry asks for what the one before has not brought."""
    first = room.run(painters=[FLARE], images_per_model=3, pictures={FLARE: [FAILS]})
    second = room.resume(first, room.lab.iterations.retry, pictures={FLARE: [FAILS]})

    view = room.retry(second)

    assert [(run.wanted, len(run.images)) for run in view.runs] == [(3, 1), (2, 1), (1, 1)]
    assert second.status is GenerationStatus.PARTIAL
    assert view.status is GenerationStatus.SUCCEEDED


def test_the_seed_of_missing_pictures_is_that_of_the_first_missing(room: Room) -> None:
    """Pictures of one seed have it and those that follow, also when they are asked for later."""
    first = room.run(painters=[GOUACHE], images_per_model=2, seed=7, pictures={GOUACHE: [FAILS]})

    view = room.retry(first)

    assert [run.seed for run in view.runs] == [7, 8]


def test_a_missing_baseline_alone_is_retried(room: Room) -> None:
    """A model that has delivered is left alone; its baseline, which failed, is painted."""
    first = room.run(painters=[FLARE], baseline=True)
    failed = replace(
        first,
        runs=[
            replace(run, status=RunStatus.FAILED, images=[])
            if run.prompt_origin is PromptOrigin.RAW
            else run
            for run in first.runs
        ],
    )

    iteration = room.lab.iterations.retry(failed)

    (lane,) = iteration.work.lanes
    assert lane.words is not None
    assert (lane.words.origin, lane.words.text) == (PromptOrigin.RAW, "A lighthouse")
    assert lane.parent_run_id == first.versions(FLARE, baseline=True)[0].run_id


def test_a_baseline_that_never_began_is_whole(room: Room) -> None:
    """Beside the missing picture of a partial run the baseline is asked for all of its pictures."""
    first = room.run(painters=[FLARE], images_per_model=2, pictures={FLARE: [FAILS]})
    asked = replace(first, request=replace(first.request, baseline=True))

    made, raw = room.lab.iterations.retry(asked).work.lanes

    assert (made.images, made.baseline) == (1, False)
    assert raw.words is not None
    assert (raw.images, raw.words.origin) == (2, PromptOrigin.RAW)


def test_what_was_interrupted_with_all_its_pictures_is_not_bought_again(room: Room) -> None:
    """A run whose pictures are all there has delivered, whoever was killed before saying so."""
    first = room.run(painters=[FLARE, GOUACHE], pictures={GOUACHE: [FAILS]})
    killed = replace(first, status=GenerationStatus.INTERRUPTED)
    for run in killed.runs:
        if run.image_model == FLARE:
            run.status = RunStatus.INTERRUPTED

    iteration = room.lab.iterations.retry(killed)

    assert [lane.image_model for lane in iteration.work.lanes] == [GOUACHE]
    assert iteration.work.earlier is not None
    assert iteration.work.earlier.outcomes[FLARE] is RunStatus.SUCCEEDED


def test_a_deleted_picture_is_not_bought_again(room: Room) -> None:
    """Who deletes a picture wants no other: its run has delivered, and a retry leaves it alone."""
    first = room.run(painters=[FLARE], images_per_model=2)
    room.lab.organiser.delete("picture", first.runs[0].images[0].asset.asset_id)
    before = room.script.calls

    with pytest.raises(InputError, match="nothing to retry"):
        room.retry(first)

    assert room.calls_since(before) == {}


def test_a_deleted_picture_was_delivered(room: Room) -> None:
    """A version that fails, after what came first was deleted, makes the generation no failure."""
    first = room.run(painters=[FLARE])
    room.lab.organiser.delete("picture", first.runs[0].images[0].asset.asset_id)

    view = room.resume(
        first,
        lambda view: room.lab.iterations.again(view, view.runs[0].run_id),
        pictures={FLARE: [FAILS]},
    )

    assert view.status is GenerationStatus.SUCCEEDED


def test_without_all_its_references_nothing_goes_on(room: Room) -> None:
    """What broke off while references were stored can't go on with a part of them."""
    references = [Reference(data=data, mime="image/png") for data in (make_png(9), b"no picture")]
    broken = room.run(painters=[FLARE], references=references)
    before = room.script.calls

    attempts: list[Callable[[], object]] = [
        lambda: room.retry(broken),
        lambda: room.fork(broken, Stage.ACTION_PLAN),
        lambda: room.resume(broken, lambda view: room.lab.iterations.add_models(view, [GOUACHE])),
    ]
    for attempt in attempts:
        with pytest.raises(InputError, match="reference images were being stored"):
            attempt()

    assert (broken.status, len(broken.references)) == (GenerationStatus.FAILED, 1)
    assert room.calls_since(before) == {}


def test_nothing_to_retry_is_said(room: Room) -> None:
    """A generation that delivered everything is left as it is."""
    view = room.run()
    before = room.script.calls

    with pytest.raises(InputError, match="nothing to retry"):
        room.retry(view)

    assert room.calls_since(before) == {}
    assert room.lab.look_up(view.generation_id)[1] == view


# Again


def test_again_takes_other_parameters(room: Room) -> None:
    """What is asked for this time is kept with the new version; the old one stays."""
    first = room.run(painters=[FLARE])
    asked = ImageParameters(quality="high")

    view = room.resume(
        first, lambda view: room.lab.iterations.again(view, view.runs[0].run_id, parameters=asked)
    )

    assert [run.parameters for run in view.runs] == [ImageParameters(), asked]


def test_a_version_takes_a_seed(room: Room) -> None:
    """A seed goes to the model, and is kept."""
    first = room.run(painters=[GOUACHE])

    view = room.resume(
        first, lambda view: room.lab.iterations.again(view, view.runs[0].run_id, seed=9)
    )

    assert [run.seed for run in view.runs] == [None, 9]


def test_an_edited_prompt_that_says_the_same_is_the_same(room: Room) -> None:
    """White space around it makes no other prompt."""
    first = room.run(painters=[GOUACHE])
    same = f"  {first.runs[0].prompt}\n"

    view = room.resume(
        first, lambda view: room.lab.iterations.again(view, view.runs[0].run_id, prompt=same)
    )

    assert [run.prompt_id for run in view.runs] == [first.runs[0].prompt_id] * 2
    assert {run.prompt_origin for run in view.runs} == {PromptOrigin.CONSTRUCTED}


def test_a_baseline_again_is_a_baseline(room: Room) -> None:
    """Of the request unchanged there is another version, and the model's own words stay the newest."""
    first = room.run(painters=[GOUACHE], baseline=True)
    (raw,) = first.versions(GOUACHE, baseline=True)

    view = room.resume(first, lambda view: room.lab.iterations.again(view, raw.run_id))

    assert [run.version for run in view.versions(GOUACHE, baseline=True)] == [2, 3]
    assert view.run(GOUACHE) == view.versions(GOUACHE)[0]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("", "The prompt for GPT Image 2.6 Flare is empty."),
        ("\u200b ", "The prompt for GPT Image 2.6 Flare is empty."),
        ("x" * 32_001, "has 32,001 characters; at most 32,000 are accepted."),
        ("a\x00b", "holds the control character U+0000"),
    ],
)
def test_a_prompt_that_can_not_be_sent_is_refused(room: Room, prompt: str, said: str) -> None:
    """Edited to nothing, or past what the model takes: a sentence, and nothing is lost."""
    first = room.run(painters=[FLARE])

    with pytest.raises(InputError) as caught:
        room.resume(
            first, lambda view: room.lab.iterations.again(view, view.runs[0].run_id, prompt=prompt)
        )

    assert said in caught.value.message
    assert room.lab.look_up(first.generation_id)[1] == first


def test_an_unknown_run_is_refused(room: Room) -> None:
    """A run of another generation can't be repeated here."""
    first = room.run(painters=[FLARE])

    with pytest.raises(InputError, match="no run 'elsewhere'"):
        room.lab.iterations.again(first, "elsewhere")


# Add


def test_a_model_that_is_there_is_not_added(room: Room) -> None:
    """It would be painted twice for nothing."""
    first = room.run(painters=[FLARE])

    with pytest.raises(InputError, match="isn't there yet"):
        room.lab.iterations.add_models(first, [FLARE])


def test_an_added_model_has_its_parameters_and_baseline(room: Room) -> None:
    """The request of the generation names it from then on, with what is asked of it."""
    first = room.run(painters=[GOUACHE], baseline=True)
    asked = ImageParameters(quality="low")

    view = room.resume(
        first,
        lambda view: room.lab.iterations.add_models(view, [FLARE], parameters={FLARE: asked}),
    )

    assert view.request.image_models == (GOUACHE, FLARE)
    assert view.request.parameters == {FLARE: asked}
    assert [one for one in outline(view) if one[0] == FLARE] == [
        (FLARE, 1, "constructed", "succeeded"),
        (FLARE, 2, "raw", "succeeded"),
    ]


def test_an_added_model_that_fails_makes_the_generation_partial(room: Room) -> None:
    """What was whole is whole no more, until the new model has delivered."""
    first = room.run(painters=[GOUACHE])

    second = room.resume(
        first,
        lambda view: room.lab.iterations.add_models(view, [FLARE]),
        pictures={FLARE: [FAILS]},
    )

    assert second.status is GenerationStatus.PARTIAL
    assert room.retry(second).status is GenerationStatus.SUCCEEDED


# Fork


def test_a_fork_takes_the_references_along(room: Room) -> None:
    """The pictures that went along with the parent go along with the child, as its own."""
    picture = Reference(data=make_png(9), mime="image/png")
    first = room.run(painters=[FLARE], references=[picture])

    view = room.fork(first, Stage.THINKING)

    assert len(view.references) == 1
    assert view.references[0].sha256 == first.references[0].sha256
    assert view.references[0].asset_id != first.references[0].asset_id


def test_a_fork_with_another_text_model_asks_that_one(room: Room) -> None:
    """What is reused keeps the name of the model that gave it."""
    first = room.run(painters=[GOUACHE])
    request = replace(first.request, text_model=OTHER_WRITER)

    view = room.fork(first, Stage.THINKING, request=request)

    assert [stage.model for stage in view.stages] == [WRITER, OTHER_WRITER, OTHER_WRITER]


def test_a_fork_with_words_for_a_model_that_never_painted(room: Room) -> None:
    """Words that a person wrote are sent as they are, also where there was no prompt before."""
    first = room.run(painters=[GOUACHE])
    request = replace(first.request, image_models=(FLARE,))

    view = room.fork(
        first, Stage.PROMPT_CONSTRUCTION, request=request, prompts={FLARE: "A gull, ink"}
    )

    (run,) = view.runs
    assert (run.prompt, run.prompt_origin, run.parent_prompt_id) == ("A gull, ink", "edited", None)


def test_a_fork_of_fallback_words_reuses_no_failed_construction(room: Room) -> None:
    """A construction that failed is nothing to be taken over as an answer."""
    first = room.run(painters=[GOUACHE], texts=[GOOD, GOOD, FAILS])
    words = first.runs[0].prompt

    view = room.fork(first, Stage.PROMPT_CONSTRUCTION, prompts={GOUACHE: words})

    assert [stage.stage for stage in view.stages] == [Stage.ACTION_PLAN, Stage.THINKING]
    assert view.runs[0].prompt_origin is PromptOrigin.FALLBACK
    assert view.runs[0].parent_prompt_id == first.runs[0].prompt_id


@pytest.mark.parametrize(
    ("texts", "stage", "said"),
    [
        ([FAILS], Stage.THINKING, "no finished action plan"),
        ([GOOD, FAILS], Stage.PROMPT_CONSTRUCTION, "no finished thinking"),
    ],
)
def test_a_fork_needs_what_comes_before(
    room: Room, texts: list[str], stage: Stage, said: str
) -> None:
    """What isn't there can't be reused; it says what to do."""
    first = room.run(texts=texts)

    with pytest.raises(InputError, match=said):
        room.fork(first, stage)


def test_an_edit_that_changes_nothing_is_no_fork(room: Room) -> None:
    """The same plan, or the same thinking, is refused before anything is spent."""
    first = room.run(painters=[GOUACHE])
    before = room.script.calls

    with pytest.raises(InputError, match="plan is the same"):
        room.fork(first, Stage.ACTION_PLAN, plan=first.plan)
    with pytest.raises(InputError, match="thinking is the same"):
        room.fork(first, Stage.THINKING, thinking=first.stages[1].output)

    assert room.calls_since(before) == {}


def test_a_fork_can_go_on_like_any_other(room: Room) -> None:
    """A child is resumed and forked itself; what was reused of a reuse points at the stage before."""
    first = room.run(painters=[GOUACHE])
    child = room.fork(first, Stage.THINKING)
    again = room.resume(child, lambda view: room.lab.iterations.again(view, view.runs[0].run_id))

    grandchild = room.fork(again, Stage.THINKING, thinking="Salt")

    assert [run.version for run in again.runs] == [1, 2]
    assert grandchild.stages[0].reused_from == child.stages[0].stage_id
    assert child.stages[0].reused_from == first.stages[0].stage_id


# While it runs, and at the same moment


def act(room: Room, view: FlowView) -> list[Callable[[], object]]:
    """Return everything that can be asked of a generation."""
    iterations = room.lab.iterations
    run_id = view.runs[0].run_id if view.runs else ""
    return [
        lambda: room.lab.resume(view.generation_id, iterations.retry),
        lambda: room.lab.resume(view.generation_id, lambda view: iterations.again(view, run_id)),
        lambda: room.lab.resume(
            view.generation_id, lambda view: iterations.add_models(view, [BANANA])
        ),
        lambda: room.lab.fork(
            view.generation_id, lambda view: iterations.fork(view, view.request, Stage.THINKING)
        ),
    ]


def test_nothing_is_done_with_a_generation_that_runs(room: Room) -> None:
    """Each is refused with a sentence, and nothing is asked of any model."""
    room.script.tell([WAITS], {})
    request = room.lab.check(
        request="A lighthouse",
        image_models=[FLARE],
        text_model=WRITER,
        aspect_ratio="1:1",
        images_per_model=1,
        seed=None,
    )
    generation_id = room.lab.start(request)
    view = room.lab.look_up(generation_id)[1]

    for one in act(room, view):
        with pytest.raises(BusyGenerationError, match="still being worked on"):
            one()

    room.lab.cancel(generation_id)
    room.follow(generation_id)
    assert sum(map(sum, (one.values() for one in room.script.calls))) == 1


def test_of_threads_that_go_on_at_once_one_wins(room: Room) -> None:
    """The others are told; there is one new version, and its model was asked once."""
    first = room.run(painters=[FLARE])
    before = room.script.calls
    together = threading.Barrier(6)

    def again(view: FlowView) -> Iteration:
        together.wait()
        return room.lab.iterations.again(view, view.runs[0].run_id)

    def resume(_number: int) -> PromptflowError | str:
        try:
            return room.lab.resume(first.generation_id, again)
        except BusyGenerationError as error:
            return error

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(resume, range(6)))
    view = room.follow(first.generation_id)

    assert sorted(isinstance(one, str) for one in answers) == [*[False] * 5, True]
    assert room.calls_since(before) == {FLARE: 1}
    assert [run.version for run in view.runs] == [1, 2]


def test_what_was_planned_for_an_earlier_state_is_not_begun(room: Room) -> None:
    """A tab that planned before another tab's version had come would give the same number twice."""
    first = room.run(painters=[FLARE])

    def late(view: FlowView) -> Iteration:
        planned = room.lab.iterations.again(view, view.runs[0].run_id)
        room.resume(first, lambda view: room.lab.iterations.again(view, view.runs[0].run_id))
        return planned

    with pytest.raises(BusyGenerationError):
        room.lab.resume(first.generation_id, late)

    view = room.lab.look_up(first.generation_id)[1]
    assert [run.version for run in view.runs] == [1, 2]
    parts: list[StageView | RunView] = [*view.runs, *view.stages]
    assert view.cost_micro_usd == sum(one.cost_micro_usd or 0 for one in parts)


# Estimates


def test_the_estimate_grows_by_what_is_added(room: Room) -> None:
    """The generation keeps the most that it can cost in all; the iteration says what it adds."""
    asked = {BANANA: ImageParameters(size="1K")}
    first = room.run(painters=[BANANA], parameters=asked)

    iteration = room.lab.iterations.again(first, first.runs[0].run_id)

    assert iteration.added_micro_usd is not None
    assert first.request.estimate_micro_usd is not None
    whole = first.request.estimate_micro_usd + iteration.added_micro_usd
    assert iteration.request.estimate_micro_usd == whole
    assert iteration.added_micro_usd < first.request.estimate_micro_usd


def test_the_time_of_what_was_interrupted_is_what_is_known(room: Room) -> None:
    """Of a flow that was killed the times of its parts count, once where they were at the same time."""
    first = room.run(painters=[FLARE, GOUACHE], pictures={GOUACHE: [FAILS]})
    killed = replace(first, status=GenerationStatus.INTERRUPTED, total_ms=None)
    parts: list[StageView | RunView] = [*killed.stages, *killed.runs]
    for part in parts:
        part.total_ms = 1_000
        part.started_at = first.started_at

    earlier = room.lab.iterations.retry(killed).work.earlier

    assert earlier is not None
    assert earlier.total_ms == 1_000
