"""The names under which the page keeps things; nothing else reads a literal key."""

# Widgets of the form.
REQUEST = "request"
IMAGE_MODELS = "image_models"
TEXT_MODEL = "text_model"
ASPECT_RATIO = "aspect_ratio"
IMAGES_PER_MODEL = "images_per_model"
SEED = "seed"
REFERENCE_IMAGES = "reference_images"
MORE_SETTINGS = "more_settings"
GENERATE = "generate"
CANCEL = "cancel"

# Widgets around the form.
SEARCH = "search"
OLDER = "older"
NEWER = "newer"
LAYOUT = "layout"
NEW_PROMPT = "new_prompt"

# Plain values.
HISTORY_PAGES = "history_pages"
"""For each page turned towards the older ones, the id its generations come before."""
FULL_RUN = "full_run"
"""Set by the script, taken by the live fragment: its first run draws, later ones follow."""
STARTED = "started"
"""What was last started here: request, references, generation id, moment."""
UPLOADS = "uploads"
"""File id → what became of a file that was sent, so that each is decoded once."""
ASIDE = "aside"
"""Set for the next run: the sidebar is to make room."""

# In the address.
GENERATION = "generation"


def parameter(model_id: str, name: str) -> str:
    """Return the key of what is asked of an image model, e.g. ``gpt-image-2.quality``."""
    return f"{model_id}.{name}"
