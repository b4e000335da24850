"""The fault matrix: what can go wrong with a call to OpenAI or Google, and what the SDK makes of it.

Each row names the class the SDK raises, for a call that asks for a stream and for one that does not;
None where the SDK raises nothing and hands over an answer that is wrong or missing. These are
observations of openai 3.54.0 and google-genai 3.4.0, kept true by `tests/wire/test_faults.py`.

The call meant by a row: the Responses API or ``images.generate`` for OpenAI, ``generate_content`` or
``generate_content_stream`` for Google.
"""

from tests.wire.fault_rows import Fault
from tests.wire.google_faults import GOOGLE_FAULTS
from tests.wire.openai_faults import OPENAI_FAULTS

FAULTS: tuple[Fault, ...] = (*OPENAI_FAULTS, *GOOGLE_FAULTS)
"""Every row. `Fault.id` names a row in a parametrized test."""


def select_faults(*, provider: str | None = None, kind: str | None = None) -> tuple[Fault, ...]:
    """Return the rows of one provider or one kind of model.

    Args:
        provider: ``openai`` or ``google``; None for both.
        kind: ``text`` or ``image``; None for both.

    Returns:
        The rows, in the order of the table.
    """
    return tuple(
        fault
        for fault in FAULTS
        if provider in {None, fault.provider} and kind in {None, fault.kind}
    )


def find_fault(provider: str, kind: str, name: str) -> Fault:
    """Return one row by its three names."""
    (found,) = [
        fault for fault in select_faults(provider=provider, kind=kind) if fault.name == name
    ]
    return found
