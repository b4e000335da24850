"""What a flow costs: every call at the price of its day, the unknown never as nothing."""

from datetime import datetime

from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.settings import SHIPPED_DATA

FLASH, BANANA, FLARE = "gemini-3.8-flash", "gemini-nano-banana-2.1", "gpt-image-2.6-flare"
CATALOG = read_catalog(SHIPPED_DATA / "models.toml")


class _Calendar(Clock):
    """A clock on another day."""

    __slots__ = ("day",)

    def __init__(self, day: datetime) -> None:
        object.__setattr__(self, "day", day)

    def now(self) -> datetime:
        """Return noon of that day."""
        return self.day
