"""When everything happened: each stage and run in a row of its own, from the flow's start on.

Uploads come after them; `uploads` has their bars.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import streamlit as st

from promptflow.events import RunFailed, StageFailed, StageReused
from promptflow.records import Stage
from promptflow.traces import FlowTrace, RunTrace, StageTrace
from promptflow.ui.labels import Names
from promptflow.ui.plain import as_markdown
from promptflow.wording import count, format_duration

if TYPE_CHECKING:
    import altair

_ROW_PX = 30
_AROUND_PX = 140
"""What legend and axis take of a chart's height."""
_TITLES = {
    Stage.ACTION_PLAN: "Action plan",
    Stage.THINKING: "Thinking",
    Stage.PROMPT_CONSTRUCTION: "Prompt",
}


class Span(StrEnum):
    """What a bar or mark stands for; the legend's words."""

    SILENCE = "no word yet"
    WORDS = "words"
    PAINTING = "painting"
    FAILED = "failed"
    WAIT = "wait"
    UPLOAD = "upload"
    PICTURE = "picture"


_COLORS = {
    Span.SILENCE: "#d8b98c",
    Span.WORDS: "#c8792c",
    Span.PAINTING: "#2f8f83",
    Span.FAILED: "#cc3b52",
    Span.WAIT: "#8d8790",
    Span.UPLOAD: "#5b7fc7",
    Span.PICTURE: "#f0c64a",
}
"""Middling, so that they stand out from a light page and from a dark one."""
_THIN = {Span.WAIT, Span.UPLOAD}
"""Nothing is made meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One span of time in one row, in milliseconds since the flow's start."""

    row: str
    span: Span
    begin_ms: int
    end_ms: int
    note: str = ""
    """What there is to say of it besides."""


def draw_waterfall(bars: Sequence[Bar], later: str = "") -> None:
    """Draw the bars, the first row on top.

    Args:
        bars: as `plan_bars` returns them; further ones may follow.
        later: what there is to say of that which came too late for the chart.
    """
    if not bars:
        st.caption("Nothing has been asked yet.")
        return
    st.altair_chart(_chart(bars), alt="When each stage, run and upload began, waited and ended")
    if later:
        st.caption(as_markdown(later))


def plan_bars(trace: FlowTrace, names: Names, now: datetime) -> tuple[Bar, ...]:
    """Work out when what was done.

    Args:
        trace: of the generation.
        names: model id → title.
        now: an aware datetime: where what still runs has come to.

    Returns:
        The stages' bars in the order they started, then the runs'.
    """
    now_ms = trace.since_start_ms(now)
    bars: list[Bar] = []
    for stage in trace.stages:
        if isinstance(stage.started, StageReused):
            continue  # nobody was asked, so it took no time
        bars.extend(_stage_bars(trace, stage, _unused(_stage_row(stage, names), bars), now_ms))
    for run in trace.runs:
        version = f" {run.started.version}" if run.started.version > 1 else ""
        row = _unused(f"Run{version} · {names(run.started.image_model)}", bars)
        bars.extend(_run_bars(trace, run, row, now_ms))
    return tuple(bars)


def tell_pauses(trace: FlowTrace) -> str:
    """Say that times in which nothing was under way are left out; "" where there were none.

    Args:
        trace: of the generation.
    """
    if not trace.pauses:
        return ""
    are = "is" if len(trace.pauses) == 1 else "are"
    return (
        f"{count(len(trace.pauses), 'pause')} in which nothing was under way {are} left out: the generation"
        " was gone on with later."
    )


def _stage_row(stage: StageTrace, names: Names) -> str:
    title, model = _TITLES[stage.started.stage], stage.started.image_model
    return f"{title} · {names(model)}" if model else title


def _unused(row: str, bars: Sequence[Bar]) -> str:
    """Give a row a name of its own: a plan that is repaired is asked for twice."""
    taken = {bar.row for bar in bars}
    number, name = 1, row
    while name in taken:
        number += 1
        name = f"{row} ({number})"
    return name


def _stage_bars(trace: FlowTrace, stage: StageTrace, row: str, now_ms: int) -> Iterator[Bar]:
    start_ms = trace.since_start_ms(stage.started.at)
    closed = stage.closed
    end_ms = start_ms + closed.total_ms if closed else now_ms
    begin_ms = yield from _attempt_bars(trace, stage, row, start_ms, end_ms)
    if begin_ms >= end_ms > start_ms:
        return
    if isinstance(closed, StageFailed):
        yield Bar(
            row=row, span=Span.FAILED, begin_ms=begin_ms, end_ms=end_ms, note=closed.fault.message
        )
        return
    first_ms = closed.first_token_ms if closed else None
    words_ms = end_ms if first_ms is None else min(max(start_ms + first_ms, begin_ms), end_ms)
    yield Bar(row=row, span=Span.SILENCE, begin_ms=begin_ms, end_ms=words_ms)
    if words_ms < end_ms:
        yield Bar(row=row, span=Span.WORDS, begin_ms=words_ms, end_ms=end_ms)


