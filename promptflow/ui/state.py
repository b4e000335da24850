"""The names under which the page keeps things; nothing else reads a literal key."""

# Widgets of the form.
REQUEST = "request"
IMAGE_MODELS = "image_models"
TEXT_MODEL = "text_model"
ASPECT_RATIO = "aspect_ratio"
IMAGES_PER_MODEL = "images_per_model"
SEED = "seed"
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
"""What was last started here: request, generation id, moment."""

# In the address.
GENERATION = "generation"
