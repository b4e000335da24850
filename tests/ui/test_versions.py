"""What is said of a version: how it differs from the one it came from."""

from dataclasses import replace

import pytest

from promptflow.records import GenerationRequest, ImageParameters, PromptOrigin, RunStatus
from promptflow.ui.versions import find_older_words, find_parent, tell_differences, tell_origin
from promptflow.view import FlowView, RunView
from tests.ledger.scripted_flow import START

FIRST = RunView(
    run_id="r1",
    image_model="painter-1",
    provider="offline",
    version=1,
    prompt_id="p1",
    prompt="An octopus, linocut",
    prompt_origin=PromptOrigin.CONSTRUCTED,
    stage_id="s1",
    parameters=ImageParameters(quality="high", size="1024x1024"),
    started_at=START,
    seed=7,
    wanted=2,
    status=RunStatus.SUCCEEDED,
)
SECOND = replace(FIRST, run_id="r2", version=2, parent_run_id="r1")
EDITED = replace(
    SECOND,
    prompt_id="p2",
    prompt="A squid, linocut",
    prompt_origin=PromptOrigin.EDITED,
    parent_prompt_id="p1",
)


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (SECOND, ()),
        (replace(SECOND, seed=8), ("seed 7 → 8",)),
        (replace(SECOND, seed=None), ("seed 7 → random",)),
        (replace(SECOND, wanted=1), ("pictures 2 → 1",)),
        (replace(SECOND, wanted=None), ()),
        (EDITED, ("prompt edited",)),
        (replace(EDITED, prompt_origin=PromptOrigin.CONSTRUCTED), ("prompt written anew",)),
    ],
    ids=["same", "seed", "random", "pictures", "unknown", "edited", "anew"],
)
def test_each_difference_has_its_phrase(run: RunView, told: tuple[str, ...]) -> None:
    """What is asked otherwise is named, before and after; what is not known is no difference."""
    assert tell_differences(run, FIRST) == told


def test_parameters_are_named_with_both_values() -> None:
    """All parameters are told in the order of the form, what is left to the model in words."""
    asked = ImageParameters(
        quality="medium",
        size="1536x1024",
        background="opaque",
        output_format="webp",
        output_compression=80,
        moderation="low",
    )

    told = tell_differences(replace(SECOND, parameters=asked), FIRST)

    assert told == (
        "quality high → medium",
        "size 1024 × 1024 → 1536 × 1024",
        "background model's choice → opaque",
        "file format model's choice → webp",
        "compression model's choice → 80",
        "moderation model's choice → low",
    )


def test_version_is_told_with_where_it_came_from() -> None:
    """A version names its parent and all that is different; one without any difference says that."""
    changed = replace(EDITED, seed=8)

    assert tell_origin(_view(FIRST, changed), changed) == "From v1: seed 7 → 8, prompt edited"
    assert tell_origin(_view(FIRST, SECOND), SECOND) == "From v1: nothing changed"


def test_first_version_came_from_nowhere() -> None:
    """Of a run without a parent, or with one of another generation, nothing is told."""
    orphan = replace(SECOND, parent_run_id="elsewhere")

    assert tell_origin(_view(FIRST), FIRST) == ""
    assert find_parent(_view(FIRST, orphan), orphan) is None
    assert tell_origin(_view(FIRST, orphan), orphan) == ""


def test_older_words_are_the_parents_where_they_differ() -> None:
    """The words to compare with are those of the run that was gone on from."""
    assert find_older_words(_view(FIRST, EDITED), EDITED) is FIRST
    assert find_older_words(_view(FIRST, SECOND), SECOND) is None
    assert find_older_words(_view(FIRST), FIRST) is None


def test_older_words_are_found_past_a_run_with_the_same_ones() -> None:
    """A version that repeats edited words is compared with the words those were edited from."""
    again = replace(EDITED, run_id="r3", version=3, parent_run_id="r2", seed=9)

    assert find_older_words(_view(FIRST, EDITED, again), again) is FIRST


def _view(*runs: RunView) -> FlowView:
    request = GenerationRequest(
        request="An octopus", text_model="writer-1", image_models=("painter-1",)
    )
    return FlowView(generation_id="g1", request=request, started_at=START, runs=list(runs))
