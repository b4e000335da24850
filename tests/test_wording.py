"""Numbers as people read them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.errors import BusyError
from promptflow.wording import (
    count,
    drop_retry_advice,
    format_age,
    format_duration,
    format_size,
    format_usd,
    name_picture,
    tell_who_sees,
)
from tests.providers.google.outcomes import OUTCOMES as GOOGLE
from tests.providers.openai.outcomes import OUTCOMES as OPENAI

BUSY = {
    f"{provider}: {name}": outcome.says
    for provider, table in (("openai", OPENAI), ("google", GOOGLE))
    for name, outcome in table.items()
    if outcome and outcome.becomes is BusyError
}
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration_ms", "words"),
    [
        (None, "–"),
        (0, "0.0 s"),
        (49, "0.0 s"),
        (412, "0.4 s"),
        (9_949, "9.9 s"),
        (9_999, "10 s"),
        (10_000, "10 s"),
        (12_400, "12 s"),
        (59_499, "59 s"),
        (59_600, "1 min 0 s"),
        (65_000, "1 min 5 s"),
        (3_600_000, "60 min 0 s"),
    ],
)
def test_durations(duration_ms: int | None, words: str) -> None:
    """Short times have a tenth of a second, long ones minutes, unknown ones a dash."""
    assert format_duration(duration_ms) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (34_400, "34 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_240_000, "1.2 MB"),
        (999_949_999, "999.9 MB"),
        (999_950_000, "1.0 GB"),
        (3_400_000_000, "3.4 GB"),
        (7_000_000_000_000, "7000.0 GB"),
    ],
)
def test_sizes(size_bytes: int, words: str) -> None:
    """Sizes are in decimal units, and never a thousand of one."""
    assert format_size(size_bytes) == words


@pytest.mark.parametrize(
    ("micro_usd", "words"),
    [
        (None, "price unknown"),
        (0, "$0.00"),
        (1, "under $0.0001"),
        (99, "under $0.0001"),
        (100, "$0.0001"),
        (3_400, "$0.0034"),
        (9_999, "$0.0100"),
        (10_000, "$0.01"),
        (33_600, "$0.03"),
        (1_270_000, "$1.27"),
        (250_000_000, "$250.00"),
    ],
)
def test_money(micro_usd: int | None, words: str) -> None:
    """Cents from a cent on, smaller parts below it; unknown and free are not the same."""
    assert format_usd(micro_usd) == words


@given(st.integers(1, 10**9))
def test_what_costs_something_never_reads_as_free(micro_usd: int) -> None:
    """Only nothing is shown as nothing."""
    assert any(digit in "123456789" for digit in format_usd(micro_usd))


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 d ago"),
        (timedelta(days=29, hours=23), "29 d ago"),
        (timedelta(days=30), "2026-10-24"),
    ],
)
def test_ages(age: timedelta, words: str) -> None:
    """Ages are told in the largest whole unit, and as a date after thirty days."""
    assert format_age(NOW - age, NOW) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 models"), (1, "1 model"), (2, "2 models"), (1_240, "1,240 models")]
)
def test_counts(number: int, words: str) -> None:
    """One is singular, everything else plural, thousands have a comma."""
    assert count(number, "model") == words


@pytest.mark.parametrize(
    ("seeing", "blind", "said"),
    [
        (["Terra", "Banana"], ["Flare"], "Terra and Banana see them; Flare does not."),
        (["Terra"], ["Flare", "Poster"], "Terra sees them; Flare and Poster do not."),
        (["Terra", "Luna", "Banana"], [], "Terra, Luna and Banana see them."),
        ([], ["Flare"], "None of the chosen models can use them."),
    ],
)
def test_who_sees_the_references(seeing: list[str], blind: list[str], said: str) -> None:
    """One sentence names those that do and those that don't."""
    assert tell_who_sees(seeing, blind) == said


@pytest.mark.parametrize("name", BUSY)
def test_no_failure_that_passes_asks_for_what_happens_by_itself(name: str) -> None:
    """Of each message that a retry may follow, what happened stays and the advice goes."""
    said = drop_retry_advice(BUSY[name])

    assert said
    assert BUSY[name].startswith(said.split("”. ")[0])
    assert not re.search(r"[.”] Try again", said)


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("X is busy. Try again in a moment.", "X is busy."),
        (
            "X 2.6 is busy. Try again, or see https://a.b/c. It said: “No.”",
            "X 2.6 is busy. It said: “No.”",
        ),
        (
            "X is busy: “Slow. Try again later”. Try again later; see https://a.b.",
            "X is busy: “Slow. Try again later”.",
        ),
        ("X is busy. See https://a.b.", "X is busy. See https://a.b."),
        ("Try again.", "Try again."),
        ("", ""),
    ],
)
def test_advice_to_try_again_is_taken_out(message: str, left: str) -> None:
    """One sentence goes, with what it adds; quoted words stay whole."""
    assert drop_retry_advice(message) == left


@pytest.mark.parametrize(
    ("request_words", "name"),
    [
        ("A Lighthouse, in a storm; at dusk, far", "a-lighthouse-in-a-storm-at-m-1-2.png"),
        ("../../etc/passwd", "etc-passwd-m-1-2.png"),
        ("灯台", "灯台-m-1-2.png"),
        ("!?", "picture-m-1-2.png"),
        ("x" * 500, f"{'x' * 60}-m-1-2.png"),
    ],
)
def test_name_of_a_picture_is_made_of_first_words(request_words: str, name: str) -> None:
    """A file's name has the first words of the request, the model and the number, and no path."""
    assert name_picture(request_words, "m/1", number=2, extension="png") == name
