"""What calls took, added up by SQLite for some days. Floor 4: reads only.

Each statement goes along an index by day, from the period's first to its last, and looks at no row. Stages
that were reused are left out: nothing was asked for them.
"""

import sqlite3
from datetime import date

from promptflow.budget import MonthSpend
from promptflow.records import Stage
from promptflow.usage import (
    PAINTING,
    CallTimes,
    EstimateSum,
    Period,
    Tally,
    UsageLine,
    UsageReport,
)

_TALLY = """
    count(*) AS calls,
    count(*) FILTER (WHERE status = 'running') AS running,
    count(*) FILTER (WHERE status = 'refused') AS refused,
    count(*) FILTER (WHERE status IN ('failed', 'partial')) AS failed,
    count(*) FILTER (WHERE status IN ('cancelled', 'interrupted')) AS stopped,
    coalesce(sum(total_ms), 0) AS total_ms,
    coalesce(sum(input_tokens), 0) AS input_tokens,
    coalesce(sum(output_tokens), 0) AS output_tokens,
    count(*) FILTER (
        WHERE status <> 'running' AND (input_tokens IS NULL OR output_tokens IS NULL)
    ) AS untold,
    coalesce(sum(cost_micro_usd), 0) AS cost_micro_usd,
    count(*) FILTER (WHERE status <> 'running' AND cost_micro_usd IS NULL) AS unpriced
"""
_DAY = "substr(started_at, 1, 10)"
_STAGES = f"""
    FROM stages INDEXED BY stages_by_day
    WHERE {_DAY} BETWEEN :first AND :last AND reused_from IS NULL
"""
_RUNS = f"FROM runs INDEXED BY runs_by_day WHERE {_DAY} BETWEEN :first AND :last"

_TEXT_LINES = f"""
    SELECT {_DAY} AS day, stage, model, NULL AS provider, 0 AS pictures, {_TALLY} {_STAGES}
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_IMAGE_LINES = f"""
    SELECT {_DAY} AS day, '{PAINTING}' AS stage, image_model AS model, provider,
        sum((
            SELECT count(*) FROM assets AS a WHERE a.run_id = runs.id AND a.role = 'output'
        )) AS pictures, {_TALLY} {_RUNS}
    GROUP BY 1, 3, 4 ORDER BY 1, 3, 4
"""  # noqa: S608 - constants of this module

_RANKED = """
    SELECT stage, model, total_ms, calls, place FROM (
        SELECT stage, model, total_ms,
            row_number() OVER (PARTITION BY stage, model ORDER BY total_ms) AS place,
            count(*) OVER (PARTITION BY stage, model) AS calls
        FROM ({calls})
    ) WHERE place = (calls * 50 + 99) / 100 OR place = (calls * 95 + 99) / 100
    ORDER BY stage, model, place
"""
"""The call at which half, or 95 of 100, are counted off, from the quickest on."""
_TIMED = "AND status = 'succeeded' AND total_ms IS NOT NULL"
_TEXT_TIMES = _RANKED.format(calls=f"SELECT stage, model, total_ms {_STAGES} {_TIMED}")
_IMAGE_TIMES = _RANKED.format(
    calls=f"SELECT '{PAINTING}' AS stage, image_model AS model, total_ms {_RUNS} {_TIMED}"
)

_ESTIMATES = """
    SELECT count(estimate_micro_usd + cost_micro_usd) AS generations,
        coalesce(sum(estimate_micro_usd) FILTER (WHERE cost_micro_usd IS NOT NULL), 0)
            AS estimate_micro_usd,
        coalesce(sum(cost_micro_usd) FILTER (WHERE estimate_micro_usd IS NOT NULL), 0)
            AS cost_micro_usd,
        count(*) - count(estimate_micro_usd + cost_micro_usd) AS left_out
    FROM generations INDEXED BY generations_by_day
    WHERE substr(created_at, 1, 10) BETWEEN :first AND :last AND status <> 'running'
