"""The calls of all generations, counted and added up: what they took, what they cost, who refused. Floor 4."""

from promptflow.budget import MonthSpend
from promptflow.ledger import usage
from promptflow.ledger.access import Access
from promptflow.usage import Period, UsageReport

_REFUSALS = """
    SELECT image_model, count(*) FILTER (WHERE status = 'refused'), count(*)
    FROM runs GROUP BY image_model
    UNION ALL SELECT model, count(*) FILTER (WHERE status = 'refused'), count(*)
    FROM stages WHERE reused_from IS NULL GROUP BY model
"""


class Calls:
    """What models were asked, over all generations.

    Args:
        access: to the ledger's file.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def read_usage(self, period: Period) -> UsageReport:
        """Add up what the calls of some days took, as `promptflow.ledger.usage` has it.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return UsageReport(period=period)
        with self._access.reading() as connection:
            return usage.read_usage(connection, period)

    def read_month_spend(self, month: Period) -> MonthSpend:
        """Say what the calls begun in a month cost, and what they may yet come to.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return MonthSpend(month=month.first)
        with self._access.reading() as connection:
            return usage.read_month_spend(connection, month)

    def has_calls(self) -> bool:
        """Say whether a model was ever asked.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return False
        with self._access.reading() as connection:
            return usage.has_calls(connection)

    def count_refusals(self) -> dict[str, tuple[int, int]]:
        """Count how often models refused.

        Returns:
            Model id → (refusals, calls in all): of an image model its runs, of a text model its
            stages. Those that were never asked are left out.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return {}
        with self._access.reading() as connection:
            rows = connection.execute(_REFUSALS)
            return {model: (refused, calls) for model, refused, calls in rows}
