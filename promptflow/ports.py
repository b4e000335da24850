"""The seams: what the pipeline needs of the outside world, and nothing more. Floor 3."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from promptflow.events import Event
from promptflow.records import Asset, AssetRole, ImageParameters, Stage, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A picture that goes along with a request: checked, upright, without metadata."""

    data: bytes = field(repr=False)
    """An encoded PNG, JPEG or WebP, at most 2,048 px on its longer side."""
    mime: str
    """``image/png``, ``image/jpeg`` or ``image/webp``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRequest:
    """One question to a language model."""

    stage: Stage
    instructions: str
    """The system text: what the model is to do."""
    sections: Mapping[str, str]
    """What it works on, by name, in order: ``request``, ``action_plan`` (JSON), ``thinking``,
    ``image_model`` (the id), ``repair`` (what was wrong with the previous answer)."""
    schema: Mapping[str, object] | None = None
    """The JSON schema the answer must fit, where it has to be JSON."""
    references: tuple[Reference, ...] = ()
    """Pictures to look at, in the order they were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """A piece of the answer, of the model's own reasoning, or the bill."""

    text: str = ""
    reasoning: str = ""
    """What the model lets be seen of its reasoning; no part of the answer."""
    usage: Usage | None = None


class TextModel(Protocol):
    """A language model that answers piece by piece."""

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Ask once and yield the answer as it comes.

        Args:
            request: the question.

        Yields:
            TextPart with text, any number; usage on the last, where the provider tells.

        Raises:
            ProviderError: the call failed; the kind of error says whether a retry can help.

        Cost:
            Billed from the moment the provider accepts the request.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One prompt for one image model."""

    prompt: str
    aspect_ratio: str
    count: int
    """How many pictures, 1 to 4."""
    first_index: int = 0
    """The index of the first of them, more than 0 when earlier ones were delivered before a retry."""
    seed: int | None = None
    parameters: ImageParameters = ImageParameters()
    references: tuple[Reference, ...] = ()
    """Pictures to go by, in the order they were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Picture bytes as they came from a model, not yet checked."""

    index: int
    """Which of the run's pictures, from 0."""
    data: bytes = field(repr=False)
    partial: bool = False
    """A preview on the way to the picture."""
    seed: int | None = None
    """The seed used, where the model has one."""
    usage: Usage | None = None
    """The bill of this picture, where the provider tells; of a call that failed, on a preview without
    data before the error, which then says that its bill was told."""
    resolved: ImageParameters | None = None
    """What the provider says it did, where it tells."""
    request_id: str | None = None
    """The provider's own id of the call, where it gives one."""


class ImageModel(Protocol):
    """A model that paints."""

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Ask once and yield pictures as they come.

        Args:
            request: the prompt, the shape, and how many.

        Yields:
            Any number of partial pictures, and `request.count` whole ones, indexes ascending from
            `request.first_index`.

        Raises:
            ProviderError: the call failed; whole pictures yielded before stay valid. It says itself
                whether something had been `heard` of the call that failed, since several may run at once.

        Cost:
            Billed from the moment the provider accepts the request.
        """
        ...


class ImageStore(Protocol):
    """A place where pictures are kept."""

    def write(self, *, generation_id: str, role: AssetRole, model: str, data: bytes) -> Asset:
        """Check that the bytes are a picture, keep them for good, and describe them.

        Args:
            generation_id: whose picture it is.
            role: what it is for.
            model: the id of the model that made it.
            data: an encoded PNG, JPEG or WebP.

        Returns:
            The asset; its bytes are on stable storage.

        Raises:
            PictureError: the bytes are not a usable picture.
            StorageError: they could not be written.
        """
        ...


class Ledger(Protocol):
    """Where everything is written down."""

    def record(self, event: Event) -> None:
        """Write one event down; once it returns, the event survives the process.

        Args:
            event: any event; those that live in memory only are passed over.

        Raises:
            LedgerError: it could not be written.
        """
        ...
