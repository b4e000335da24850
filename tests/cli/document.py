"""The document that ``--json`` prints, as programs may rely on it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the document: these keys, these types, nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Fault(Part):
    """Why something is missing."""

    code: str
    message: str
    category: str | None = None
    http_status: int | None = None
    request_id: str | None = None


class Usage(Part):
    """The tokens of a call; null where they were not told."""

    input_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    input_image_tokens: int | None
    output_tokens: int | None
    thinking_tokens: int | None
    output_image_tokens: int | None


class StageCall(Part):
    """One language-model call."""

    stage_id: str
    stage: Literal["action_plan", "thinking", "prompt_construction"]
    image_model: str | None
    model: str
    reused_from: str | None
    edited: bool
    status: Literal["running", "succeeded", "failed", "interrupted"]
    attempts: int
    reasoning: str
    output: str
    first_token_ms: int | None
    total_ms: int | None
    usage: Usage
    cost_usd: float | None
    price_source: str | None
    price_date: str | None
    error: Fault | None


class Stored(Part):
    """One stored picture."""

    asset_id: str
    key: str
    sha256: str
    mime: str
    width_px: int
    height_px: int
    size_bytes: int


class Painted(Stored):
    """One picture that an image model painted."""

    title: str
    note: str
    tags: list[str]
    resolved: dict[str, str | int]
    seed: int | None


class Run(Part):
    """One image model's work."""

    run_id: str
    image_model: str
    provider: str
    version: int
    parent_run_id: str | None
    status: Literal[
        "running", "succeeded", "partial", "failed", "refused", "cancelled", "interrupted"
    ]
    attempts: int
    images_asked: int | None
    seed: int | None
    parameters: dict[str, str | int]
    prompt_id: str
    prompt: str
    prompt_origin: Literal["constructed", "fallback", "edited", "raw"]
    parent_prompt_id: str | None
    stage_id: str | None
    error: Fault | None
    images: list[Painted]
    total_ms: int | None
    usage: Usage
    cost_usd: float | None
    price_source: str | None
    price_date: str | None


class Document(Part):
    """What ``--json`` prints."""

    generation_id: str
    title: str
    note: str
    tags: list[str]
    parent_id: str | None
    forked_at: Literal["action_plan", "thinking", "prompt_construction"] | None
    status: Literal["running", "succeeded", "partial", "failed", "cancelled", "interrupted"]
    cost_usd: float | None
    estimate_usd: float | None
    references: list[Stored]
    stages: list[StageCall]
    runs: list[Run]