def _run_bars(trace: FlowTrace, run: RunTrace, row: str, now_ms: int) -> Iterator[Bar]:
    start_ms = trace.since_start_ms(run.started.at)
    closed = run.closed
    end_ms = start_ms + closed.total_ms if closed else now_ms
    begin_ms = yield from _attempt_bars(trace, run, row, start_ms, end_ms)
    if begin_ms < end_ms or end_ms <= start_ms:
        failed = isinstance(closed, RunFailed)
        yield Bar(
            row=row,
            span=Span.FAILED if failed else Span.PAINTING,
            begin_ms=begin_ms,
            end_ms=max(end_ms, begin_ms),
            note=closed.fault.message if isinstance(closed, RunFailed) else "",
        )
    for image in run.images:
        at_ms = start_ms + image.at_ms
        note = f"Picture {image.index + 1}"
        yield Bar(row=row, span=Span.PICTURE, begin_ms=at_ms, end_ms=at_ms, note=note)


def _attempt_bars(
    trace: FlowTrace, part: StageTrace | RunTrace, row: str, start_ms: int, end_ms: int
) -> Generator[Bar, None, int]:
    """Yield the attempts that failed and the waits after them; return when the last attempt began."""
    begin_ms = start_ms
    for retry in part.retries:
        failed_ms = max(trace.since_start_ms(retry.at), begin_ms)
        yield Bar(
            row=row,
            span=Span.FAILED,
            begin_ms=begin_ms,
            end_ms=failed_ms,
            note=f"Attempt {retry.attempt}: {retry.fault.message}",
        )
        # A wait that was cancelled ended with its stage or run.
        begin_ms = min(failed_ms + round(retry.wait_s * 1000), max(end_ms, failed_ms))
        yield Bar(row=row, span=Span.WAIT, begin_ms=failed_ms, end_ms=begin_ms)
    return begin_ms


def _chart(bars: Sequence[Bar]) -> "altair.LayerChart | altair.FacetChart":
    # Half a second to import: only who looks at the times waits for it.
    import altair as alt

    present = [span for span in Span if any(bar.span is span for bar in bars)]
    rows = list(dict.fromkeys(bar.row for bar in bars))
    color = alt.Color(
        "span:N",
        scale=alt.Scale(domain=present, range=[_COLORS[span] for span in present]),
        legend=alt.Legend(
            title=None, orient="top", columns=2, symbolType="square", symbolStrokeWidth=0
        ),
    )
    base = alt.Chart(alt.InlineData(values=[_record(bar) for bar in bars])).encode(
        x=alt.X(
            "begin_s:Q",
            title="Seconds since the start",
            scale=alt.Scale(domainMin=0),
        ),
        # Named in full, because each layer knows only the rows that it has bars in.
        y=alt.Y(
            "row:N",
            title=None,
            scale=alt.Scale(domain=rows),
            axis=alt.Axis(labelLimit=160, labelOverlap=False, ticks=False, domain=False),
        ),
        color=color,
        tooltip=[
            alt.Tooltip("row:N", title="Part"),
            alt.Tooltip("span:N", title="What"),
            alt.Tooltip("from:N", title="From"),
            alt.Tooltip("took:N", title="Took"),
            alt.Tooltip("note:N", title="Note"),
        ],
    )

    def layer(spans: set[Span]) -> "altair.Chart":
        return base.transform_filter(alt.FieldOneOfPredicate("span", sorted(spans)))

    broad = {Span.SILENCE, Span.WORDS, Span.PAINTING}
    drawn = [
        layer(broad).mark_bar(height=16, cornerRadius=2).encode(x2="end_s:Q"),
        layer({Span.FAILED})
        .mark_bar(
            height=16,
            fillOpacity=0.45,
            stroke=_COLORS[Span.FAILED],
            strokeDash=[3, 2],
            strokeWidth=2,
        )
        .encode(x2="end_s:Q"),
        layer(_THIN).mark_bar(height=4).encode(x2="end_s:Q"),
        layer({Span.PICTURE}).mark_point(
            shape="diamond", size=90, filled=True, stroke="#4d3c00", strokeWidth=1, opacity=1
        ),
    ]
    return alt.layer(*drawn).properties(height=_ROW_PX * len(rows) + _AROUND_PX)


def _record(bar: Bar) -> dict[str, object]:
    lasted_ms = bar.end_ms - bar.begin_ms
    return {
        "row": bar.row,
        "span": str(bar.span),
        "begin_s": bar.begin_ms / 1000,
        "end_s": bar.end_ms / 1000,
        "from": format_duration(bar.begin_ms),
        "took": "–" if bar.span is Span.PICTURE else format_duration(lasted_ms),
        "note": bar.note or "–",
    }
