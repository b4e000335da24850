"""What a picture's file tells of where it comes from. Floor 3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLineage:
    """Where one picture comes from."""

    generation_id: str
    run_id: str
    index: int
    """Which of the run's pictures, from 0."""
    request: str
    """The idea in the person's words."""
    prompt: str
    """The words sent to the image model."""
    image_model: str
    provider: str
    text_model: str
    parameters: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    """What was asked of the image model besides the prompt: name → value."""
    aspect_ratio: str = "1:1"
    seed: int | None = None
    created_at: datetime
    """When it was painted: aware, to the millisecond."""
    app_version: str
    """Of Prompt Flow, without its name."""
