"""The values the product talks about: frozen, plain, without behaviour. Floor 2.

No SQL, no SDK, no Streamlit. Money is integer micro-dollars (1 USD = 1,000,000), ``None`` where no
price is known. Times are aware UTC datetimes. Durations are integer milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Stage(StrEnum):
    """One kind of language-model call, in the order they happen."""

    ACTION_PLAN = "action_plan"
    THINKING = "thinking"
    PROMPT_CONSTRUCTION = "prompt_construction"


class GenerationStatus(StrEnum):
    """How far one generation has come."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    """Every image model delivered all its pictures."""
    PARTIAL = "partial"
    """There are pictures, but not all that were asked for."""
    REFUSED = "refused"
    """There is no picture, because safety systems said no: a result."""
    FAILED = "failed"
    """There is no picture, for another reason."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The process ended while it ran."""


class StageStatus(StrEnum):
    """How far one language-model call has come."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """A safety system said no."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class RunStatus(StrEnum):
    """How far one image model has come with one prompt."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    """Some pictures came, then it failed."""
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class PromptOrigin(StrEnum):
    """Where the words sent to an image model come from."""

    CONSTRUCTED = "constructed"
    """Written by the text model for this image model."""
    FALLBACK = "fallback"
    """Built from the plan by rule, because construction failed."""
    EDITED = "edited"
    """Changed by a person."""
    RAW = "raw"
    """The request unchanged: the baseline that shows what the stages did for the picture."""


class AssetRole(StrEnum):
    """What a stored object is for."""

    OUTPUT = "output"
    """A picture that an image model painted."""
    REFERENCE = "reference"
    """A picture that went along with the request."""
    THUMBNAIL = "thumbnail"
    """Another picture made small, for where pictures are many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageParameters:
    """What an image model is asked for besides the prompt, or says that it did.

    ``None`` leaves it to the model. The catalogue says what each model takes.
    """

    quality: str | None = None
    """E.g. ``low``, ``medium``, ``high``, ``auto``."""
    size: str | None = None
    """Width × height in pixels, e.g. ``1536x1024``, or a class of sizes: ``1K``, ``2K``, ``4K``."""
    background: str | None = None
    """``transparent``, ``opaque`` or ``auto``."""
    output_format: str | None = None
    """``png``, ``jpeg`` or ``webp``."""
    output_compression: int | None = None
    """0 to 100, for JPEG and WebP."""
    moderation: str | None = None
    """``auto`` or ``low``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """What one person asked for, once: already checked against the catalogue."""

    request: str
    """The idea in the person's words, 1 to 4,000 characters."""
    text_model: str
    image_models: tuple[str, ...]
    """Ids of the image models, at least one, no two alike, in the order chosen."""
    aspect_ratio: str = "1:1"
    """Width to height, e.g. ``16:9``."""
    images_per_model: int = 1
    """1 to 4."""
    seed: int | None = None
    """0 to 2,147,483,647; ``None`` lets each model choose."""
    parameters: Mapping[str, ImageParameters] = field(default_factory=dict, hash=False)
    """Image model id → what is asked of it; a model that is left out is asked for nothing more."""
    estimate_micro_usd: int | None = None
    """The most it can cost, as shown before the click; ``None`` where a price is unknown."""
    baseline: bool = False
    """Whether each image model also paints the request unchanged."""
    instructions: Mapping[Stage, str] = field(default_factory=dict, hash=False)
    """Stage → what it is told instead of the shipped text; a stage that is left out is told that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlan:
    """What the picture shall be, as the planning stage understood the request."""

    summary: str
    intent: str
    subjects: tuple[str, ...]
    style: str
    composition: str
    mood: str
    technical_notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a language model is sent for one stage, word for word."""

    instructions: str
    """The system text: what the model is to do."""
    material: str
    """What it works on, between tags: the request, and what earlier stages said."""
    sha256: str
    """64 hexadecimal digits over model, both texts and the reference pictures it sees: two questions with
    the same are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """A whole answer of a language model that was given before."""

    generation_id: str
    stage_id: str
    stage: Stage
    image_model: str | None
    """The image model that a prompt is written for."""
    model: str
    output: str
    plan: ActionPlan | None
    reasoning: str
    question: Question | None
    cost_micro_usd: int | None
    total_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The tokens one call was billed for; ``None`` where the provider did not say."""

    input_tokens: int | None = None
    """All that was sent: text, pictures, and what was read from a cache."""
    cached_tokens: int | None = None
    """Of `input_tokens`, those read from the provider's cache."""
    cache_write_tokens: int | None = None
    """Of `input_tokens`, those written to the provider's cache, where it bills them by themselves."""
    input_image_tokens: int | None = None
    """Of `input_tokens`, those of pictures."""
    output_tokens: int | None = None
    """All that came back: text, thinking and pictures."""
    thinking_tokens: int | None = None
    """Of `output_tokens`, those the model thought with."""
    output_image_tokens: int | None = None
    """Of `output_tokens`, those of pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A failure as it is kept and shown."""

    code: str
    """Our word for the kind, e.g. ``refused``, ``busy``, ``bad_reply``."""
    message: str
    """One or two sentences: what failed, for what, what was expected, what to do."""
    http_status: int | None = None
    category: str | None = None
    """Of a refusal: the provider's own word for the reason."""
    request_id: str | None = None
    """The provider's own id of the call, where it gave one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One stored object. No URL: links are made when looked at."""

    asset_id: str
    role: AssetRole
    backend: str
    """Which store holds it, e.g. ``local``."""
    key: str
    """Its place in that store."""
    sha256: str
    """64 hexadecimal digits over the stored bytes."""
    mime: str
    width_px: int
    height_px: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSummary:
    """One line of the list of earlier generations."""

    generation_id: str
    title: str
    image_models: tuple[str, ...]
    status: GenerationStatus
    created_at: datetime
    is_fork: bool = False
    """Whether it grew from another generation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedPicture:
    """A picture that was deleted, and of which there is still a row."""

    generation_id: str
    with_generation: bool
    """Whether its generation was deleted, by which it is, too."""
    deleted_at: datetime
    is_purged: bool
    """Whether nothing brings it back any more."""


class UploadStatus(StrEnum):
    """How one try to upload a stored object ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryFilter:
    """Which painted pictures to show; what is empty or ``None`` lets all of them through."""

    text: str = ""
    """Words that must all be in the texts of the picture's generation."""
    image_models: tuple[str, ...] = ()
    run_statuses: tuple[RunStatus, ...] = ()
    """How the run that painted it ended. The generation's status would tell of its siblings."""
    created_from: date | None = None
    """The first day, UTC."""
    created_to: date | None = None
    """The last day, UTC."""
    cost_from_micro_usd: int | None = None
    """The least its run may have cost; a run whose cost is unknown is left out."""
    cost_to_micro_usd: int | None = None
    """The most its run may have cost; a run whose cost is unknown is left out."""
    starred: bool = False
    """Only pictures with a star."""
    tags: tuple[str, ...] = ()
    """Only pictures that have all of these, by themselves or with their generation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSummary:
    """One painted picture as a gallery shows it."""

    asset: Asset
    thumbnail: Asset | None
    """``None`` until it is made."""
    generation_id: str
    run_id: str
    title: str
    """Its own; that of its generation where it has none."""
    image_model: str
    provider: str
    run_status: RunStatus
    cost_micro_usd: int | None
    """Of its run, whose other pictures it stands for, too; ``None`` where it is unknown."""
    aspect_ratio: str
    created_at: datetime
    starred_at: datetime | None
    tags: tuple[str, ...] = ()
    """Its own and those of its generation, in the order of the alphabet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a person wrote on a generation or a picture to find it again."""

    title: str
    """One line, at most 80 characters; of a picture "" where it has none of its own."""
    note: str
    """At most 4,000 characters, "" for none."""
    tags: tuple[str, ...]
    """At most 20 of at most 40 characters, in lower case, in the order of the alphabet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """What a purge would take, or took."""

    generations: int
    pictures: int
    """Painted pictures and references."""
    thumbnails: int
    size_bytes: int
    """Of all of them."""
    places: Mapping[str, tuple[int, int]]
    """Store → (objects, bytes) that are recorded there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSpan:
    """One call to a model as it lay in time: the last one of each stage and run, and those before."""

    stage_id: str | None
    """The stage that made it; ``None`` for a run's."""
    run_id: str | None
    """The run that made it; ``None`` for a stage's."""
    number: int
    """From 1."""
    status: str
    """That of a stage or run: ``succeeded``, ``failed``, ``refused`` and so on."""
    fault: Fault | None
    started_at: datetime
    """After the wait that the attempt before ended with."""
    ended_at: datetime | None
    """``None`` while it runs, and where nobody saw its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One try to upload a stored object."""

    asset_id: str
    number: int
    """From 1."""
    status: UploadStatus
    fault: Fault | None
    size_bytes: int
    started_at: datetime
    total_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What a generation's events don't tell: where it comes from and what became of its pictures."""

    parent_id: str | None
    """The generation it was forked from."""
    forked_at: Stage | None
    """The first stage that was made anew."""
    children: tuple[GenerationSummary, ...]
    """The generations forked from it, oldest first."""
    reused_stages: Mapping[str, str]
    """Stage id → the stage it was taken over from."""
    prompt_parents: Mapping[str, str]
    """Prompt id → the prompt it grew from."""
    run_parents: Mapping[str, str]
    """Run id → the run it repeats."""
    attempts: tuple[AttemptSpan, ...]
    """Of stages and then of runs, each in their order and by number."""
    uploads: tuple[Upload, ...]
    """By asset and number."""
    thumbnails: Mapping[str, Asset]
    """Asset id → its thumbnail, where there is one."""
    stars: Mapping[str, datetime]
    """Asset id → when it was given its star."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What has yet to be uploaded."""

    pictures: int
    """How many, thumbnails among them."""
    trouble: Fault | None
    """Why the oldest of them did not go up the last time it was tried."""
