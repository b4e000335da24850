"""Every failure has its row, and every row its words."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import openai._exceptions
import pytest

from promptflow.errors import BusyError, RefusedError, RejectedError, ReplyError
from promptflow.providers.openai.table import TABLE, Row, find_row
from promptflow.providers.openai.troubles import Trouble

CATCH_ALL = TABLE[-1]


def _errors_in(module: Any) -> Iterator[type[BaseException]]:
    """Yield the exceptions that a module makes public."""
    names = getattr(module, "__all__", None) or dir(module)
    for name in [*names, *dir(openai._exceptions)] if module is openai else names:
        found = getattr(module, name, None)
        if inspect.isclass(found) and issubclass(found, BaseException):
            yield found


SDK_ERRORS = sorted(
    {*_errors_in(openai), *_errors_in(openai._exceptions)}, key=lambda error: error.__name__
)
NETWORK_ERRORS = [
    error
    for error in _errors_in(httpx2)
    if issubclass(error, httpx2.RequestError) and not issubclass(error, httpx2.SSEError)
]


def _row_of(error: type[BaseException]) -> Row | None:
    return find_row(Trouble(names=frozenset(kind.__name__ for kind in error.__mro__)))


def test_the_walk_finds_the_errors_of_the_sdk() -> None:
    """The lists below are not empty by mistake."""
    assert {openai.RateLimitError, openai.APITimeoutError, openai.OAuthError} <= set(SDK_ERRORS)
    assert {httpx2.ReadTimeout, httpx2.ConnectError} <= set(NETWORK_ERRORS)


@pytest.mark.parametrize("error", SDK_ERRORS)
def test_every_public_error_of_the_sdk_is_mapped(error: type[BaseException]) -> None:
    """Each class has a row that means it, not just the one for whatever else the SDK may raise."""
    row = _row_of(error)

    assert row is not None
    assert row is not CATCH_ALL or error is openai.OpenAIError


@pytest.mark.parametrize("error", NETWORK_ERRORS)
def test_every_error_of_the_network_is_mapped(error: type[BaseException]) -> None:
    """What the SDK lets through while it reads an error's body has a row."""
    assert _row_of(error) is not None


@pytest.mark.parametrize("error", [KeyError, ValueError, TypeError, MemoryError, OSError])
def test_what_is_no_failure_of_a_call_is_not_mapped(error: type[BaseException]) -> None:
    """A mistake of ours is left to crash."""
    assert _row_of(error) is None


@pytest.mark.parametrize("name", sorted({name for row in TABLE for name in row.names}))
def test_every_class_of_the_table_exists(name: str) -> None:
    """No row waits for a class that nobody raises."""
    import builtins
    import ssl

    import anyio

    from promptflow.providers import bounds

    places: list[Any] = [openai, openai._exceptions, httpx2, json, builtins, ssl, anyio, bounds]

    assert any(inspect.isclass(getattr(place, name, None)) for place in places)


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_every_row_says_what_to_do(row: Row) -> None:
    """A row's words name the model and end in what to do; its page is in them."""
    assert row.sentence.startswith("{who}")
    assert "{title}" in row.sentence or "OPENAI_API_KEY" in row.sentence or "region" in row.sentence
    assert ("{page}" in row.sentence) == bool(row.page)
    assert row.page.startswith("https://") or not row.page
    assert row.sentence.count(". ") == 1


@pytest.mark.parametrize(
    ("status", "code", "said", "kind"),
    [
        (400, "moderation_blocked", "", RefusedError),
        (400, "content_policy_violation", "", RefusedError),
        (400, "invalid_prompt", "", RefusedError),
        (400, "bio_policy", "", RefusedError),
        (429, "insufficient_quota", "", RejectedError),
        (429, "credit_balance_exhausted", "", RejectedError),
        (429, "project_spend_limit_exceeded", "", RejectedError),
        (400, "billing_hard_limit_reached", "", RejectedError),
        (400, "", "Incorrect API key provided", RejectedError),
        (402, "", "", RejectedError),
        (429, "rate_limit_exceeded", "", BusyError),
        (429, "", "", BusyError),
        (401, "invalid_api_key", "", RejectedError),
        (403, "", "", RejectedError),
        (404, "model_not_found", "", RejectedError),
        (400, "", "", RejectedError),
        (413, "", "", RejectedError),
        (422, "", "", RejectedError),
        (418, "", "", RejectedError),
        (408, "", "", BusyError),
        (409, "", "", BusyError),
        (500, "", "", BusyError),
        (502, "", "", BusyError),
        (529, "", "", BusyError),
        (None, "server_error", "", BusyError),
        (None, "rate_limit_exceeded", "", BusyError),
        (None, "image_content_policy_violation", "", RefusedError),
    ],
)
def test_status_and_code_decide(
    status: int | None, code: str, said: str, kind: type[Exception]
) -> None:
    """The more telling of status and code decides what a failure becomes."""
    row = find_row(Trouble(status=status, code=code, said=said))

    assert row is not None
    assert row.becomes is kind


@pytest.mark.parametrize(
    ("status", "said", "page"),
    [
        (401, "You must be a member of an organization to use the API.", "people"),
        (401, "Incorrect API key provided.", "api-keys"),
        (400, "Incorrect%20API%20key%20provided", "api-keys"),
        (403, "Invalid api_key", "api-keys"),
        (400, "Invalid key 'x' in metadata", ""),
        (403, "Country, region, or territory not supported", "supported-countries"),
        (403, "Your organization must be verified to use the model `x`.", "general"),
        (400, "Your organization must be verified to stream this model.", "general"),
        (403, "You have insufficient permissions for this operation.", "api-keys"),
        (404, "The model `x` does not exist.", "models"),
        (404, "Not Found", ""),
        (429, "Rate limit reached", "limits"),
        (500, "The server had an error", "status.openai.com"),
    ],
)
def test_each_kind_has_its_own_page(status: int, said: str, page: str) -> None:
    """Failures with the same status that need different doing go to different pages."""
    row = find_row(Trouble(status=status, said=said))

    assert row is not None
    assert row.page.endswith(page)
    assert bool(row.page) == bool(page)


def test_no_two_kinds_say_the_same() -> None:
    """Each row has a sentence of its own."""
    sentences = [row.sentence for row in TABLE]

    assert len(set(sentences)) == len(sentences)


def test_an_answer_that_can_not_be_read_is_no_rejection() -> None:
    """Broken JSON is the answer's fault."""
    assert _row_of(json.JSONDecodeError) is _row_of(UnicodeDecodeError)
    row = _row_of(json.JSONDecodeError)
    assert row is not None
    assert row.becomes is ReplyError


NEVER_SENT = [
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.LocalProtocolError,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    openai.OpenAIError,
]


@pytest.mark.parametrize("error", [*SDK_ERRORS, *NETWORK_ERRORS])
def test_only_what_never_left_is_told_to_cost_nothing(error: type[BaseException]) -> None:
    """Where no connection was had, or the SDK sent nothing, nothing can have been billed."""
    row = _row_of(error)

    assert row is not None
    assert row.never_sent == (error in NEVER_SENT)
