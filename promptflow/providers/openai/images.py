"""Pictures by OpenAI's models, or by a server that speaks OpenAI's API."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from promptflow.catalog import STANDARD_SIZES
from promptflow.errors import BusyError, ProviderError, RefusedError
from promptflow.ports import ImageRequest, Picture
from promptflow.providers.openai.client import Timeouts, with_patience
from promptflow.providers.openai.errors import Call, address_call, translated
from promptflow.providers.openai.painting import (
    Pixels,
    open_stream,
    paint_whole,
    read_stream,
    refuses_streams,
    write_order,
)
from promptflow.providers.openai.troubles import read_exception
from promptflow.providers.several import speak_for_all

if TYPE_CHECKING:
    from openai import OpenAI, Stream

    from promptflow.providers.openai.client import ClientSource

_News = SimpleQueue[tuple[int, Picture | BaseException]]
"""What the calls report: (number of the call, a picture, or the error that it ended with)."""


class OpenAIImage:
    """An image model behind the Images API.

    Safe for threads. A server that turned out not to stream pictures is not asked to again.

    Args:
        model: the model's id.
        client: returns the SDK's client; called for every request.
        title: what people call the model, for messages; its id if left out.
        timeouts: how long to wait; the defaults of `Timeouts` if left out.
        pixels: aspect ratio → the size to ask for where none was chosen; the three sizes that every
            server knows if left out.
    """

    def __init__(
        self,
        *,
        model: str,
        client: "ClientSource",
        title: str = "",
        timeouts: Timeouts | None = None,
        pixels: Pixels = STANDARD_SIZES.get,
    ) -> None:
        self.model = model
        self._client = client
        self._title = title
        self._timeouts = timeouts or Timeouts()
        self._pixels = pixels
        self._streams = True

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Ask for each picture by a call of its own, all at once, and yield what comes.

        A picture that fails keeps none of the others back: the error comes last. Whole pictures are
        numbered as they come, so that none has to wait for another before it can be kept.

        Args:
            request: the prompt, the shape, and how many, 1 to 4. With references the pictures are edits
                of them. There are no seeds.

        Yields:
            Partial pictures, up to two of each, with the index that the picture would get as things stand,
            and the whole ones, indexes ascending from `request.first_index`. Each whole picture carries the
            bill of its own call: the bill of all is their sum.

        Raises:
            SetupError: the key or the address can't be used; nothing was sent.
            RefusedError: a safety system said no, to at least one of them.
            RejectedError: the request, the key, the account or the model is wrong.
            ReplyError: an answer broke off or holds no picture.
            BusyError: not now: a rate limit, trouble on the other side, the network, a time-out. One that
                may have been billed, because the request had gone out, is worth one more try only.

        Cost:
            Billed, picture by picture, from the moment the provider accepts a call; a call that it answers
            with an error status is not. Leaving early loses what is still being painted.
        """
        client = with_patience(self._client(), self._timeouts, self._timeouts.image_s)
        call = address_call(
            client,
            model=self.model,
            title=self._title,
            patience_s=self._timeouts.image_s,
            paints=True,
        )
        order = write_order(request, call, self._pixels)
        news, left = _News(), threading.Event()
        for number in range(request.count):
            threading.Thread(
                target=self._report,
                args=(client, order, call, number, news, left),
                name=f"{self.model} {number + 1}",
                daemon=True,
            ).start()
        try:
            yield from _collect(news, request)
        finally:
            left.set()

    def _report(
        self,
        client: "OpenAI",
        order: dict[str, Any],
        call: Call,
        number: int,
        news: _News,
        left: threading.Event,
    ) -> None:
        """Paint one picture and report what comes; the thread of one call."""
        try:
            for picture in self._paint_one(client, order, call):
                if left.is_set():
                    return
                news.put((number, picture))
        except BaseException as error:  # noqa: BLE001 - raised again in `_collect`
            news.put((number, error))

    def _paint_one(self, client: "OpenAI", order: dict[str, Any], call: Call) -> Iterator[Picture]:
        with translated(call):
            stream = self._open(client, order) if self._streams else None
        if stream is None:
            yield paint_whole(client, order, call)
        else:
            yield from read_stream(stream, call)

    def _open(self, client: "OpenAI", order: dict[str, Any]) -> "Stream[Any] | None":
        """Send an order; ``None`` where the server turns it down because it doesn't stream."""
        import openai

        try:
            return open_stream(client, order)
        except openai.APIStatusError as error:
            if not refuses_streams(read_exception(error)):
                raise
        self._streams = False
        return None


def _collect(news: _News, request: ImageRequest) -> Iterator[Picture]:
    """Yield what all calls report, with the index it is to have; raise the gravest error at the end."""
    # Call → the index its picture would get as things stand.
    places = {number: request.first_index + number for number in range(request.count)}
    following = request.first_index
    errors: list[BaseException] = []
    at_work = set(places)
    heard: set[int] = set()
    while at_work:
        match news.get():
            case number, Picture(partial=True) as picture:
                heard.add(number)
                yield replace(picture, index=places[number])
            case number, Picture() as picture:
                # The call has done its part: whatever happens to it after this concerns no one.
                at_work.discard(number)
                holder = next(call for call, place in places.items() if place == following)
                places[holder], places[number] = places[number], following
                following += 1
                yield replace(picture, index=places[number])
            case number, error:
                if number in at_work:
                    if isinstance(error, ProviderError):
                        error.heard = number in heard
                    errors.append(error)
                at_work.discard(number)
    if errors:
        raise _gravest(errors)


def _gravest(errors: Sequence[BaseException]) -> BaseException:
    """Choose the error that decides what happens next: one that no retry mends goes before others."""

    def gravity(error: BaseException) -> tuple[bool, bool, bool, bool]:
        return (
            not isinstance(error, ProviderError),
            isinstance(error, RefusedError),
            not isinstance(error, BusyError),
            isinstance(error, BusyError) and error.max_attempts is not None,
        )

    gravest = max(errors, key=gravity)
    if isinstance(gravest, ProviderError):
        speak_for_all(gravest, errors)
    return gravest
