"""The one-line texts of stages, runs and pictures."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Literal

from promptflow.events import RunRetrying, StageRetrying
from promptflow.records import GenerationStatus, ImageParameters, RunStatus, Stage, StageStatus
from promptflow.ui.plain import as_label, as_markdown
from promptflow.view import FlowView, ImageView, RunView, StageView
from promptflow.wording import (
    count,
    drop_retry_advice,
    format_duration,
    format_size,
    format_usd,
)

Color = Literal["red", "orange", "blue", "green", "gray"]
"""The badge colours in use."""
Names = Callable[[str], str]
"""Model id → the model's title."""

STAGE_TITLES = {
    Stage.ACTION_PLAN: "Action plan",
    Stage.THINKING: "Thinking",
    Stage.PROMPT_CONSTRUCTION: "Prompt construction",
}
PLAN_LABELS = {
    "summary": "Summary",
    "intent": "Intent",
    "subjects": "Subjects",
    "style": "Style",
    "composition": "Composition",
    "mood": "Mood",
    "technical_notes": "Technical notes",
}
_FORKED_AT = {
    Stage.ACTION_PLAN: "at the action plan",
    Stage.THINKING: "at the thinking",
    Stage.PROMPT_CONSTRUCTION: "at the prompts",
    None: "at the pictures",
}
FORK_ICON = ":material/fork_right:"
REFUSED_ICON = ":material/gpp_maybe:"
STATUS_ICONS = {
    GenerationStatus.RUNNING: ":material/progress_activity:",
    GenerationStatus.SUCCEEDED: ":material/check_circle:",
    GenerationStatus.PARTIAL: ":material/rule:",
    GenerationStatus.REFUSED: REFUSED_ICON,
    GenerationStatus.FAILED: ":material/error:",
    GenerationStatus.CANCELLED: ":material/block:",
    GenerationStatus.INTERRUPTED: ":material/power_off:",
}
STATUS_WORDS = {
    GenerationStatus.RUNNING: "Running",
    GenerationStatus.SUCCEEDED: "Succeeded",
    GenerationStatus.PARTIAL: "Partly done",
    GenerationStatus.REFUSED: "Refused",
    GenerationStatus.FAILED: "Failed",
    GenerationStatus.CANCELLED: "Cancelled",
    GenerationStatus.INTERRUPTED: "Interrupted",
}
STATUS_COLORS: dict[GenerationStatus, Color] = {
    GenerationStatus.RUNNING: "blue",
    GenerationStatus.SUCCEEDED: "green",
    GenerationStatus.PARTIAL: "orange",
    GenerationStatus.REFUSED: "orange",
    GenerationStatus.FAILED: "red",
    GenerationStatus.CANCELLED: "gray",
    GenerationStatus.INTERRUPTED: "orange",
}
_RUN_ICONS = {
    RunStatus.RUNNING: ":material/brush:",
    RunStatus.SUCCEEDED: ":material/check:",
    RunStatus.PARTIAL: ":material/rule:",
    RunStatus.FAILED: ":material/error:",
    RunStatus.REFUSED: REFUSED_ICON,
    RunStatus.CANCELLED: ":material/block:",
    RunStatus.INTERRUPTED: ":material/power_off:",
}
_CATEGORY_WORDS = {
    "SPII": "personal information",
    "RECITATION": "too close to existing work",
    "IMAGE_RECITATION": "too close to existing work",
    "moderation_blocked": "content policy",
}
"""Provider's own word → what it means, where it doesn't say so itself."""
_FORMAT_WORDS = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}
_SPACE = "\N{NO-BREAK SPACE}"
_LONG_FACT = 24
"""Characters beyond which a fact may be broken: a card can be 120 px wide."""
_CATEGORY_PREFIX = "harm category "


