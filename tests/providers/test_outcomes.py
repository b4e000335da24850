"""The tables of outcomes are whole, and what they say is fit for people."""

import re

import pytest

from promptflow.errors import RefusedError
from tests.providers.google.outcomes import OUTCOMES as GOOGLE
from tests.providers.openai.outcomes import OUTCOMES as OPENAI
from tests.providers.outcome import find_outcome
from tests.wire.fault_rows import Fault
from tests.wire.faults import FAULTS, select_faults

TABLES = {"openai": OPENAI, "google": GOOGLE}
EACH = pytest.mark.parametrize("provider", TABLES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_every_fault_has_an_outcome(fault: Fault) -> None:
    """There is no fault of which it is not told what becomes of it."""
    outcome = find_outcome(TABLES[fault.provider], fault)

    assert outcome is None or outcome.says


@EACH
def test_no_row_is_too_many(provider: str) -> None:
    """Whatever stands in a table is a fault that there is."""
    faults = select_faults(provider=provider)
    names = {name for fault in faults for name in (fault.name, f"{fault.kind} {fault.name}")}

    assert set(TABLES[provider]) - names == set()


@EACH
def test_refusals_have_categories_and_nothing_else_has(provider: str) -> None:
    """What a refusal is for is told in the provider's own word."""
    errors = {name: outcome for name, outcome in TABLES[provider].items() if outcome}

    refused = {name for name, outcome in errors.items() if outcome.becomes is RefusedError}

    assert {name for name, outcome in errors.items() if outcome.category} == refused
    assert refused


@EACH
def test_every_message_goes_on_to_what_to_do(provider: str) -> None:
    """After what failed, each message says what to do, and it names the model or the key."""
    said = {name: outcome.says for name, outcome in TABLES[provider].items() if outcome}

    assert {
        name for name, says in said.items() if not re.search(r"[.;] ([A-Z]|https)", says)
    } == set()
    assert {name for name, says in said.items() if not re.search(r"\{model\}|_KEY", says)} == set()


@EACH
def test_only_what_never_left_is_free(provider: str) -> None:
    """Of all faults, a connection that nobody takes alone is certain to cost nothing."""
    free = [name for name, outcome in TABLES[provider].items() if outcome and outcome.free]

    assert free == ["connection_refused"]
