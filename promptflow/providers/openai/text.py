"""Text by OpenAI's models, or by a server that speaks OpenAI's API."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from promptflow.ports import TextPart, TextRequest
from promptflow.providers.openai.chat import ask_chat, read_chat
from promptflow.providers.openai.client import Timeouts, with_patience
from promptflow.providers.openai.dialect import Dialect, simplify
from promptflow.providers.openai.errors import Call, address_call, translated
from promptflow.providers.openai.reading import finish_in_background
from promptflow.providers.openai.responses import ask_responses, read_responses
from promptflow.providers.openai.troubles import read_exception

if TYPE_CHECKING:
    from openai import OpenAI, Stream

    from promptflow.providers.openai.client import ClientSource


class OpenAIText:
    """A text model behind the Responses API, or Chat Completions where there is nothing else.

    Safe for threads. What a server turned out not to understand is remembered and not tried again.

    Args:
        model: the model's id.
        client: returns the SDK's client; called for every request.
        reasoning: whether the model reasons: it is then asked to do so briefly, and for a summary.
        chat: use Chat Completions from the start.
        title: what people call the model, for messages; its id if left out.
        timeouts: how long to wait; the defaults of `Timeouts` if left out.
    """

    def __init__(
        self,
        *,
        model: str,
        client: "ClientSource",
        reasoning: bool,
        chat: bool = False,
        title: str = "",
        timeouts: Timeouts | None = None,
    ) -> None:
        self.model = model
        self._client = client
        self._title = title
        self._timeouts = timeouts or Timeouts()
        self._dialect = Dialect(chat=chat, reasoning=reasoning, summary=reasoning)

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Ask once and yield the answer as it comes.

        Args:
            request: the question; its sections go out between tags, its references as data.

        Yields:
            TextPart with text or with reasoning, any number, then one with the usage, where the server
            tells it. An answer that is billed and of no use comes with its usage before the error.

        Raises:
            SetupError: the key or the address can't be used; nothing was sent.
            RefusedError: the model or a safety system said no.
            BusyError: not now: a rate limit, trouble on the other side, the network, a time-out.
            RejectedError: the request, the key, the account or the model is wrong.
            ReplyError: the answer broke off, can't be read, or is longer than is read.

        Cost:
            Billed from the moment the provider accepts the request; a request that it answers with an
            error status is not.
        """
        client = with_patience(self._client(), self._timeouts, self._timeouts.text_s)
        call = address_call(
            client, model=self.model, title=self._title, patience_s=self._timeouts.text_s
        )
        with translated(call):
            dialect, stream = self._open(client, request, call)
        call = call.answered(stream.response.headers)
        read_parts = read_chat if dialect.chat else read_responses
        complete = False
        try:
            with translated(call):
                complete = yield from read_parts(stream, call)
        finally:
            if complete:
                finish_in_background(stream)
            else:
                stream.close()

    def _open(
        self, client: "OpenAI", request: TextRequest, call: Call
    ) -> "tuple[Dialect, Stream[Any]]":
        """Send a question, again and more simply where the server does not understand it."""
        import openai

        dialect = self._dialect
        while True:
            ask = ask_chat if dialect.chat else ask_responses
            try:
                stream = ask(client, request, dialect, call)
            except openai.APIStatusError as error:
                simpler = simplify(
                    dialect,
                    read_exception(error),
                    has_schema=request.schema is not None,
                    is_openai=call.is_openai,
                )
                if simpler is None:
                    raise
                dialect = simpler
            else:
                self._dialect = dialect
                return dialect, stream