def stage_label(
    title: str, stages: Sequence[StageView], calls: Sequence[StageView], names: Names
) -> str:
    """Write the label of one stage's box.

    Args:
        title: what the stage is called.
        stages: the calls that count; one, but for prompt construction.
        calls: all its calls, those that had to be repaired too: they were paid for.
        names: model id → title.
    """
    taken = [stage for stage in stages if stage.reused_from]
    if len(taken) == len(stages):
        return label(title, [reused_words(edited=any(stage.edited for stage in taken)), "free"])
    facts = [names(next(stage.model for stage in stages if not stage.reused_from))]
    if taken:
        facts.append(f"{len(taken)} of {len(stages)} reused")
    if any(stage.status is StageStatus.RUNNING for stage in stages):
        return label(title, facts)
    first_ms = [stage.first_token_ms for stage in stages if stage.first_token_ms is not None]
    if first_ms:
        facts.append(f"first words {format_duration(min(first_ms))}")
    known_ms = [stage.total_ms for stage in stages if stage.total_ms is not None]
    facts.append(format_duration(max(known_ms, default=None)))
    tokens = sum((one.usage.input_tokens or 0) + (one.usage.output_tokens or 0) for one in calls)
    if tokens:
        facts.append(count(tokens, "token"))
    if any(call.attempt > 1 for call in calls):
        facts.append(count(sum(call.attempt for call in calls), "attempt"))
    costs = [call.cost_micro_usd for call in calls]
    facts.append(format_usd(None if None in costs else sum(cost or 0 for cost in costs)))
    return label(title, facts)


def reused_words(*, edited: bool) -> str:
    """Say where an answer comes from that nobody was asked for."""
    return "Edited by you" if edited else "Reused from an earlier generation"


def forked_words(forked_at: Stage | None) -> str:
    """Say where a generation parted from its parent.

    Args:
        forked_at: the first stage that wasn't taken over as it was; ``None`` where only pictures were
            made anew.
    """
    return f"Forked from an earlier generation {_FORKED_AT[forked_at]}"


def label(title: str, facts: Sequence[str]) -> str:
    """Write a bold title with its facts in gray behind it."""
    return f"**{as_label(title)}** :gray[:small[{as_markdown(join_facts(facts))}]]"


def join_facts(facts: Sequence[str]) -> str:
    """Write facts in a line that breaks between them, and within them only where they are long."""
    whole = (fact if len(fact) > _LONG_FACT else fact.replace(" ", _SPACE) for fact in facts)
    return f"{_SPACE}·  ".join(whole)


def run_line(
    image_model: str, run: RunView | None, view: FlowView, names: Names, now: datetime
) -> str:
    """Write the line of one image model: waiting, painting, retrying, done, failed and why."""
    title = f"**{as_label(names(image_model))}**"
    if run is None:
        over = view.status is not GenerationStatus.RUNNING
        icon = ":material/block:" if over else ":material/hourglass_empty:"
        return f"{icon} {title} :gray[{'not started' if over else 'waiting for its prompt'}]"
    icon = ":material/replay:" if is_waiting(run.retry, now) else _RUN_ICONS[run.status]
    return f"{icon} {title} :gray[{as_markdown(_run_words(run, view, now))}]"


def _run_words(run: RunView, view: FlowView, now: datetime) -> str:
    if run.status is RunStatus.RUNNING:
        return _painting_words(run, view, now)
    took = format_duration(run.total_ms)
    if run.attempt > 1:
        took += f" and {count(run.attempt, 'attempt')}"
    # The card beside it says why.
    unknown = "" if run.fault else ": no reason was recorded"
    there = f"{len(run.images)} of {run.wanted or view.request.images_per_model}"
    return {
        RunStatus.SUCCEEDED: f"done in {took}, {format_usd(run.cost_micro_usd)}",
        RunStatus.PARTIAL: f"{there} in {took}, then failed{unknown}",
        RunStatus.FAILED: f"failed after {took}{unknown}",
        RunStatus.REFUSED: f"refused after {took}{unknown}",
        RunStatus.CANCELLED: "cancelled",
        RunStatus.INTERRUPTED: "interrupted",
    }[run.status]


def _painting_words(run: RunView, view: FlowView, now: datetime) -> str:
    if is_waiting(run.retry, now):
        return retry_words(run.retry, now, verb="retrying")
    wanted = run.wanted or view.request.images_per_model
    done = f", {len(run.images)} of {wanted} there" if wanted > 1 else ""
    again = f", attempt {run.attempt}" if run.attempt > 1 else ""
    return f"painting, {_since(run.started_at, now)}{again}{done}"


def run_facts(run: RunView) -> str:
    """Write what a run that is over took and cost."""
    facts = [format_duration(run.total_ms)] if run.total_ms is not None else []
    if run.attempt > 1:
        facts.append(count(run.attempt, "attempt"))
    return join_facts([*facts, format_usd(run.cost_micro_usd)])


