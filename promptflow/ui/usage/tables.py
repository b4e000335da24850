"""The sums as rows, for the page and for a file. Pure: draws nothing, asks nobody."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from promptflow.records import Stage
from promptflow.ui.labels import Names
from promptflow.ui.usage.address import Grouping, Measure
from promptflow.usage import PAINTING, Tally, UsageLine, UsageReport, add_up

STAGE_TITLES: Mapping[str, str] = {
    Stage.ACTION_PLAN: "Action plan",
    Stage.THINKING: "Thinking",
    Stage.PROMPT_CONSTRUCTION: "Prompt construction",
    PAINTING: "Painting",
}
"""In the order in which they happen."""
UNKNOWN = "Unknown"
"""How a provider is called that nobody knows any more."""
OTHERS = "Others"

_MICRO = 1_000_000
_MS = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""
_COLUMNS = (
    *("calls", "running", "refused", "failed", "stopped", "pictures", "seconds"),
    *("input_tokens", "output_tokens", "calls_without_tokens", "cost_usd", "calls_without_cost"),
)
_KEYS: Mapping[Grouping, Callable[[UsageLine], str]] = {
    Grouping.DAY: lambda line: line.day.isoformat(),
    Grouping.MODEL: lambda line: line.model,
    Grouping.PROVIDER: lambda line: line.provider or "",
    Grouping.STAGE: lambda line: line.stage,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """What people call models and providers."""

    models: Names
    providers: Names

    def of(self, by: Grouping, key: str) -> str:
        """Return the title of a group."""
        match by:
            case Grouping.DAY:
                return key
            case Grouping.MODEL:
                return self.models(key)
            case Grouping.PROVIDER:
                return self.providers(key) if key else UNKNOWN
            case Grouping.STAGE:
                return STAGE_TITLES.get(key, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One row of the sums."""

    key: str
    """A day, or the id of a model, provider or stage; empty for a provider nobody knows."""
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One piece of the chart of days."""

    day: str
    model: str
    """A title, or `OTHERS`."""
    value: float


def group_lines(report: UsageReport, by: Grouping) -> tuple[Group, ...]:
    """Add a report's lines up.

    Args:
        report: of any period.
        by: what to tell them apart by.

    Returns:
        Days newest first, stages in the order in which they happen, others dearest first.
    """
    groups = [Group(key=key, tally=tally) for key, tally in add_up(report.lines, _KEYS[by]).items()]
    match by:
        case Grouping.DAY:
            groups.sort(key=lambda group: group.key, reverse=True)
        case Grouping.STAGE:
            order = list(STAGE_TITLES)
            groups.sort(key=lambda group: order.index(group.key) if group.key in order else 99)
        case Grouping.MODEL | Grouping.PROVIDER:
            groups.sort(
                key=lambda group: (-group.tally.cost_micro_usd, -group.tally.calls, group.key)
            )
    return tuple(groups)


def find_cost(tally: Tally) -> int | None:
    """Return what calls of known cost cost together; ``None`` where the cost of each is unknown."""
    all_unknown = tally.unpriced > 0 and tally.unpriced == tally.calls - tally.running
    return None if all_unknown else tally.cost_micro_usd


def find_tokens(tally: Tally) -> tuple[int | None, int | None]:
    """Return the tokens sent and come back; ``None`` where nobody told any."""
    if tally.untold and tally.untold == tally.calls - tally.running:
        return None, None
    return tally.input_tokens, tally.output_tokens


def measure_of(tally: Tally, measure: Measure) -> float:
    """Return what the chart shows of calls: dollars, pictures, calls, seconds or tokens."""
    match measure:
        case Measure.SPEND:
            return tally.cost_micro_usd / _MICRO
        case Measure.PICTURES:
            return tally.pictures
        case Measure.CALLS:
            return tally.calls
        case Measure.TIME:
            return tally.total_ms / _MS
        case Measure.TOKENS:
            return tally.input_tokens + tally.output_tokens


def stack_days(
    report: UsageReport, measure: Measure, names: Names, *, most: int
) -> tuple[Bar, ...]:
    """Split each day by model for a chart.

    Args:
        report: of any period.
        measure: what the chart shows.
        names: model id → title.
        most: so many models stand by themselves, the largest; the rest are `OTHERS`.

    Returns:
        By day; what is nothing is left out.
    """
    models = add_up(report.lines, lambda line: line.model)
    largest = sorted(models, key=lambda model: -measure_of(models[model], measure))[:most]
    sums = add_up(report.lines, lambda line: (line.day, _shown(line.model, largest, names)))
    bars = (
        Bar(day=day.isoformat(), model=model, value=measure_of(tally, measure))
        for (day, model), tally in sums.items()
    )
    return tuple(bar for bar in bars if bar.value)


def render_csv(groups: Sequence[Group], by: Grouping, titles: Titles) -> bytes:
    """Write sums as a file for a spreadsheet, in UTF-8.

    Args:
        groups: as `group_lines` returns them.
        by: what they are told apart by.
        titles: of models and providers.

    Returns:
        A line of names, then one for each group. What is unknown is empty. Names that a spreadsheet
        would take for formulas begin with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    named = () if by is Grouping.DAY else ("title",)
    writer.writerow((by.value, *named, *_COLUMNS))
    for group in groups:
        title = (plain_cell(titles.of(by, group.key)),) if named else ()
        writer.writerow((plain_cell(group.key), *title, *_cells(group.tally)))
    # The mark tells spreadsheets that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def plain_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Args:
        text: anything, e.g. a model's id as a server names it.
    """
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _shown(model: str, largest: Sequence[str], names: Names) -> str:
    return names(model) if model in largest else OTHERS


def _cells(tally: Tally) -> tuple[object, ...]:
    cost, tokens = find_cost(tally), find_tokens(tally)
    return (
        tally.calls,
        tally.running,
        tally.refused,
        tally.failed,
        tally.stopped,
        tally.pictures,
        f"{tally.total_ms / _MS:.3f}",
        *("" if one is None else one for one in tokens),
        tally.untold,
        "" if cost is None else f"{cost / _MICRO:.6f}",
        tally.unpriced,
    )
