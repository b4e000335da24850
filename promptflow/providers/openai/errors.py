"""Failures of calls to OpenAI, as errors of ours: what failed, for what, and where to go."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from promptflow.catalog import ANSWER_TOKENS
from promptflow.errors import BusyError, ProviderError, RefusedError, ReplyError
from promptflow.providers.openai.reading import read_request_id
from promptflow.providers.openai.table import Row, find_row
from promptflow.providers.openai.troubles import Trouble, read_event, read_exception, redact

if TYPE_CHECKING:
    import openai

PROVIDER = "openai"
_MAX_BILLED_ATTEMPTS = 2
"""Calls in all for a picture that may be paid for each time."""
_HOSTS = re.compile(r"(.+\.)?api\.openai\.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Whom one call goes to, as its error messages need it."""

    model: str
    """The model's id."""
    title: str
    """What people call the model."""
    server: str = ""
    """Host and port of another server than OpenAI's own; "" for OpenAI's."""
    patience_s: float
    """Seconds without a sign of life after which the call is given up."""
    paints: bool = False
    """Whether it asks for a picture: those cost too much to be asked for again and again."""
    key: str = field(default="", repr=False)
    request_id: str | None = None
    """The server's own id of it, once its answer has begun and where it gives one."""

    @property
    def is_openai(self) -> bool:
        """Whether it goes to OpenAI itself."""
        return not self.server

    @property
    def who(self) -> str:
        """The one who answers, as the subject of a sentence."""
        return f"The server at {self.server}" if self.server else "OpenAI"

    def clean(self, text: str) -> str:
        """Return words of the server without the key and the like, at most 200 characters."""
        return redact(text, key=self.key)

    def check_id(self, request_id: str | None) -> str | None:
        """Return an id that the server gave; ``None`` for one that holds what must not be kept."""
        return request_id if request_id and self.clean(request_id) == request_id else None

    def answered(self, headers: Mapping[str, str]) -> "Call":
        """Return this call with the id that the head of its answer gives."""
        return replace(self, request_id=self.check_id(read_request_id(headers, "x-request-id")))


def address_call(
    client: "openai.OpenAI", *, model: str, title: str, patience_s: float, paints: bool = False
) -> Call:
    """Note whom a call goes to.

    Args:
        client: the SDK's.
        model: the model's id.
        title: what people call it; "" for its id.
        patience_s: the time-out between two signs of life.
        paints: whether it asks for a picture.
    """
    url = client.base_url
    server = "" if _HOSTS.fullmatch(url.host) else url.netloc.decode("ascii", "replace")
    return Call(
        model=model,
        title=title or repr(model),
        server=server,
        patience_s=patience_s,
        paints=paints,
        key=client.api_key,
    )


@contextmanager
def translated(call: Call) -> Iterator[None]:
    """Let what the SDK raises inside leave as one of our own errors.

    Args:
        call: whom it goes to.

    Raises:
        ProviderError: the kind of error says whether a retry can help.
    """
    try:
        yield
    except Exception as error:
        trouble = read_exception(error)
        ours = find_error(trouble, call)
        if ours is None:
            raise
        # Not chained: a traceback would show the server's own words, which may repeat the key.
        raise ours from None


def find_error(trouble: Trouble, call: Call) -> ProviderError | None:
    """Make our error of a failure; ``None`` for what does not come from the SDK or the network.

    Args:
        trouble: what is known of it.
        call: whom the call went to.
    """
    row = find_row(trouble)
    return None if row is None else _make_error(row, trouble, call)


def find_error_in_stream(body: object, call: Call) -> ProviderError:
    """Make our error of an error object that came in the middle of an answer.

    Args:
        body: the object, with ``code`` and ``message`` where it has them.
        call: whom it came from.
    """
    # What the SDK itself raises for such an object; the table has a row for it, whatever the code.
    trouble = read_event(body, names=frozenset({"APIError"}))
    return find_error(trouble, call) or bad_reply(call, "{who} sent an error for {title}.")


def refuse(call: Call, *, said: str) -> RefusedError:
    """Make the error of a model that refuses in its own words."""
    quote = _quote(said, call)
    message = f"{call.title} refused the request. Change the words that could be meant, and ask again.{quote}"
    return RefusedError(
        message,
        provider=PROVIDER,
        model=call.model,
        category="refusal",
        request_id=call.request_id,
    )


def bad_reply(call: Call, sentence: str) -> ReplyError:
    """Make the error of an answer that can't be used.

    Args:
        call: whom it came from.
        sentence: with fields in braces: who, title.
    """
    message = sentence.format(who=call.who, title=call.title)
    return ReplyError(message, provider=PROVIDER, model=call.model, request_id=call.request_id)


def cut_off(call: Call) -> ReplyError:
    """Make the error of a text that was longer than allowed."""
    return bad_reply(
        call,
        f"{{who}} cut {{title}}'s answer off at {ANSWER_TOKENS:,} tokens. Try again with a shorter"
        " request, or choose another text model.",
    )


def ended_early(call: Call) -> ReplyError:
    """Make the error of an answer whose end never came."""
    return bad_reply(
        call,
        "{who} ended {title}'s answer before it was complete. Try again; if it stays so, choose another"
        " model, or check OPENAI_BASE_URL if it is set.",
    )


def _make_error(row: Row, trouble: Trouble, call: Call) -> ProviderError:
    category = call.clean(", ".join(trouble.categories) or trouble.code or "unknown")
    # Without a status it was told in mid-answer: the painting had begun.
    begun = trouble.status is None and row.becomes is BusyError and not row.never_sent
    maybe_billed = call.paints and (row.may_be_billed or begun)
    message = row.sentence.format(
        who=call.who,
        title=call.title,
        page=_tell_page(row.page, call),
        category=category,
        http=f" (HTTP {trouble.status})" if trouble.status else "",
        patience_s=call.patience_s,
        billed=", and may have billed it all the same" if maybe_billed else "",
        limit=trouble.limit,
    )
    if row.quotes:
        message += _quote(trouble.said, call)
    known: dict[str, Any] = {
        "provider": PROVIDER,
        "model": call.model,
        "status": trouble.status,
        "request_id": call.check_id(trouble.request_id) or call.request_id,
    }
    if row.becomes is RefusedError:
        return RefusedError(message, category=category, **known)
    if row.becomes is BusyError:
        return BusyError(
            message,
            retry_after_s=trouble.retry_after_s,
            max_attempts=_MAX_BILLED_ATTEMPTS if maybe_billed else None,
            sent=not row.never_sent,
            **known,
        )
    return row.becomes(message, sent=not row.never_sent, **known)


def _tell_page(page: str, call: Call) -> str:
    """Return where to go, fit to end a clause: a compatible server may only pass on what OpenAI said."""
    return f" at {page}" if call.is_openai else f" there (for OpenAI: {page})"


def _quote(said: str, call: Call) -> str:
    words = call.clean(said)
    return f" It said: “{words}”" if words else ""
