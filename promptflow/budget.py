"""Limits on spending: read from variables, and held before anything is spent. Below floor 3.

Money is integer micro-dollars. A month is a calendar month in UTC.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from promptflow.errors import BudgetError, SetupError

MONTHLY_LIMIT = "PROMPTFLOW_MONTHLY_LIMIT_USD"
GENERATION_LIMIT = "PROMPTFLOW_GENERATION_LIMIT_USD"

MOST_USD = 1_000_000
"""The largest limit; a larger one is taken for a slip."""
_MICRO = 1_000_000
_USD = re.compile(r"([0-9]{1,12})(?:\.([0-9]+))?", re.ASCII)
_DECIMALS = 6
_SHOWN_CHARS = 24
"""How much of a wrong value is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that may be spent; ``None`` is without limit."""

    monthly_micro_usd: int | None = None
    generation_micro_usd: int | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables that set one."""
        limits = {
            MONTHLY_LIMIT: self.monthly_micro_usd,
            GENERATION_LIMIT: self.generation_micro_usd,
        }
        return tuple(name for name, limit in limits.items() if limit is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSpend:
    """What a month has cost, and what it may yet cost through what was begun."""

    month: date
    """Its first day."""
    known_micro_usd: int = 0
    """What the calls of known cost cost together."""
    reserved_micro_usd: int = 0
    """What generations that run, or have calls of unknown cost, may come to beyond what is known of
    them: their estimates, less that."""
    unknown_calls: int = 0
    """Calls that are over and whose cost is unknown."""
    unestimated: int = 0
    """Generations that may come to more than is known, nobody can say how much: they have no estimate."""

    @property
    def committed_micro_usd(self) -> int:
        """What has to be taken for spent."""
        return self.known_micro_usd + self.reserved_micro_usd


def read_limits(environ: Mapping[str, str]) -> Limits:
    """Read the limits from variables.

    Args:
        environ: variable name → value.

    Returns:
        The limits; unset and blank variables set none.

    Raises:
        SetupError: a value is no limit; it says which and why.
    """
    return Limits(
        monthly_micro_usd=_read_usd(environ, MONTHLY_LIMIT, example="5 or 20.50"),
        generation_micro_usd=_read_usd(environ, GENERATION_LIMIT, example="0.50 or 2"),
    )


def check_budget(
    estimate_micro_usd: int | None,
    *,
    limits: Limits,
    read_month: Callable[[], MonthSpend],
    before_micro_usd: int | None = 0,
) -> None:
    """See that what may be spent stays within the limits.

    Args:
        estimate_micro_usd: the most that it can cost; 0 where all is free, ``None`` where that is unknown.
        limits: those that are set.
        read_month: says what the month has come to; asked only where that matters.
        before_micro_usd: what the generation that it adds to has come to; ``None`` where that is unknown.

    Raises:
        BudgetError: it may go beyond a limit, or nobody can say; nothing was spent.
    """
    if not limits.variables or estimate_micro_usd == 0:
        return
    if estimate_micro_usd is None:
        raise BudgetError(_UNKNOWN.format(names=" and ".join(limits.variables)), hint=_UNKNOWN_HINT)
    if limits.generation_micro_usd is not None:
        if before_micro_usd is None:
            raise BudgetError(_UNKNOWN.format(names=GENERATION_LIMIT), hint=_UNKNOWN_HINT)
        _check_generation(estimate_micro_usd, before_micro_usd, limits.generation_micro_usd)
    if limits.monthly_micro_usd is not None:
        _check_month(estimate_micro_usd, limits.monthly_micro_usd, read_month())


def format_limit(micro_usd: int) -> str:
    """Render micro-dollars to the last digit that isn't nothing, so that sums add up: ``$0.50``."""
    whole, rest = divmod(micro_usd, _MICRO)
    decimals = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"${whole:,}.{decimals}"


def _check_generation(estimate: int, before: int, limit: int) -> None:
    over = before + estimate - limit
    if over <= 0:
        return
    begun = f" With {format_limit(before)} that it has cost so far, that is" if before else ","
    hint = f"{format_limit(over)} over the limit of {format_limit(limit)} for one generation"
    message = (
        f"This may cost up to {format_limit(estimate)}{'.' if before else ''}{begun} {hint}. "
        f"Choose fewer or cheaper models or pictures, or raise {GENERATION_LIMIT}; nothing was "
        "started."
    )
    raise BudgetError(message, hint=hint, over_micro_usd=over)


def _check_month(estimate: int, limit: int, spent: MonthSpend) -> None:
    over = spent.committed_micro_usd + estimate - limit
    if over <= 0:
        return
    begun = f"{format_limit(spent.known_micro_usd)} spent"
    if spent.reserved_micro_usd:
        begun += f" and up to {format_limit(spent.reserved_micro_usd)} under way or not told"
    hint = f"{format_limit(over)} over the limit of {format_limit(limit)} a month"
    message = (
        f"This may cost up to {format_limit(estimate)}. With {begun} since {spent.month}, that is "
        f"{hint}. Choose fewer or cheaper models or pictures, wait for the next month, or raise "
        f"{MONTHLY_LIMIT}; nothing was started."
    )
    raise BudgetError(message, hint=hint, over_micro_usd=over)


_UNKNOWN = (
    "What this will cost can't be told beforehand, and there is a limit ({names}). Choose models "
    "whose price is known, or take the limit away; nothing was started."
)
_UNKNOWN_HINT = "With a limit set, the price has to be known"


def _read_usd(environ: Mapping[str, str], name: str, *, example: str) -> int | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    found = _USD.fullmatch(text)
    if not found:
        raise SetupError(_wrong(name, text, "no number of dollars", f"Give one like {example}"))
    decimals = (found[2] or "").rstrip("0")
    if len(decimals) > _DECIMALS:
        why = f"finer than a millionth of a dollar, {_DECIMALS} decimals"
        raise SetupError(_wrong(name, text, why, f"Give one like {example}"))
    micro_usd = int(found[1]) * _MICRO + int(decimals.ljust(_DECIMALS, "0"))
    if micro_usd == 0:
        advice = "Give more than 0; to spend nothing, choose offline models"
        raise SetupError(_wrong(name, text, "no limit that anything fits in", advice))
    if micro_usd > MOST_USD * _MICRO:
        raise SetupError(_wrong(name, text, f"more than ${MOST_USD:,}", "Give a smaller limit"))
    return micro_usd


def _wrong(name: str, text: str, why: str, advice: str) -> str:
    shown = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
    return f"{name} is {shown!r}, which is {why}. {advice}, or unset it for no limit."
