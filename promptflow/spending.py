"""What the models of one installation were asked, what that cost, and whether more may be spent.

A role of the laboratory, above the ledger.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

from promptflow.budget import Limits, MonthSpend, check_budget
from promptflow.catalog import Catalog
from promptflow.clock import Clock
from promptflow.ledger.calls import Calls
from promptflow.usage import Period, UsageReport, month_of, name_providers
from promptflow.view import FlowView


class Spending:
    """Keeps the accounts of one installation, and its limits.

    Args:
        calls: what is recorded.
        limits: the most that may be spent.
        catalog: knows whose a text model is.
        clock: says which month it is.
    """

    def __init__(self, *, calls: Calls, limits: Limits, catalog: Catalog, clock: Clock) -> None:
        self._calls = calls
        self._limits = limits
        self._catalog = catalog
        self._clock = clock
        self._turn = Lock()

    def check_budget(self, estimate_micro_usd: int | None, view: FlowView | None = None) -> None:
        """See that what may be spent stays within the limits.

        Args:
            estimate_micro_usd: the most that it can cost; 0 where all is free, ``None`` where that is
                unknown.
            view: the generation that it adds to, if any.

        Raises:
            BudgetError: it may go beyond a limit, or nobody can say; nothing was spent.
            LedgerError: the ledger can't be read.
        """
        spent = view.cost_micro_usd if view else 0
        check_budget(
            estimate_micro_usd,
            limits=self._limits,
            read_month=self.read_month_spend,
            before_micro_usd=spent
            if spent is not None or view is None
            # The worst that what is unknown can have cost.
            else view.request.estimate_micro_usd,
        )

    @contextmanager
    def committing(
        self, estimate_micro_usd: int | None, view: FlowView | None = None
    ) -> Iterator[None]:
        """Check the budget, and let nobody else check it until the block has recorded what may be spent.

        Two could pass side by side otherwise.

        Args:
            estimate_micro_usd: as of `check_budget`.
            view: as of `check_budget`.

        Yields:
            Nothing; it may be spent.

        Raises:
            BudgetError: it may go beyond a limit, or nobody can say; nothing was spent.
            LedgerError: the ledger can't be read.
        """
        with self._turn:
            self.check_budget(estimate_micro_usd, view)
            yield

    def read_usage(self, period: Period) -> UsageReport:
        """Add up what the calls of some days took.

        Args:
            period: at most `promptflow.usage.MOST_DAYS` days.

        Raises:
            LedgerError: the ledger can't be read.
        """
        report = self._calls.read_usage(period)
        providers = {card.id: card.provider for card in self._catalog.text_models}
        return replace(report, lines=name_providers(report.lines, providers))

    def read_month_spend(self) -> MonthSpend:
        """Say what this month, in UTC, has cost, and what it may yet cost through what was begun.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._calls.read_month_spend(month_of(self._clock.now()))

    def has_calls(self) -> bool:
        """Say whether a model was ever asked.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._calls.has_calls()

    def count_refusals(self) -> Mapping[str, tuple[int, int]]:
        """Count how often models refused: id → (refusals, runs or stages in all).

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._calls.count_refusals()
