"""The bar above the sums. What it says comes out of the address and goes back into it."""

import streamlit as st

from promptflow.ui import state
from promptflow.ui.usage.address import (
    FIRST_DAY,
    LAST_DAY,
    Grouping,
    Measure,
    Span,
    UsageView,
    choose_days,
    parse_address,
    render_address,
)
from promptflow.usage import MOST_DAYS, Period

SPAN_WORDS = {
    Span.WEEK: "7 days",
    Span.THIRTY: "30 days",
    Span.NINETY: "90 days",
    Span.MONTH: "This month",
    Span.DAYS: "From–to",
}
GROUPING_WORDS = {
    Grouping.DAY: "Day",
    Grouping.MODEL: "Model",
    Grouping.PROVIDER: "Provider",
    Grouping.STAGE: "Stage",
}
MEASURE_WORDS = {
    Measure.SPEND: "Spend",
    Measure.PICTURES: "Pictures",
    Measure.CALLS: "Calls",
    Measure.TIME: "Time",
    Measure.TOKENS: "Tokens",
}


def read_view() -> UsageView:
    """Read what to show off the address, and have the widgets say the same."""
    view = parse_address({name: st.query_params.get_all(name) for name in st.query_params})
    said: dict[str, object] = {
        state.USAGE_PERIOD: view.span,
        state.USAGE_BY: view.by,
        state.USAGE_MEASURE: view.measure,
    }
    if view.days:
        said |= {state.USAGE_FROM: view.days.first, state.USAGE_TO: view.days.last}
    for key, value in said.items():
        if st.session_state.get(key) != value:
            st.session_state[key] = value
    return view


def draw_period(view: UsageView, period: Period) -> None:
    """Draw which days are added up.

    Args:
        view: what is shown.
        period: the days that it means.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Period",
            list(SPAN_WORDS),
            format_func=SPAN_WORDS.__getitem__,
            key=state.USAGE_PERIOD,
            required=True,
            label_visibility="collapsed",
            wrap=True,
            on_change=_apply,
            args=(period,),
        )
        if view.span is Span.DAYS:
            _draw_day("From", state.USAGE_FROM, period)
            _draw_day("To", state.USAGE_TO, period)


def draw_choices() -> None:
    """Draw what the sums are told apart by, and what the chart shows."""
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(
            "Sums by",
            list(GROUPING_WORDS),
            format_func=GROUPING_WORDS.__getitem__,
            key=state.USAGE_BY,
            required=True,
            wrap=True,
            on_change=_apply,
        )
        st.segmented_control(
            "Chart",
            list(MEASURE_WORDS),
            format_func=MEASURE_WORDS.__getitem__,
            key=state.USAGE_MEASURE,
            required=True,
            wrap=True,
            on_change=_apply,
        )


def show(view: UsageView) -> None:
    """Put what to show into the address; a callback."""
    st.query_params.from_dict(render_address(view))


def _draw_day(label: str, key: str, period: Period) -> None:
    st.date_input(
        label,
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        key=key,
        format="YYYY-MM-DD",
        width=150,
        help=f"In UTC; at most {MOST_DAYS} days.",
        label_visibility="collapsed",
        on_change=_apply,
        args=(period,),
    )


def _apply(shown: Period | None = None) -> None:
    """Take over what the widgets say; days that make no sense leave what is shown."""
    kept = st.session_state
    span = kept[state.USAGE_PERIOD]
    days = None
    if span is Span.DAYS:
        days = choose_days(kept.get(state.USAGE_FROM), kept.get(state.USAGE_TO)) or shown
    show(
        UsageView(span=span, days=days, by=kept[state.USAGE_BY], measure=kept[state.USAGE_MEASURE])
    )
