"""What a failure tells is read without trusting it, and shown without anything secret."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.providers.openai.troubles import (
    QUOTE_CHARS,
    read_event,
    read_exception,
    read_wait,
    redact,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = "sk-marked-0123456789abcdefghij"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 23 Nov 2026 11:59:00 GMT"}, 0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 -0000"}, 30),
    ],
)
def test_a_wait_is_read_in_every_form(headers: dict[str, str], wait_s: float | None) -> None:
    """Milliseconds go before seconds and a date; what is no time is none."""
    assert read_wait(headers, now=NOW) == wait_s


def test_a_date_is_read_by_the_clock_of_the_server() -> None:
    """A wait until a time is as long as the server means it, however wrong our clock is."""
    headers = {
        "date": "Mon, 23 Nov 2026 12:00:00 GMT",
        "retry-after": "Mon, 23 Nov 2026 12:00:30 GMT",
    }

    assert read_wait(headers, now=NOW + timedelta(hours=5)) == 30


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Wrong key sk-abc_DEF-123 given", "Wrong key [key] given"),
        ("Wrong key sk-proj-ab***xyz given", "Wrong key [key] given"),
        ("Wrong key abcd****wxyz given", "Wrong key [key] given"),
        ("Wrong key AIzaSyA-1234_x given", "Wrong key [key] given"),
        ("Sent Bearer abc.def-1 to it", "Sent [key] to it"),
        ("Sent api_key=abc to it", "Sent [key] to it"),
        ("See https://a.b/c?token=d&e=f now", "See https://a.b/c now"),
        ("See https://me:secret@a.b/c now", "See https://a.b/c now"),
        ("Two\nlines\tand\x00more", "Two lines andmore"),
        ("A task-force asked for a disk", "A task-force asked for a disk"),
        ("Missing bearer authentication", "Missing bearer authentication"),
    ],
)
def test_what_is_quoted_holds_no_secret(said: str, shown: str) -> None:
    """Keys of every make, masked ones, logins and query strings are taken out."""
    assert redact(said) == shown


@pytest.mark.parametrize("key", ["plain-but-secret", KEY])
def test_the_key_in_use_is_taken_out_whatever_it_looks_like(key: str) -> None:
    """A key that looks like no key is known by being the one in use."""
    assert redact(f"You sent {key!r}.", key=key) == "You sent '[key]'."


def test_a_key_can_not_hide_behind_invisible_signs() -> None:
    """What can't be seen is taken out before the key is looked for."""
    hidden = f"{KEY[:5]}\u200b{KEY[5:]}"

    assert redact(f"You sent {hidden}", key=KEY) == "You sent [key]"


def test_a_short_stand_in_is_no_secret() -> None:
    """The word that is sent where no key is needed may be said."""
    assert redact("There are none.", key="none") == "There are none."


@given(st.text(), st.text())
def test_a_quotation_is_short_and_without_the_key(before: str, after: str) -> None:
    """Whatever stands around it, the key is not shown, nor more than 200 characters."""
    shown = redact(f"{before} {KEY} {after}", key=KEY)

    assert KEY not in shown
    assert len(shown) <= QUOTE_CHARS
    assert shown.isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
FIELDS = st.sampled_from(["code", "type", "param", "message", "detail", "moderation_details"])


@given(json_values | st.dictionaries(FIELDS, json_values))
def test_any_object_can_be_read(body: object) -> None:
    """Nothing that JSON can say breaks the reading of an error."""
    trouble = read_event(body)

    assert isinstance(trouble.code, str)
    assert isinstance(redact(trouble.said), str)


def test_a_status_within_a_stream_counts() -> None:
    """Some servers have no other place for it than the code."""
    assert read_event({"code": 503, "message": "Overloaded"}).status == 503
    assert read_event({"code": "503"}, status=200).status == 200
    assert read_event({"code": "5030"}).status is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "Why."}, "Why."),
        ({"detail": "Why."}, "Why."),
        ({"detail": [{"msg": "Why."}]}, ""),
        ("Why.", "Why."),
        ("<html>Why.</html>", ""),
        (None, ""),
    ],
)
def test_the_message_is_found_where_servers_put_it(body: object, said: str) -> None:
    """The servers' words are where the API has them or where others do; pages are no words."""
    assert read_event(body).said == said


def test_any_exception_can_be_read() -> None:
    """An exception that has nothing to do with the SDK tells its class and no more."""
    trouble = read_exception(KeyError("x"))

    assert "KeyError" in trouble.names
    assert (trouble.status, trouble.code, trouble.request_id) == (None, "", None)
