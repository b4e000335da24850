"""The one-line texts of stages, runs and pictures."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from promptflow.records import GenerationStatus, RunStatus, StageStatus
from promptflow.ui.plain import as_label, as_markdown
from promptflow.view import FlowView, RunView, StageView
from promptflow.wording import count, format_duration, format_usd

Color = Literal["red", "orange", "blue", "green", "gray"]
"""The badge colours in use."""
Names = Callable[[str], str]
"""Model id → the model's title."""

STATUS_ICONS = {
    GenerationStatus.RUNNING: ":material/progress_activity:",
    GenerationStatus.SUCCEEDED: ":material/check_circle:",
    GenerationStatus.PARTIAL: ":material/rule:",
    GenerationStatus.FAILED: ":material/error:",
    GenerationStatus.CANCELLED: ":material/block:",
    GenerationStatus.INTERRUPTED: ":material/power_off:",
}
STATUS_WORDS = {
    GenerationStatus.RUNNING: "Running",
    GenerationStatus.SUCCEEDED: "Succeeded",
    GenerationStatus.PARTIAL: "Partly failed",
    GenerationStatus.FAILED: "Failed",
    GenerationStatus.CANCELLED: "Cancelled",
    GenerationStatus.INTERRUPTED: "Interrupted",
}
STATUS_COLORS: dict[GenerationStatus, Color] = {
    GenerationStatus.RUNNING: "blue",
    GenerationStatus.SUCCEEDED: "green",
    GenerationStatus.PARTIAL: "orange",
    GenerationStatus.FAILED: "red",
    GenerationStatus.CANCELLED: "gray",
    GenerationStatus.INTERRUPTED: "orange",
}
_RUN_ICONS = {
    RunStatus.RUNNING: ":material/brush:",
    RunStatus.SUCCEEDED: ":material/check:",
    RunStatus.PARTIAL: ":material/rule:",
    RunStatus.FAILED: ":material/error:",
    RunStatus.REFUSED: ":material/block:",
    RunStatus.CANCELLED: ":material/block:",
    RunStatus.INTERRUPTED: ":material/power_off:",
}


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
    facts = [names(stages[0].model)]
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
    costs = [call.cost_micro_usd for call in calls]
    facts.append(format_usd(None if None in costs else sum(cost or 0 for cost in costs)))
    return label(title, facts)


def label(title: str, facts: Sequence[str]) -> str:
    """Write a bold title with its facts in gray behind it."""
    return f"**{as_label(title)}** :gray[:small[{as_markdown('  ·  '.join(facts))}]]"


def run_line(
    image_model: str, run: RunView | None, view: FlowView, names: Names, now: datetime
) -> str:
    """Write the line of one image model: waiting, painting, retrying, done, failed and why."""
    title = f"**{as_label(names(image_model))}**"
    if run is None:
        over = view.status is not GenerationStatus.RUNNING
        icon = ":material/block:" if over else ":material/hourglass_empty:"
        return f"{icon} {title} :gray[{'not started' if over else 'waiting for its prompt'}]"
    return f"{_RUN_ICONS[run.status]} {title} :gray[{as_markdown(_run_words(run, view, now))}]"


def _run_words(run: RunView, view: FlowView, now: datetime) -> str:
    if run.status is RunStatus.RUNNING:
        return retry_words(run, now) or _painting_words(run, view, now)
    took = format_duration(run.total_ms)
    why = run.fault.message if run.fault else "no reason was recorded"
    there = f"{len(run.images)} of {view.request.images_per_model}"
    return {
        RunStatus.SUCCEEDED: f"done in {took}, {format_usd(run.cost_micro_usd)}",
        RunStatus.PARTIAL: f"{there} in {took}, then failed: {why}",
        RunStatus.FAILED: f"failed after {took}: {why}",
        RunStatus.REFUSED: f"refused after {took}: {why}",
        RunStatus.CANCELLED: "cancelled",
        RunStatus.INTERRUPTED: "interrupted",
    }[run.status]


def _painting_words(run: RunView, view: FlowView, now: datetime) -> str:
    wanted = view.request.images_per_model
    done = f", {len(run.images)} of {wanted} there" if wanted > 1 else ""
    return f"painting, {_since(run.started_at, now)}{done}"


def retry_words(run: RunView, now: datetime) -> str:
    """Write the countdown to the next attempt; empty where there is none."""
    if run.retry is None:
        return ""
    left = run.retry.at + timedelta(seconds=run.retry.wait_s) - now
    seconds = max(round(left.total_seconds()), 0)
    return f"retrying in {seconds} s (attempt {run.retry.attempt + 1})"


def clock_words(stages: Sequence[StageView], now: datetime) -> str:
    """Count the seconds of what is running; empty once nothing is."""
    started_at = [stage.started_at for stage in stages if stage.status is StageStatus.RUNNING]
    return _since(min(started_at), now) if started_at else ""


def _since(moment: datetime, now: datetime) -> str:
    return format_duration(max(round((now - moment).total_seconds() * 1000), 0))
