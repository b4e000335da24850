"""Any sequence of what can be done with generations leaves a ledger that adds up."""

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from promptflow.errors import DeletedGenerationError, InputError, InternalError, LedgerError
from promptflow.events import Event, RunRetrying, StageRetrying
from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.records import GalleryFilter, GenerationRequest, RunStatus, Stage
from promptflow.settings import read_settings
from promptflow.view import FlowView, fold
from tests.sequences import OTHER_WRITER, OUTCOMES, PAINTERS, WRITER, MillisecondClock, Script

CANCEL = st.sampled_from([False, False, False, True])
"""Whether to cancel at once."""
TEXTS: st.SearchStrategy[list[str]] = st.one_of(
    st.just([]), st.lists(st.sampled_from(OUTCOMES), max_size=4)
)
PICTURES = st.dictionaries(
    st.sampled_from(PAINTERS), st.lists(st.sampled_from(OUTCOMES), max_size=3), max_size=3
)
MOST = 4
"""Of generations: the fewer there are, the longer the history of each."""
WHICH = st.integers(min_value=0, max_value=99)
"""Chooses among as many as there are."""


_WRONG = {
    "something says running": """
        SELECT id FROM generations WHERE status = 'running'
        UNION ALL SELECT id FROM stages WHERE status = 'running'
        UNION ALL SELECT id FROM runs WHERE status = 'running'
    """,
    "a picture does not reach its idea": """
        SELECT assets.id FROM assets
        LEFT JOIN runs ON runs.id = assets.run_id
            AND runs.generation_id = assets.generation_id
        LEFT JOIN prompts ON prompts.id = runs.prompt_id
            AND prompts.generation_id = runs.generation_id
        LEFT JOIN generations ON generations.id = prompts.generation_id
        WHERE assets.role = 'output' AND generations.id IS NULL
    """,
    "a parent is lost": """
        SELECT runs.id FROM runs LEFT JOIN runs AS parent ON parent.id = runs.parent_run_id
            AND parent.generation_id = runs.generation_id
            AND parent.image_model = runs.image_model AND parent.version < runs.version
        WHERE runs.parent_run_id IS NOT NULL AND parent.id IS NULL
        UNION ALL
        SELECT prompts.id FROM prompts
        LEFT JOIN prompts AS parent ON parent.id = prompts.parent_prompt_id
        LEFT JOIN generations ON generations.id = prompts.generation_id
            AND parent.generation_id IN (generations.id, generations.parent_id)
        WHERE prompts.parent_prompt_id IS NOT NULL AND generations.id IS NULL
        UNION ALL
        SELECT child.id FROM generations AS child
        LEFT JOIN generations AS parent ON parent.id = child.parent_id
        WHERE child.parent_id IS NOT NULL AND parent.id IS NULL
    """,
    "versions have a gap": """
        SELECT generation_id || ' ' || image_model FROM runs
        GROUP BY generation_id, image_model
        HAVING min(version) <> 1 OR max(version) <> count(*) OR count(DISTINCT version) <> count(*)
    """,
    "a reused stage costs something, or is from nowhere": """
        SELECT stages.id FROM stages LEFT JOIN stages AS origin ON origin.id = stages.reused_from
            AND origin.stage = stages.stage AND origin.status = 'succeeded'
        WHERE stages.reused_from IS NOT NULL
            AND (origin.id IS NULL OR stages.cost_micro_usd IS NOT 0)
    """,
    "a whole answer was bought twice": """
        SELECT max(id) FROM stages WHERE status = 'succeeded'
        GROUP BY generation_id, stage, image_model HAVING count(*) > 1
    """,
    "a generation's cost is not that of its parts": """
        SELECT generations.id FROM generations WHERE cost_micro_usd IS NOT (
            SELECT CASE WHEN count(*) = count(cost_micro_usd)
                THEN coalesce(sum(cost_micro_usd), 0) END
            FROM (
                SELECT generation_id, cost_micro_usd FROM stages
                UNION ALL SELECT generation_id, cost_micro_usd FROM runs
            ) WHERE generation_id = generations.id
        )
    """,
    "a run has more pictures than it was asked for": """
        SELECT runs.id FROM runs JOIN assets ON assets.run_id = runs.id AND role = 'output'
        GROUP BY runs.id HAVING count(*) > runs.images
            OR (runs.status = 'succeeded' AND count(*) <> runs.images)
    """,
}
"""What would be wrong → the ids of what it is wrong with."""
_OURS = (LedgerError.code, InternalError.code)
"""Faults that nothing in a script leads to."""
_TEXT_CALLS = "SELECT stage, attempts FROM stages WHERE reused_from IS NULL"
_PICTURE_CALLS = """
    SELECT runs.image_model, count(*) FROM attempts JOIN runs ON runs.id = attempts.run_id
    GROUP BY runs.image_model
"""