"""

_MONTH = f"""
    WITH calls AS (
        SELECT generation_id, cost_micro_usd, status {_STAGES}
        UNION ALL SELECT generation_id, cost_micro_usd, status {_RUNS}
    ),
    sums AS (
        SELECT generation_id, sum(cost_micro_usd) AS known,
            count(*) FILTER (WHERE cost_micro_usd IS NULL) AS open,
            count(*) FILTER (WHERE cost_micro_usd IS NULL AND status <> 'running') AS unknown
        FROM calls GROUP BY generation_id
    ),
    unsettled AS (
        SELECT generation_id AS id FROM sums WHERE open > 0
        UNION SELECT id FROM generations WHERE status = 'running'
    ),
    rest AS (
        SELECT g.estimate_micro_usd - coalesce(sums.known, 0) AS micro_usd
        FROM unsettled CROSS JOIN generations AS g ON g.id = unsettled.id
        LEFT JOIN sums ON sums.generation_id = unsettled.id
    )
    SELECT (SELECT coalesce(sum(known), 0) FROM sums) AS known,
        (SELECT coalesce(sum(max(micro_usd, 0)), 0) FROM rest) AS reserved,
        (SELECT coalesce(sum(unknown), 0) FROM sums) AS unknown,
        (SELECT count(*) FROM rest WHERE micro_usd IS NULL) AS unestimated
"""  # noqa: S608 - constants of this module

_ORDER = {stage: place for place, stage in enumerate((*Stage, PAINTING))}


def read_usage(connection: sqlite3.Connection, period: Period) -> UsageReport:
    """Add up what the days of a period took.

    Args:
        connection: to the ledger, inside a transaction.
        period: which days.

    Returns:
        The report; its lines are by day, and those of text models have no provider.
    """
    span = _span(period)
    text, image = connection.execute(_TEXT_LINES, span), connection.execute(_IMAGE_LINES, span)
    lines = [_line(row) for row in (*text, *image)]
    estimates = connection.execute(_ESTIMATES, span).fetchone()
    return UsageReport(
        period=period,
        lines=tuple(sorted(lines, key=lambda line: line.day)),
        times=_times(connection, span),
        estimates=EstimateSum(**dict(estimates)),
    )


def read_month_spend(connection: sqlite3.Connection, month: Period) -> MonthSpend:
    """Say what the calls begun in a month cost, and what they may yet come to.

    Args:
        connection: to the ledger, inside a transaction.
        month: its days.
    """
    row = connection.execute(_MONTH, _span(month)).fetchone()
    return MonthSpend(
        month=month.first,
        known_micro_usd=row["known"],
        reserved_micro_usd=row["reserved"],
        unknown_calls=row["unknown"],
        unestimated=row["unestimated"],
    )


def has_calls(connection: sqlite3.Connection) -> bool:
    """Say whether a model was ever asked.

    Args:
        connection: to the ledger, inside a transaction.
    """
    sql = "SELECT EXISTS (SELECT 1 FROM stages) OR EXISTS (SELECT 1 FROM runs)"
    return bool(connection.execute(sql).fetchone()[0])


def _span(period: Period) -> dict[str, str]:
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


def _line(row: sqlite3.Row) -> UsageLine:
    told = dict(row)
    return UsageLine(
        day=date.fromisoformat(told.pop("day")),
        stage=told.pop("stage"),
        model=told.pop("model"),
        provider=told.pop("provider"),
        tally=Tally(**told),
    )


def _times(connection: sqlite3.Connection, span: dict[str, str]) -> tuple[CallTimes, ...]:
    found: dict[tuple[str, str], list[sqlite3.Row]] = {}
    for sql in (_TEXT_TIMES, _IMAGE_TIMES):
        for row in connection.execute(sql, span):
            found.setdefault((row["stage"], row["model"]), []).append(row)
    # The same call is both where there are few.
    times = [
        CallTimes(
            stage=stage,
            model=model,
            calls=rows[0]["calls"],
            p50_ms=rows[0]["total_ms"],
            p95_ms=rows[-1]["total_ms"],
        )
        for (stage, model), rows in found.items()
    ]
    return tuple(sorted(times, key=lambda one: (_ORDER.get(one.stage, len(_ORDER)), one.model)))
