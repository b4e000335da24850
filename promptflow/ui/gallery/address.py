"""What the Gallery shows, out of an address and into one. Pure: draws nothing, asks nobody."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from promptflow.records import GalleryFilter, RunStatus
from promptflow.wording import mend_text

Address = Mapping[str, Sequence[str]]
"""The query of an address: name → its values, in their order."""

MOST_CHARS = 200
"""Of the words looked for; what is beyond is cut off."""
STATUSES = tuple(status for status in RunStatus if status is not RunStatus.FAILED)
"""How the run of a painted picture can stand: one that fails after its first picture is partial."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
MOST_USD = 1_000_000
"""The largest cost that can be filtered by."""

_TEXT, _MODEL, _STATUS, _STARRED, _PAGE = "text", "model", "status", "starred", "page"
_TAG = "tag"
_FROM, _TO, _COST_FROM, _COST_TO = "from", "to", "cost_from", "cost_to"
_MICRO = 1_000_000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_USD = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,6}))?")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryView:
    """Which pictures the Gallery shows, and which page of them."""

    wanted: GalleryFilter = GalleryFilter()
    page: int = 1
    """From 1; it may lie behind the last."""


def parse_address(
    address: Address, *, models: Collection[str], tags: Collection[str] = ()
) -> GalleryView:
    """Read what to show off an address; what is unknown or makes no sense is left out.

    Args:
        address: anything; where a name that has one value comes several times, the last counts.
        models: ids of the models there are pictures of; others are unknown.
        tags: those in use; others are unknown.

    Returns:
        What `render_address` makes an address of that reads the same again. A last day before the
        first, or a highest cost below the lowest, is left out.
    """
    last = {name: values[-1] for name, values in address.items() if values}
    first_day, last_day = _parse_day(last.get(_FROM, "")), _parse_day(last.get(_TO, ""))
    least, most = _parse_usd(last.get(_COST_FROM, "")), _parse_usd(last.get(_COST_TO, ""))
    statuses = {status.value: status for status in STATUSES}
    wanted = GalleryFilter(
        text=clean_text(last.get(_TEXT, "")),
        image_models=tuple(m for m in dict.fromkeys(address.get(_MODEL, ())) if m in models),
        run_statuses=tuple(
            statuses[name] for name in dict.fromkeys(address.get(_STATUS, ())) if name in statuses
        ),
        created_from=first_day,
        created_to=None if first_day and last_day and last_day < first_day else last_day,
        cost_from_micro_usd=least,
        cost_to_micro_usd=None if least is not None and most is not None and most < least else most,
        starred=last.get(_STARRED) == "1",
        tags=tuple(tag for tag in dict.fromkeys(address.get(_TAG, ())) if tag in tags),
    )
    page = last.get(_PAGE, "")
    return GalleryView(wanted=wanted, page=int(page) if _NUMBER.fullmatch(page) else 1)


def render_address(view: GalleryView) -> dict[str, list[str]]:
    """Write what is shown as the query of an address; what lets everything through is left out.

    Args:
        view: its text is as `clean_text` leaves it.
    """
    wanted = view.wanted
    address = {
        _TEXT: [wanted.text] if wanted.text else [],
        _MODEL: list(wanted.image_models),
        _STATUS: [status.value for status in wanted.run_statuses],
        _FROM: [wanted.created_from.isoformat()] if wanted.created_from else [],
        _TO: [wanted.created_to.isoformat()] if wanted.created_to else [],
        _COST_FROM: _render_usd(wanted.cost_from_micro_usd),
        _COST_TO: _render_usd(wanted.cost_to_micro_usd),
        _STARRED: ["1"] if wanted.starred else [],
        _TAG: list(wanted.tags),
        _PAGE: [str(view.page)] if view.page > 1 else [],
    }
    return {name: values for name, values in address.items() if values}


def clean_text(text: str) -> str:
    """Return the words looked for as they are kept: single spaces, no control characters, not too long.

    Args:
        text: anything.
    """
    printable = (mark if mark.isprintable() else " " for mark in mend_text(text))
    return " ".join("".join(printable).split())[:MOST_CHARS].strip()


def _parse_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day and FIRST_DAY <= day <= LAST_DAY else None


def _parse_usd(text: str) -> int | None:
    found = _USD.fullmatch(text)
    if not found:
        return None
    micro_usd = int(found[1]) * _MICRO + int((found[2] or "").ljust(6, "0"))
    return micro_usd if micro_usd <= MOST_USD * _MICRO else None


def _render_usd(micro_usd: int | None) -> list[str]:
    if micro_usd is None:
        return []
    whole, rest = divmod(micro_usd, _MICRO)
    return [f"{whole}.{rest:06}".rstrip("0").rstrip(".")]