@cache
def make_empty() -> Path:
    """Make a data folder with a ledger in which nothing is written; copies are faster to have."""
    folder = Path(tempfile.mkdtemp(prefix="empty-"))
    lab = make_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}), providers={})
    lab.open(make=True, tend=False)
    lab.close(timeout_s=0)
    lab.ledger.close()
    return folder


class Sequences(RuleBasedStateMachine):
    """A person at work; other kinds of work are further rules."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sequences-"))
        shutil.copytree(make_empty(), self.folder, dirs_exist_ok=True)
        self.script = Script()
        self.lab: Laboratory = make_laboratory(
            read_settings({"PROMPTFLOW_DATA_DIR": str(self.folder)}),
            providers=self.script.providers(),
            clock=MillisecondClock(),
        )
        self.lab.open(make=True, tend=False)
        self.ids: list[str] = []
        self.deleted: dict[str, FlowView] = {}
        """Generation id → as it was before it was deleted."""

    def teardown(self) -> None:
        """Take everything away."""
        self.lab.close(timeout_s=10)
        self.lab.ledger.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def follow(self, start: Callable[[], str], *, cancel: bool) -> None:
        """Start something and follow it to its end; what can't be done changes nothing."""
        before = self.script.calls
        try:
            generation_id = start()
        except InputError:
            assert self.script.calls == before
            return
        if generation_id not in self.ids:
            self.ids.append(generation_id)
        if cancel:
            self.lab.cancel(generation_id)
        flow = self.lab.find_flow(generation_id)
        seen: list[Event] = []
        for batch in flow.follow(timeout_s=10) if flow else ():
            assert batch, "nothing happens any more"
            seen.extend(batch)
            waits = (one.wait_s for one in batch if isinstance(one, StageRetrying | RunRetrying))
            if any(waits):
                self.lab.cancel(generation_id)
        view = fold(self.lab.read_events(generation_id))
        assert not seen or fold(seen) == view
        # A version that was given out twice, say, the ledger itself would have refused.
        assert view.fault is None or view.fault.code not in _OURS

    @property
    def shown(self) -> list[str]:
        """The ids of the generations that aren't deleted."""
        return [one for one in self.ids if one not in self.deleted]

    def view(self, which: int) -> FlowView:
        """Return one of the generations that aren't deleted."""
        return self.lab.look_up(self.shown[which % len(self.shown)])[1]

    @precondition(lambda self: len(self.ids) < MOST)
    @rule(
        painters=st.lists(st.sampled_from(PAINTERS), min_size=1, max_size=3, unique=True),
        images=st.integers(min_value=1, max_value=3),
        baseline=st.booleans(),
        texts=TEXTS,
        pictures=PICTURES,
        cancel=CANCEL,
        take_offer=st.booleans(),
        until=st.sampled_from(Stage),
    )
    def run(
        self,
        painters: list[str],
        images: int,
        texts: list[str],
        pictures: dict[str, list[str]],
        until: Stage,
        *,
        baseline: bool,
        cancel: bool,
        take_offer: bool,
    ) -> None:
        """Start a generation, with the earlier answers where they are wanted."""
        self.script.tell(texts, pictures)
        request = self.check(painters, images, baseline=baseline)
        offer = self.lab.find_offer(request) if take_offer else None
        work = offer.to_work(request, until) if offer and until in offer.stages else None
        self.follow(lambda: self.lab.start(request, work=work), cancel=cancel)

    def check(self, painters: list[str], images: int, *, baseline: bool) -> GenerationRequest:
        """Return a checked request."""
        return self.lab.check(
            request="A lighthouse",
            image_models=painters,
            text_model=WRITER,
            aspect_ratio="1:1",
            images_per_model=images,
            seed=None,
            baseline=baseline,
        )

    @rule(
        which=WHICH,
        run=WHICH,
        prompt=st.sampled_from([None, "A cat, gouache", "A dog, ink"]),
        pictures=PICTURES,
        cancel=CANCEL,
    )
    def again(
        self,
        which: int,
        run: int,
        prompt: str | None,
        pictures: dict[str, list[str]],
        *,
        cancel: bool,
    ) -> None:
        """Make a run once more, with its words or with others."""
        if not self.shown or not (view := self.view(which)).runs:
            return
        self.script.tell((), pictures)
        chosen = view.runs[run % len(view.runs)]
        texts, painted = self.script.calls
        self.follow(
            lambda: self.lab.resume(
                view.generation_id,
                lambda view: self.lab.iterations.again(view, chosen.run_id, prompt=prompt),
            ),
            cancel=cancel,
        )
        after_texts, after_painted = self.script.calls
        assert after_texts == texts
        assert set(after_painted - painted) <= {chosen.image_model}

    @rule(which=WHICH, texts=TEXTS, pictures=PICTURES, cancel=CANCEL)
    def retry(
        self, which: int, texts: list[str], pictures: dict[str, list[str]], *, cancel: bool
    ) -> None:
        """Make good what failed."""
        if not self.shown:
            return
        self.script.tell(texts, pictures)
        view = self.view(which)
        models = view.request.image_models
        # One that has succeeded has delivered, whatever of it was deleted since.
        whole = {
            model
            for model in models
            if all(
                any(run.status is RunStatus.SUCCEEDED for run in view.versions(model, baseline=raw))
                for raw in ((False, True) if view.request.baseline else (False,))
            )
        }
        _, painted = self.script.calls
        self.follow(
            lambda: self.lab.resume(view.generation_id, self.lab.iterations.retry), cancel=cancel
        )
        assert not whole & set(self.script.calls[1] - painted)

    @rule(
        which=WHICH,
        painters=st.lists(st.sampled_from(PAINTERS), max_size=2),
        texts=TEXTS,
        pictures=PICTURES,
        cancel=CANCEL,
    )
    def add(
        self,
        which: int,
        painters: list[str],
        texts: list[str],
        pictures: dict[str, list[str]],
        *,
        cancel: bool,
    ) -> None:
        """Let further image models paint the same idea."""
        if not self.shown:
            return
        self.script.tell(texts, pictures)
        view = self.view(which)
        self.follow(
            lambda: self.lab.resume(
                view.generation_id, lambda view: self.lab.iterations.add_models(view, painters)
            ),
            cancel=cancel,
        )

    @precondition(lambda self: len(self.ids) < MOST)
    @rule(
        which=WHICH,
        stage=st.sampled_from(Stage),
        edits=st.booleans(),
        text_model=st.sampled_from([WRITER, OTHER_WRITER]),
        texts=TEXTS,
        pictures=PICTURES,
        cancel=CANCEL,
    )
    def fork(
        self,
        which: int,
        stage: Stage,
        text_model: str,
        texts: list[str],
        pictures: dict[str, list[str]],
        *,
        edits: bool,
        cancel: bool,
    ) -> None:
        """Fork a generation at a stage, edited or made anew, perhaps by another model."""
        if not self.shown:
            return
        self.script.tell(texts, pictures)
        view = self.view(which)
        request = replace(view.request, text_model=text_model)
        plan = replace(view.plan, mood=f"{view.plan.mood}!") if view.plan and edits else None
        prompts = dict.fromkeys(view.request.image_models[:1], "A bird, ink") if edits else None
        before, _ = self.script.calls
        self.follow(
            lambda: self.lab.fork(
                view.generation_id,
                lambda view: self.lab.iterations.fork(
                    view,
                    request,
                    stage,
                    plan=plan if stage is Stage.ACTION_PLAN else None,
                    thinking="Salt" if edits and stage is Stage.THINKING else None,
                    prompts=prompts,
                ),
            ),
            cancel=cancel,
        )
        asked = set(self.script.calls[0] - before)
        stages = tuple(Stage)
        assert asked <= set(stages[stages.index(stage) :])

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        """Delete a generation."""
        if not self.shown:
            return
        view = self.view(which)
        self.lab.organiser.delete("generation", view.generation_id)
        self.deleted[view.generation_id] = view

    @precondition(lambda self: self.deleted)
    @rule(which=WHICH, stage=st.sampled_from(Stage))
    def disturb(self, which: int, stage: Stage) -> None:
        """Try to go on with a generation that was deleted: nothing is asked, nothing begins."""
        generation_id, view = list(self.deleted.items())[which % len(self.deleted)]
        iterations, before = self.lab.iterations, self.script.calls
        attempts: list[Callable[[], object]] = [
            lambda: self.lab.resume(generation_id, iterations.retry),
            lambda: self.lab.resume(generation_id, lambda it: iterations.add_models(it, PAINTERS)),
            lambda: self.lab.fork(
                generation_id, lambda it: iterations.fork(it, view.request, stage)
            ),
        ]
        for attempt in attempts:
            with pytest.raises(DeletedGenerationError):
                attempt()
        assert self.script.calls == before

    @precondition(lambda self: self.deleted)
    @rule(which=WHICH)
    def undo(self, which: int) -> None:
        """Bring a deleted generation back: all of it, as it was."""
        generation_id, before = list(self.deleted.items())[which % len(self.deleted)]
        self.lab.organiser.restore("generation", generation_id)
        del self.deleted[generation_id]
        assert self.lab.look_up(generation_id)[1] == before

    @rule(which=WHICH, picture=WHICH)
    def delete_picture(self, which: int, picture: int) -> None:
        """Delete a picture by itself: it was delivered all the same."""
        if not self.shown:
            return
        view = self.view(which)
        pictures = [image.asset.asset_id for run in view.runs for image in run.images]
        if not pictures:
            return
        chosen = pictures[picture % len(pictures)]
        self.lab.organiser.delete("picture", chosen)
        after = self.lab.look_up(view.generation_id)[1]
        models = view.request.image_models
        assert list(map(after.has_delivered, models)) == list(map(view.has_delivered, models))
        assert self.lab.gallery.find_picture(chosen) is None

    @rule(which=WHICH)
    def undo_pictures(self, which: int) -> None:
        """Bring back the pictures of a generation that were deleted by themselves."""
        if not self.shown:
            return
        generation_id = self.view(which).generation_id
        for asset_id in self.lab.organiser.list_deleted_pictures(generation_id):
            self.lab.organiser.restore("picture", asset_id)
        assert self.lab.organiser.list_deleted_pictures(generation_id) == ()

    @invariant()
    def shows_what_is_not_deleted(self) -> None:
        """Lists, gallery and views show the same: what isn't deleted, and nothing else."""
        listed = [one.generation_id for one in self.lab.list_generations(limit=99)]
        shown = self.lab.gallery.list_pictures(GalleryFilter(), limit=999)
        views = [self.lab.look_up(one)[1] for one in self.shown]
        there = {
            image.asset.asset_id for view in views for run in view.runs for image in run.images
        }

        assert sorted(listed) == sorted(self.shown)
        assert {one.asset.asset_id for one in shown} == there
        assert self.lab.gallery.count_pictures(GalleryFilter()) == (len(there), False)

    @invariant()
    def adds_up(self) -> None:
        """The ledger holds together, and tells of every call that was made."""
        with closing(sqlite3.connect(self.lab.settings.database)) as connection:
            wrong = {what: connection.execute(sql).fetchall() for what, sql in _WRONG.items()}
            texts: Counter[str] = Counter()
            for stage, attempts in connection.execute(_TEXT_CALLS):
                texts[stage] += attempts
            pictures = dict(connection.execute(_PICTURE_CALLS).fetchall())
            lost = connection.execute("PRAGMA foreign_key_check").fetchall()

        assert {what: ids for what, ids in wrong.items() if ids} == {}
        assert (texts, Counter(pictures)) == self.script.calls
        assert lost == []
        for generation_id in self.shown:
            view = self.lab.look_up(generation_id)[1]
            assert view.finished_at is not None


def test_any_sequence_leaves_a_ledger_that_adds_up() -> None:
    """Whatever is run, repeated, edited, forked, added, retried, cancelled or deleted can be traced."""
    chosen = settings(
        max_examples=30,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(Sequences, settings=chosen)
