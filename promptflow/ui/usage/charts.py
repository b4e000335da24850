"""Bars: of each day, split by model, or of each group."""

from collections.abc import Sequence

import streamlit as st

from promptflow.ui.labels import Names
from promptflow.ui.usage.address import Grouping, Measure
from promptflow.ui.usage.filters import GROUPING_WORDS, MEASURE_WORDS
from promptflow.ui.usage.tables import Group, Titles, measure_of, stack_days
from promptflow.usage import UsageReport

_MOST_MODELS = 8
"""So many colours can be told apart."""
_MOST_BARS = 20
_HEIGHT_PX = 260
_AXES = {
    Measure.SPEND: "Dollars",
    Measure.PICTURES: "Pictures",
    Measure.CALLS: "Calls",
    Measure.TIME: "Seconds",
    Measure.TOKENS: "Tokens",
}


def draw_days(report: UsageReport, measure: Measure, names: Names) -> None:
    """Draw a bar for each day, split by model.

    Args:
        report: what is shown.
        measure: what of it.
        names: model id → title.
    """
    import altair as alt
    import pandas as pd

    bars = stack_days(report, measure, names, most=_MOST_MODELS)
    if not bars:
        _draw_nothing(measure)
        return
    frame = pd.DataFrame(
        {
            "Day": [bar.day for bar in bars],
            "Model": [bar.model for bar in bars],
            "Amount": [bar.value for bar in bars],
        }
    )
    first, last = report.period.first, report.period.last
    # To the last day's end, where its bar ends, but not so far that the next day has a label.
    domain = [
        alt.DateTime(year=first.year, month=first.month, date=first.day, utc=True),
        alt.DateTime(
            year=last.year, month=last.month, date=last.day, hours=23, minutes=59, utc=True
        ),
    ]
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X(
                "utcyearmonthdate(Day):T",
                title=None,
                scale=alt.Scale(domain=domain, type="utc"),
                axis=alt.Axis(format="%b %-d", labelOverlap=True, grid=False),
            ),
            y=alt.Y("sum(Amount):Q", title=_AXES[measure]),
            color=alt.Color("Model:N", legend=alt.Legend(orient="bottom", title=None, columns=2)),
            tooltip=[
                alt.Tooltip("utcyearmonthdate(Day):T", title="Day", format="%Y-%m-%d"),
                alt.Tooltip("Model:N"),
                alt.Tooltip("sum(Amount):Q", title=_AXES[measure], format=",.4~f"),
            ],
        )
    )
    st.altair_chart(
        chart, height=_HEIGHT_PX, alt=f"{MEASURE_WORDS[measure]} by day, split by model"
    )


def draw_groups(groups: Sequence[Group], by: Grouping, measure: Measure, titles: Titles) -> None:
    """Draw a bar for each group, as many as there is room for.

    Args:
        groups: the sums.
        by: what they are told apart by.
        measure: what of them.
        titles: of models and providers.
    """
    import pandas as pd

    bars = [
        (titles.of(by, one.key), value)
        for one in groups
        if (value := measure_of(one.tally, measure))
    ]
    if not bars:
        _draw_nothing(measure)
        return
    if by is not Grouping.STAGE:
        bars.sort(key=lambda bar: -bar[1])
    names, values = zip(*bars[:_MOST_BARS], strict=True)
    st.bar_chart(
        pd.DataFrame({GROUPING_WORDS[by]: names, _AXES[measure]: values}),
        x=GROUPING_WORDS[by],
        y=_AXES[measure],
        x_label="",
        y_label=_AXES[measure],
        horizontal=True,
        sort=False,
        height="content",
        alt=f"{MEASURE_WORDS[measure]} by {by.value}, most for {bars[0][0]}",
    )


def _draw_nothing(measure: Measure) -> None:
    said = {
        Measure.SPEND: "Nothing of known cost was spent in these days.",
        Measure.PICTURES: "No picture was painted in these days.",
        Measure.CALLS: "No model was asked in these days.",
        Measure.TIME: "No call has ended in these days.",
        Measure.TOKENS: "No tokens were told in these days.",
    }
    st.caption(said[measure])
