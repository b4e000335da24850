"""One image model once more: with other parameters, another seed, or words that a person has changed."""

from functools import partial

import streamlit as st

from promptflow.catalog import MAX_PROMPT_CHARS, MAX_SEED, ImageModelCard
from promptflow.laboratory import Laboratory
from promptflow.records import ImageParameters
from promptflow.ui import state
from promptflow.ui.beginning import draw_begin
from promptflow.ui.comparison import draw_comparison
from promptflow.ui.parameters import draw_model_parameters, fill_parameters, has_parameters
from promptflow.ui.versions import find_older_words
from promptflow.view import FlowView, RunView

_SAME_WORDS = "The prompt is the same as before. Change it, or choose Again in the card."


def draw_again(lab: Laboratory, view: FlowView, run: RunView) -> None:
    """Draw what can be asked for otherwise than of a run, and the button that paints it again.

    Args:
        lab: where it is kept.
        view: the generation.
        run: one of its runs.
    """
    st.caption(f"A new version with the prompt of v{run.version}, which stays as it is.")
    card = _find_card(lab, run)
    parameters, seed, drafts = run.parameters, _same_seed(run, card), []
    if card is not None:
        owner = state.of_run(run.run_id, "again")
        drafts = fill_parameters(owner, run.parameters)
        if has_parameters(card, view.request.aspect_ratio):
            parameters = _draw_parameters(card, owner, view)
        if card.has_seed:
            seed_key = state.of_run(run.run_id, "seed")
            drafts.append(seed_key)
            seed = _draw_seed(run, seed_key)
    plan = partial(lab.iterations.again, run_id=run.run_id, parameters=parameters, seed=seed)
    draw_begin(lab, view, plan, "Paint again", drafts=drafts)


def draw_edit(lab: Laboratory, view: FlowView, run: RunView) -> None:
    """Draw a run's prompt to be changed, and the button that paints it as it is then.

    Args:
        lab: where it is kept.
        view: the generation.
        run: one of its runs.
    """
    key = state.of_run(run.run_id, "prompt")
    st.session_state.setdefault(key, run.prompt)
    st.caption(
        f"A new version with the settings and the seed of v{run.version}, which stays as it is."
    )
    st.text_area("Prompt", key=key, height=280, persist_state="session")
    # The field gives nothing back once it is emptied for good.
    typed = st.session_state[key] or ""
    card = _find_card(lab, run)
    limit = (card and card.max_prompt_chars) or MAX_PROMPT_CHARS
    length = len(typed.strip())
    said = f"{length:,} of {limit:,} characters"
    st.caption(f":red[{said}, shorten it]" if length > limit else said)
    plan = partial(
        lab.iterations.again, run_id=run.run_id, seed=_same_seed(run, card), prompt=typed
    )
    same = typed.strip() == run.prompt.strip()
    objection = _SAME_WORDS if same else ""
    draw_begin(lab, view, plan, "Paint this", drafts=(key,), objection=objection)


def draw_changes(view: FlowView, run: RunView) -> None:
    """Draw word by word what became of the words that a run's own grew from.

    Args:
        view: the generation.
        run: one of its runs.
    """
    older = find_older_words(view, run)
    if older is not None:
        st.caption(f"From the prompt of v{older.version} to that of v{run.version}.")
        draw_comparison(older.prompt, run.prompt)


def _same_seed(run: RunView, card: ImageModelCard | None) -> int | None:
    """Return the seed of a run, unless its model takes none."""
    return run.seed if card is None or card.has_seed else None


def _find_card(lab: Laboratory, run: RunView) -> ImageModelCard | None:
    """Return the model's card; ``None`` where the catalogue has lost it."""
    return next((card for card in lab.catalog.image_models if card.id == run.image_model), None)


def _draw_parameters(card: ImageModelCard, owner: str, view: FlowView) -> ImageParameters:
    with st.grid(2, min_column_width=140):
        return draw_model_parameters(
            card,
            owner,
            aspect_ratio=view.request.aspect_ratio,
            references=len(view.references),
        )


def _draw_seed(run: RunView, key: str) -> int | None:
    st.session_state.setdefault(key, run.seed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed",
            min_value=0,
            max_value=MAX_SEED,
            step=1,
            key=key,
            placeholder="Random",
            help="The same seed with the same prompt gives the same picture.",
            persist_state="session",
        )
        st.button(
            "Random",
            key=state.of_run(run.run_id, "random"),
            icon=":material/casino:",
            on_click=_empty,
            args=(key,),
            help="Leaves the seed to the model.",
        )
    return seed


def _empty(key: str) -> None:
    st.session_state[key] = None
