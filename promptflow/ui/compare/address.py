"""Which pictures are compared, out of an address and into one. Pure: draws nothing, asks nobody."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptflow.wording import count

LEAST, MOST = 2, 6
"""How many pictures can be held against one another."""
PICTURES = "pictures"
"""The name in the address; its value is asset ids, commas between."""
_ID_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an address asks to compare."""

    asset_ids: tuple[str, ...]
    """At most `MOST`, no two alike, in their order; whether there are such pictures is not known."""
    notes: tuple[str, ...]
    """Sentences about what was left out."""


def parse_pictures(values: Sequence[str]) -> Chosen:
    """Read the pictures to compare off an address.

    Args:
        values: anything; where the name comes several times, all of its values count.
    """
    named = [name.strip() for value in values for name in value.split(",")]
    named = [name for name in named if name]
    fit = [name for name in named if _is_fit(name)]
    different = tuple(dict.fromkeys(fit))
    notes = []
    if len(fit) < len(named):
        odd = len(named) - len(fit)
        notes.append(
            f"{count(odd, 'part')} of the address can't be the id of a picture and "
            f"{'was' if odd == 1 else 'were'} left out."
        )
    if len(different) < len(fit):
        notes.append("A picture that was named more than once is shown once.")
    if len(different) > MOST:
        notes.append(
            f"At most {MOST} pictures are compared: of {len(different)}, the first {MOST} are."
        )
    return Chosen(asset_ids=different[:MOST], notes=tuple(notes))


def render_pictures(asset_ids: Sequence[str]) -> dict[str, str]:
    """Write what is compared as the query of an address.

    Args:
        asset_ids: of the pictures, in their order.
    """
    return {PICTURES: ",".join(asset_ids)}


def _is_fit(name: str) -> bool:
    return len(name) <= _ID_CHARS and name.isascii() and name.replace("-", "").isalnum()
