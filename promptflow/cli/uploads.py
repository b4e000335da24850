"""What a command waits for before it ends: that what it made is where it is kept for good."""

from promptflow.cli.streams import tell
from promptflow.laboratory import Laboratory
from promptflow.transcript import printable
from promptflow.wording import count

_PATIENCE_S = 120.0
"""Seconds that a command waits; what isn't uploaded by then stays in the outbox."""


def settle(lab: Laboratory) -> None:
    """Wait for what a server would do in the background, and say what is left."""
    done = lab.archive.settle(timeout_s=_PATIENCE_S)
    waiting = lab.ledger.assets.read_waiting()
    if lab.archive.bucket is None or not waiting.pictures:
        return
    trouble = (done.trouble if done else None) or waiting.trouble
    why = trouble.message if trouble else f"It takes longer than {_PATIENCE_S:.0f} s."
    tell(
        f"\n{count(waiting.pictures, 'object')} kept in the outbox, to be uploaded later. "
        f"{printable(why)}\n"
    )
