"""The Usage page's main area: the month and its limits, then what some days took."""

from collections.abc import Sequence

import streamlit as st

from promptflow.laboratory import Laboratory
from promptflow.ui import state
from promptflow.ui.plain import as_markdown
from promptflow.ui.usage.address import Grouping, find_period
from promptflow.ui.usage.charts import draw_days, draw_groups
from promptflow.ui.usage.filters import (
    GROUPING_WORDS,
    draw_choices,
    draw_period,
    read_view,
)
from promptflow.ui.usage.month import draw_month
from promptflow.ui.usage.tables import (
    STAGE_TITLES,
    Group,
    Titles,
    find_cost,
    find_tokens,
    group_lines,
    plain_cell,
    render_csv,
)
from promptflow.usage import CallTimes, EstimateSum, Tally, UsageReport
from promptflow.wording import count, format_duration, format_usd

_MICRO = 1_000_000
_MS = 1_000
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000


def draw_usage(lab: Laboratory) -> None:
    """Draw what the address asks for.

    Args:
        lab: where it was used.

    Raises:
        LedgerError: the ledger can't be read.
    """
    if not lab.spending.has_calls():
        _draw_nothing()
        return
    view = read_view()
    draw_month(lab)
    st.space("small")
    period = find_period(view, lab.now())
    st.subheader(f"{period.first} to {period.last}", anchor=False)
    draw_period(view, period)
    report = lab.spending.read_usage(period)
    titles = Titles(models=lab.models.name_of, providers=lab.models.name_provider)
    total = sum((line.tally for line in report.lines), Tally())
    if not total.calls:
        _draw_no_calls(report)
        return
    _draw_totals(total, report.estimates)
    _draw_unknown(report, titles)
    draw_choices()
    groups = group_lines(report, view.by)
    if view.by is Grouping.DAY:
        draw_days(report, view.measure, titles.models)
    else:
        draw_groups(groups, view.by, view.measure, titles)
    _draw_sums(groups, view.by, titles)
    _draw_download(groups, view.by, titles, report)
    _draw_times(report.times, titles)


def _draw_nothing() -> None:
    st.title("What your pictures cost, and how long they take", anchor=False)
    st.markdown(
        "Here stands what was spent, painted and waited for, by day, model, provider and stage, what "
        "the month comes to at this pace, and what its limit leaves. No model was asked yet."
    )
    st.page_link("pages/studio.py", label="Make a picture in the Studio", icon=":material/brush:")


def _draw_no_calls(report: UsageReport) -> None:
    with st.container(horizontal_alignment="center", gap="small"):
        st.space("medium")
        st.markdown("**No model was asked in these days**", width="content")
        st.caption(
            f"From {report.period.first} to {report.period.last}, in UTC. Choose other days above.",
            width="content",
        )


def _draw_totals(total: Tally, estimates: EstimateSum) -> None:
    with st.grid(6, min_column_width=130):
        cost = find_cost(total)
        st.metric("Spend", "unknown" if cost is None else format_usd(cost), border=True)
        st.metric("Pictures", f"{total.pictures:,}", border=True)
        st.metric("Calls", f"{total.calls:,}", border=True)
        st.metric("Refused", f"{total.refused:,}", border=True)
        st.metric("Failed", f"{total.failed:,}", border=True)
        st.metric(
            "Time",
            _format_hours(total.total_ms),
            border=True,
            help="What the calls took one after another; side by side they took less.",
        )
    st.caption(as_markdown(_estimate_words(estimates)))


def _format_hours(total_ms: int) -> str:
    """Write a time so short that it fits beside the other numbers."""
    if total_ms < _MINUTE_MS:
        return format_duration(total_ms)
    if total_ms < _HOUR_MS:
        return f"{total_ms / _MINUTE_MS:.0f} min"
    return f"{total_ms / _HOUR_MS:,.1f} h"


