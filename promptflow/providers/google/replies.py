"""What goes into a request and what comes out of an answer: parts, references, the bill."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptflow.ports import Reference
from promptflow.providers.google.words import check_id, quote
from promptflow.records import Usage

if TYPE_CHECKING:
    from google.genai import types


@dataclass(slots=True, kw_only=True)
class Reply:
    """What is known of an answer, collected from its chunks; its words are fit to be quoted."""

    key: str = field(repr=False)
    """The key the question was asked with, so that it is not quoted."""
    finish: str | None = None
    """Why the model stopped, in Google's word; ``None`` while it has not said so."""
    block: str | None = None
    """Why the question was blocked; ``None`` where it was not."""
    harms: tuple[str, ...] = ()
    """What the safety filter objects to, e.g. ``sexually explicit``."""
    has_text: bool = False
    """Whether there was any text beside thoughts."""
    response_id: str | None = None
    """Google's id of the call."""
    bill: "types.GenerateContentResponseUsageMetadata | None" = None
    whole: bool = False
    """Whether the answer came to an end; one that is not streamed comes with it."""
    billed: bool = False
    """Whether a bill came with that end, or after it."""
    begun: bool = False
    """Whether a piece came that did not call itself the last."""

    def read(self, chunk: "types.GenerateContentResponse") -> Iterator["types.Part"]:
        """Take note of what a chunk says about the answer, and yield its parts.

        Args:
            chunk: a piece of a stream, or a whole answer. Any of its fields may be missing.
        """
        self.bill = chunk.usage_metadata or self.bill
        self.response_id = check_id(chunk.response_id, key=self.key) or self.response_id
        feedback = chunk.prompt_feedback
        if feedback and feedback.block_reason:
            self.whole = True
            self.block = self.quote(feedback.block_reason.value) or "unknown"
            self.harms = _harms(feedback.safety_ratings)
        for candidate in (chunk.candidates or [])[:1]:
            self.begun = self.begun or not candidate.finish_reason
            if candidate.finish_reason:
                self.whole = True
                self.finish = self.quote(candidate.finish_reason.value)
                self.harms = _harms(candidate.safety_ratings)
            for part in (candidate.content and candidate.content.parts) or []:
                self.has_text = self.has_text or bool(part.text and not part.thought)
                yield part
        self.billed = self.billed or bool(self.whole and chunk.usage_metadata)

    def quote(self, words: str | None) -> str:
        """Return words of the answer, fit to stand in a message."""
        return quote(words, key=self.key)

    @property
    def complete(self) -> bool:
        """Whether nothing more is expected: it has ended and is billed, well with a text, or badly."""
        ended_badly = self.block is not None or self.finish not in {None, "STOP"}
        # A server that says so from the first chunk on says so with every chunk.
        return self.billed and (ended_badly or (self.has_text and self.begun))

    @property
    def usage(self) -> Usage | None:
        """The tokens billed; ``None`` where Google sent no bill."""
        return None if self.bill is None else to_usage(self.bill, whole=self.whole)


def to_content(text: str, references: Sequence[Reference]) -> "types.Content":
    """Put together what the user says: a text, then the pictures.

    Args:
        text: the words.
        references: pictures, in the order they were given.
    """
    from google.genai import types

    pictures = [
        types.Part.from_bytes(data=reference.data, mime_type=reference.mime)
        for reference in references
    ]
    return types.Content(role="user", parts=[types.Part.from_text(text=text), *pictures])


def to_usage(bill: "types.GenerateContentResponseUsageMetadata", *, whole: bool) -> Usage:
    """Read a bill.

    Args:
        bill: the last one that came; what is 0 is left out of it.
        whole: whether the answer came to an end. A bill from its middle does not know the output.

    Returns:
        The tokens; unlike Google's candidates, our output holds the thoughts too.
    """
    counts = (bill.candidates_token_count, bill.thoughts_token_count)
    told = any(count is not None for count in (*counts, bill.total_token_count))
    return Usage(
        input_tokens=bill.prompt_token_count,
        cached_tokens=bill.cached_content_token_count,
        input_image_tokens=_image_tokens(bill.prompt_tokens_details),
        output_tokens=sum(count or 0 for count in counts) if told and whole else None,
        thinking_tokens=bill.thoughts_token_count,
        output_image_tokens=_image_tokens(bill.candidates_tokens_details),
    )


def _image_tokens(details: "Sequence[types.ModalityTokenCount] | None") -> int | None:
    """Return the tokens of pictures; ``None`` where nothing is told by modality."""
    if details is None:
        return None
    return sum(each.token_count or 0 for each in details if each.modality == "IMAGE")


def _harms(ratings: "Sequence[types.SafetyRating] | None") -> tuple[str, ...]:
    """Return what the filter objects to, in words."""
    return tuple(
        rating.category.value.removeprefix("HARM_CATEGORY_").replace("_", " ").lower()
        for rating in ratings or ()
        if rating.category and (rating.blocked or rating.probability == "HIGH")
    )