def picture_facts(image: ImageView) -> str:
    """Write what a picture is, and what the provider says it did where it tells."""
    asset = image.asset
    told = image.resolved or ImageParameters()
    facts = [f"{asset.width_px} × {asset.height_px} px"]
    if told.size and told.size not in {f"{asset.width_px}x{asset.height_px}", "auto"}:
        facts.append(told.size)
    if told.quality and told.quality != "auto":
        facts.append(f"{told.quality} quality")
    if told.background == "transparent":
        facts.append("transparent")
    # By content: what the provider says of the format was checked when the picture was stored.
    kind = asset.mime.removeprefix("image/")
    facts.append(f"{_FORMAT_WORDS.get(kind, kind)} {format_size(asset.size_bytes)}")
    if image.seed is not None:
        facts.append(f"seed {image.seed}")
    return join_facts(facts)


def refusal_facts(category: str | None, refused: int, runs: int) -> str:
    """Write the provider's reason in words, and how often this model refuses.

    Args:
        category: the provider's own word, where it gave one.
        refused: how many runs of this model were refused.
        runs: how many there were; 0 where it is not known.
    """
    facts = [f"Category: {_category_words(category)}"] if category else []
    if runs:
        facts.append(f"Refused in {refused:,} of {count(runs, 'run')} of this model")
    return join_facts(facts)


def _category_words(category: str) -> str:
    plain = category.replace("_", " ").lower().removeprefix(_CATEGORY_PREFIX)
    return _CATEGORY_WORDS.get(category, plain)


def cost_words(view: FlowView) -> str:
    """Write what a generation cost beside what it could have cost at most."""
    cost, most = view.cost_micro_usd, view.request.estimate_micro_usd
    over = view.status is not GenerationStatus.RUNNING
    if not most:
        return format_usd(cost) if over else ""
    if not over:
        return f"at most {format_usd(most)}"
    if cost is None:
        return f"price unknown, estimated at most {format_usd(most)}"
    if cost > most:
        return f"{format_usd(cost)}, estimated at most {format_usd(most)}"
    return f"{format_usd(cost)} of at most {format_usd(most)}"


def is_waiting(retry: StageRetrying | RunRetrying | None, now: datetime) -> bool:
    """Say whether the wait before another attempt is still on; the attempt itself may be long."""
    return retry is not None and now < _again_at(retry)


def retry_words(
    retry: StageRetrying | RunRetrying | None,
    now: datetime,
    *,
    verb: Literal["retrying", "Retrying", "starting over", "Starting over"],
) -> str:
    """Count down to the next attempt and say why it is needed; empty where there is none.

    Args:
        retry: the wait; it may be over.
        now: an aware datetime.
        verb: what the next attempt does: pictures that came before are kept, words are not.
    """
    if retry is None:
        return ""
    left = ceil((_again_at(retry) - now).total_seconds())
    when = f"in {left} s" if left > 0 else "now"
    return f"{verb} {when} (attempt {retry.attempt + 1}): {drop_retry_advice(retry.fault.message)}"


def clock_words(stages: Sequence[StageView], now: datetime, names: Names) -> str:
    """Count the seconds of what is running and of what waits to start over.

    Args:
        stages: the calls that count; one, but for prompt construction.
        now: an aware datetime.
        names: model id → title.

    Returns:
        A line, with another for each call that starts over; empty once nothing is running.
    """
    running = [stage for stage in stages if stage.status is StageStatus.RUNNING]
    if not running:
        return ""
    lines = [_since(min(stage.started_at for stage in running), now)]
    lines.extend(_starting_over(stage, stage.retry, now, names) for stage in running if stage.retry)
    return "\n".join(lines)


def _starting_over(stage: StageView, retry: StageRetrying, now: datetime, names: Names) -> str:
    if stage.image_model is None:
        return retry_words(retry, now, verb="Starting over")
    return f"{names(stage.image_model)}: {retry_words(retry, now, verb='starting over')}"


def _again_at(retry: StageRetrying | RunRetrying) -> datetime:
    return retry.at + timedelta(seconds=retry.wait_s)


def _since(moment: datetime, now: datetime) -> str:
    return format_duration(max(round((now - moment).total_seconds() * 1000), 0))