def _estimate_words(estimates: EstimateSum) -> str:
    left_out = (
        f" {count(estimates.left_out, 'generation')} of which the estimate or the cost is unknown "
        f"{'is' if estimates.left_out == 1 else 'are'} left out."
        if estimates.left_out
        else ""
    )
    if not estimates.generations:
        return f"Estimates can't be compared with what it cost.{left_out}"
    told = (
        f"{count(estimates.generations, 'generation')} estimated at "
        f"{format_usd(estimates.estimate_micro_usd)} at most, and cost "
        f"{format_usd(estimates.cost_micro_usd)}"
    )
    if estimates.estimate_micro_usd:
        told += f", {estimates.cost_micro_usd / estimates.estimate_micro_usd:.0%} of it"
    return f"{told}.{left_out}"


def _draw_unknown(report: UsageReport, titles: Titles) -> None:
    """Say whose cost is in no sum."""
    unpriced = sorted({line.model for line in report.lines if line.tally.unpriced})
    if unpriced:
        number = sum(line.tally.unpriced for line in report.lines)
        names = ", ".join(titles.models(model) for model in unpriced)
        words = f"The cost of {count(number, 'call')} is unknown and in no sum: {names}."
        st.info(as_markdown(words), icon=":material/help:")


def _draw_sums(groups: Sequence[Group], by: Grouping, titles: Titles) -> None:
    import pandas as pd

    tallies = [group.tally for group in groups]
    costs = [find_cost(tally) for tally in tallies]
    tokens = [find_tokens(tally) for tally in tallies]
    name = GROUPING_WORDS[by]
    frame = pd.DataFrame(
        {
            # The table can be copied and downloaded, too.
            name: [plain_cell(titles.of(by, group.key)) for group in groups],
            "Spend": [None if cost is None else cost / _MICRO for cost in costs],
            "Unknown cost": [tally.unpriced for tally in tallies],
            "Pictures": [tally.pictures for tally in tallies],
            "Calls": [tally.calls for tally in tallies],
            "Refused": [tally.refused for tally in tallies],
            "Failed": [tally.failed for tally in tallies],
            "Stopped": [tally.stopped for tally in tallies],
            "Seconds": [tally.total_ms / _MS for tally in tallies],
            "Tokens in": pd.array([read for read, _ in tokens], dtype="Int64"),
            "Tokens out": pd.array([written for _, written in tokens], dtype="Int64"),
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            name: st.column_config.TextColumn(pinned=True),
            "Spend": st.column_config.NumberColumn(format="$%.4f"),
            "Unknown cost": st.column_config.NumberColumn(help="Calls whose cost is unknown"),
            "Stopped": st.column_config.NumberColumn(help="Cancelled or interrupted"),
            "Seconds": st.column_config.NumberColumn(format="%.1f"),
            "Tokens in": st.column_config.NumberColumn(format="localized"),
            "Tokens out": st.column_config.NumberColumn(format="localized"),
        },
        placeholder="–",
        alt=f"Spend, pictures, calls, refusals, failures, time and tokens by {by.value}",
    )


def _draw_download(
    groups: Sequence[Group], by: Grouping, titles: Titles, report: UsageReport
) -> None:
    period = report.period
    st.download_button(
        "Download CSV",
        data=lambda: render_csv(groups, by, titles),
        file_name=f"usage-by-{by.value}-{period.first}-to-{period.last}.csv",
        mime="text/csv",
        key=state.DOWNLOAD_USAGE,
        icon=":material/download:",
        on_click="ignore",
        help="These sums as a file for a spreadsheet.",
    )


def _draw_times(times: Sequence[CallTimes], titles: Titles) -> None:
    if not times:
        return
    import pandas as pd

    st.subheader("How long calls take", anchor=False)
    st.caption("Of calls that succeeded: half took no longer than p50, 95 of 100 than p95.")
    frame = pd.DataFrame(
        {
            "Stage": [STAGE_TITLES.get(one.stage, one.stage) for one in times],
            "Model": [plain_cell(titles.models(one.model)) for one in times],
            "p50": [one.p50_ms / _MS for one in times],
            "p95": [one.p95_ms / _MS for one in times],
            "Calls": [one.calls for one in times],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "p50": st.column_config.NumberColumn("p50, seconds", format="%.2f"),
            "p95": st.column_config.NumberColumn("p95, seconds", format="%.2f"),
        },
        alt="Time of calls that succeeded by stage and model",
    )
